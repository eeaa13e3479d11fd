/**
 * Writes a pruned copy of a checkpoint in its own format: the files are copied, and the weights that go are overwritten
 * with zeros where they lie. Nothing is held but a chunk, so that a file larger than memory works.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { TensorInfo } from '../../shared/inspection';
import { countsInTotals } from '../../shared/totals';
import type { ByteSource, Checkpoint, StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { openCheckpoint } from '../open';
import { openFile } from '../source';
import { CopyFolder } from './copyFolder';
import { decide } from './decide';
import { refuseLinksOut } from './linksOut';
import { placesOf } from './places';
import type { PruneRule } from './pruneRule';
import { closeFiles, recordingSource, type FilesOf } from './recordingSource';
import { zeroCuts } from './zeroCuts';

export type PrunePhase = 'counting' | 'ranking' | 'copying' | 'pruning' | 'checking';

export interface PruneRequest {
  readonly file: string;
  /** Where the copy goes; shards and external data go beside it under their own names. */
  readonly out: string;
  /** Replace other files there. The original is never written to. */
  readonly overwrite: boolean;
  readonly rule: PruneRule;
  /** Names of tensors or modules that stay as they are, `*` for any characters. */
  readonly exclude: readonly string[];
  /** Zeros of a tensor; the room above has the fast way. */
  readonly countZeros: (checkpoint: Checkpoint, index: number, signal: AbortSignal) => Promise<number>;
  readonly onPhase: (phase: PrunePhase) => void;
  readonly signal: AbortSignal;
}

export interface PrunedTensor {
  readonly info: TensorInfo;
  /** The rule was applied to it. */
  readonly chosen: boolean;
  /** Zeros; null where the values cannot be read. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface PruneResult {
  readonly format: string;
  /** Paths of the copy's files, the one asked for last. */
  readonly files: readonly string[];
  /** In the order of the file. */
  readonly tensors: readonly PrunedTensor[];
  readonly notes: readonly string[];
}

/**
 * @returns once the copy is on disk, was opened again and holds just the zeros that were planned
 * @throws PruneOptionError where the rule does not fit the file; CheckpointError where it cannot be read, changed or
 *   written; the signal's reason. Nothing is left behind then, but for parts that were in their place before a later one failed.
 */
export async function pruneCopy(request: PruneRequest): Promise<PruneResult> {
  const files: FilesOf = new Map();
  try {
    const source = recordingSource(await openFile(request.file), path.basename(request.file), files);
    const checkpoint = await openCheckpoint(source);
    try {
      return await pruneOpen(request, checkpoint, files);
    } finally {
      await checkpoint.close();
    }
  } finally {
    await closeFiles(files);
  }
}

async function pruneOpen(request: PruneRequest, checkpoint: Checkpoint, files: FilesOf): Promise<PruneResult> {
  const { file, out, rule, exclude, onPhase, signal } = request;
  const names = namesOfCopy(files, file, out);
  await refuseTargets(request, files, names);
  onPhase('counting');
  const before = await countAll(checkpoint, request);
  onPhase('ranking');
  const places = new Map<number, readonly StoredPlaces[]>();
  const check = (chosen: readonly number[]): void => {
    for (const index of chosen) places.set(index, changeable(checkpoint, index, files, file));
  };
  const { cuts, notes } = await decide(checkpoint, rule, exclude, check, signal);
  const copies = await CopyFolder.make(path.dirname(path.resolve(out)));
  try {
    onPhase('copying');
    for (const [relative, source] of files) await copies.copy(source, names.get(relative)!, signal);
    onPhase('pruning');
    const planned = [...before];
    await zeroCuts({ copies, files, names, checkpoint, cuts, places, signal }, planned);
    onPhase('checking');
    await verify(copies.pathOf(path.basename(out)), checkpoint, planned, request);
    const ordered = [...names.values()].reverse();
    await copies.publish(ordered);
    const folder = path.dirname(out);
    return {
      format: checkpoint.format,
      files: ordered.map(name => path.join(folder, name)),
      tensors: checkpoint.tensors.map((info, index) => {
        return { info, chosen: cuts.has(index), before: before[index]!, after: planned[index]! };
      }),
      notes,
    };
  } finally {
    await copies.remove();
  }
}

/** By the names of the originals, relative to the folder; the first is the file itself. */
function namesOfCopy(files: FilesOf, file: string, out: string): Map<string, string> {
  return new Map([...files.keys()].map(name => [name, name === path.basename(file) ? path.basename(out) : name]));
}

async function refuseTargets(
  { out, overwrite }: PruneRequest,
  files: FilesOf,
  names: Map<string, string>,
): Promise<void> {
  const originals = await Promise.all([...files.values()].map(fileOf));
  const folder = path.dirname(path.resolve(out));
  // before the work, which may take long; a folder that is not there is told of as it is made
  if (await stat(folder).catch(() => null)) await refuseLinksOut(folder, [...names.values()]);
  for (const name of names.values()) {
    const target = path.join(path.dirname(out), name);
    const there = await stat(target, { bigint: true }).catch(() => null);
    if (!there) continue;
    if (originals.some(original => original?.dev === there.dev && original.ino === there.ino)) {
      const folder = files.size > 1 ? ' in another folder, because its parts keep their names' : '';
      throw new CheckpointError(
        target,
        `the original, or a link to it, which is never written to: name another file${folder}`,
      );
    }
    if (!there.isFile()) throw new CheckpointError(target, 'a folder or device is in its place: name a file');
    if (!overwrite) throw new CheckpointError(target, 'a file is there already: name another, or add --overwrite');
  }
}

async function fileOf(source: ByteSource) {
  return source.path === undefined ? null : stat(source.path, { bigint: true });
}

/** @throws CheckpointError where the weights of a tensor cannot be overwritten, saying what to do */
function changeable(checkpoint: Checkpoint, index: number, files: FilesOf, file: string): readonly StoredPlaces[] {
  const { name, error } = checkpoint.tensors[index]!;
  const places = placesOf(checkpoint, index);
  const known = new Set([...files.values()].map(source => source.path));
  if (places.length > 0 && places.every(({ source }) => source.path !== undefined && known.has(source.path))) {
    return places;
  }
  const why = error ?? 'its values are compressed, quantised or computed, so that no bytes stand for single weights';
  throw new CheckpointError(
    file,
    `tensor "${name}" cannot be pruned in a copy: ${why}. Leave it out with --exclude, or save the file anew with plain floating-point values`,
  );
}

/** Zeros of every tensor; null where the values cannot be read. Memory that tensors share is counted once. */
async function countAll(checkpoint: Checkpoint, { countZeros, signal }: PruneRequest): Promise<(number | null)[]> {
  const zeros: (number | null)[] = [];
  for (const [index, tensor] of checkpoint.tensors.entries()) {
    signal.throwIfAborted();
    zeros.push(tensor.error === null && countsInTotals(tensor) ? await countOne(checkpoint, index) : null);
  }
  return zeros;

  async function countOne(from: Checkpoint, index: number): Promise<number | null> {
    try {
      return await countZeros(from, index, signal);
    } catch (error) {
      if (error instanceof CheckpointError) return null;
      throw error;
    }
  }
}

/** Opens the copy as anyone would, and compares what is in it with what should be. */
async function verify(
  copy: string,
  original: Checkpoint,
  planned: readonly (number | null)[],
  request: PruneRequest,
): Promise<void> {
  const checkpoint = await openCheckpoint(await openFile(copy));
  try {
    const fail = (reason: string): never => {
      throw new CheckpointError(request.out, `not written, because the copy did not come out as planned: ${reason}`);
    };
    if (checkpoint.tensors.length !== original.tensors.length) fail('it holds other tensors');
    const zeros = await countAll(checkpoint, request);
    for (const [index, { name }] of original.tensors.entries()) {
      if (checkpoint.tensors[index]!.name !== name && original.tensors.length > 1) fail(`"${name}" is not in it`);
      if (zeros[index] === planned[index]) continue;
      const counts = `"${name}" has ${String(zeros[index])} zeros instead of ${String(planned[index])}`;
      fail(`${counts}; if it shares memory with another tensor, leave both out with --exclude`);
    }
  } finally {
    await checkpoint.close();
  }
}

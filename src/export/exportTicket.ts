/**
 * Writes a ticket to files that are there whole or not at all: made in a folder of their own, read back by this project's
 * readers, compared bit by bit, and only then moved to their place.
 */
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { CheckpointError } from '../checkpoints/checkpointError';
import { CopyFolder, writeError } from '../checkpoints/write/copyFolder';
import type { Artefact } from './artefact';
import { asH5 } from './h5Format';
import { asNpz } from './npzFormat';
import { checkWritten } from './readBack';
import { asSafetensors } from './safetensorsFormat';
import { asTfjs } from './tfjsFormat';
import type { ExportFormat, ExportPart, Ticket } from './ticket';
import { asTorch } from './torchFormat';

export interface ExportRequest {
  readonly ticket: Ticket;
  readonly part: ExportPart;
  readonly format: ExportFormat;
  /** With pt: `weight_orig` and `weight_mask` instead of one tensor. */
  readonly pairs: boolean;
  /** Of TensorFlow.js the model.json. */
  readonly out: string;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: ExportPhase) => void;
}

export type ExportPhase = 'writing' | 'checking';

export interface ExportResult {
  /** Absolute; the one that was asked for is the last. */
  readonly files: readonly string[];
  readonly tensors: number;
  readonly bytes: number;
  readonly notes: readonly string[];
}

/** @throws CheckpointError that names the file and what to do; the signal's reason */
export async function exportTicket(request: ExportRequest): Promise<ExportResult> {
  const { out, overwrite, signal, onPhase } = request;
  const target = path.resolve(out);
  const folder = path.dirname(target);
  onPhase('writing');
  const artefact = await artefactOf(request, path.basename(target));
  const files = artefact.files.map(({ name }) => path.join(folder, name));
  for (const file of files) await refuseTarget(file, overwrite);
  const written = await CopyFolder.make(folder);
  try {
    for (const { name, pieces } of artefact.files) await writeFile(written.pathOf(name), pieces, signal);
    onPhase('checking');
    for (const [name, expected] of artefact.expected) await checkWritten(written.pathOf(name), name, expected, signal);
    await written.publish(artefact.files.map(({ name }) => name));
  } finally {
    await written.remove();
  }
  return {
    files,
    tensors: [...artefact.expected.values()].reduce((sum, tensors) => sum + tensors.length, 0),
    bytes: artefact.files.reduce((sum, { pieces }) => sum + pieces.reduce((all, { length }) => all + length, 0), 0),
    notes: artefact.notes,
  };
}

async function artefactOf({ ticket, part, format, pairs, signal }: ExportRequest, file: string): Promise<Artefact> {
  switch (format) {
    case 'safetensors':
      return asSafetensors(ticket, part, file);
    case 'npz':
      return asNpz(ticket, part, file);
    case 'tfjs':
      return asTfjs(ticket, part, file);
    case 'h5':
      return asH5(ticket, part, file, signal);
    case 'pt':
      return asTorch(ticket, part, file, pairs);
  }
}

async function refuseTarget(file: string, overwrite: boolean): Promise<void> {
  const there = await stat(file).catch(() => null);
  if (!there) return;
  if (!there.isFile()) throw new CheckpointError(file, 'a folder or device is in its place: name a file');
  if (!overwrite) throw new CheckpointError(file, 'a file is there already: name another, or add --overwrite');
}

async function writeFile(file: string, pieces: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
  try {
    const handle = await open(file, 'wx');
    try {
      for (const piece of pieces) {
        signal.throwIfAborted();
        await handle.writeFile(piece);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw writeError(error, file);
  }
}

/** Overwrites the weights that go in the copies of a checkpoint's files. */
import type { FileHandle } from 'node:fs/promises';
import type { Checkpoint, StoredPlaces } from '../checkpoint';
import type { CopyFolder } from './copyFolder';
import { forEachChunk, type Cut, type Floats } from './cut';
import { goingPlaces } from './places';
import type { FilesOf } from './recordingSource';
import { writeBuffer, ZeroWriter } from './zeroWriter';
import { isZip, repairChecksums } from './zipChecksums';

export interface Zeroing {
  readonly copies: CopyFolder;
  readonly files: FilesOf;
  /** Of the copies, by the names of the originals. */
  readonly names: ReadonlyMap<string, string>;
  readonly checkpoint: Checkpoint;
  /** By the index of their tensor. */
  readonly cuts: ReadonlyMap<number, Cut>;
  readonly places: ReadonlyMap<number, readonly StoredPlaces[]>;
  readonly signal: AbortSignal;
}

/** @param planned zeros of each tensor; those of the cut ones are set to what they will be */
export async function zeroCuts(zeroing: Zeroing, planned: (number | null)[]): Promise<void> {
  const { files, places, cuts } = zeroing;
  const lies = (index: number): ReadonlySet<string | undefined> =>
    new Set(places.get(index)!.map(({ source }) => source.path));
  for (const [name, { path }] of files) {
    const here = [...cuts].filter(([index]) => lies(index).size === 1 && lies(index).has(path));
    await zeroIn(zeroing, [name], here, planned);
  }
  // a cut sees each value once, in order: a tensor over several files has them all open at once
  for (const cut of cuts) {
    const over = lies(cut[0]);
    if (over.size <= 1) continue;
    const names = [...files].flatMap(([name, { path }]) => (over.has(path) ? [name] : []));
    await zeroIn(zeroing, names, [cut], planned);
  }
}

async function zeroIn(
  { copies, files, names, checkpoint, places, signal }: Zeroing,
  where: readonly string[],
  cuts: readonly (readonly [number, Cut])[],
  planned: (number | null)[],
): Promise<void> {
  const copied = where.map(name => names.get(name)!);
  await copies.change(copied, async handles => {
    const writers = writersOf(where, handles, files);
    let gone = new Uint8Array(0);
    let into = new Float64Array(0);
    for (const [index, cut] of cuts) {
      const { shape } = checkpoint.tensors[index]!;
      let zeros = 0;
      await forEachChunk(checkpoint, index, cut.unit, signal, async (values, begin) => {
        if (gone.length < values.length) {
          gone = new Uint8Array(values.length);
          into = new Float64Array(values.length);
        }
        const marks = gone.subarray(0, values.length).fill(0);
        cut.mark(values, begin, marks);
        for (let i = 0; i < values.length; i++) if (marks[i] === 1 || values[i] === 0) zeros++;
        for (const place of places.get(index)!) {
          const here = piece(place, values, begin, marks);
          if (here.values.length === 0) continue;
          const offsets = goingPlaces(place, shape, here.begin, here.values, here.marks, into);
          await writers.get(place.source.path)!.zero(offsets, place.valueBytes);
        }
      });
      planned[index] = zeros;
    }
    for (const [i, { touched }] of [...writers.values()].entries()) {
      if (touched.length > 0 && (await isZip(handles[i]!))) {
        await repairChecksums(handles[i]!, copied[i]!, touched, signal);
      }
    }
  });
}

/** By the path of the original. */
function writersOf(
  where: readonly string[],
  handles: readonly FileHandle[],
  files: FilesOf,
): ReadonlyMap<string | undefined, ZeroWriter> {
  const buffer = writeBuffer();
  return new Map(where.map((name, i) => [files.get(name)!.path, new ZeroWriter(handles[i]!, buffer)]));
}

/** What of a chunk lies in that place. */
function piece(
  { values: held }: StoredPlaces,
  values: Floats,
  begin: number,
  marks: Uint8Array,
): { begin: number; values: Floats; marks: Uint8Array } {
  if (!held) return { begin, values, marks };
  const from = Math.min(Math.max(held.begin - begin, 0), values.length);
  const to = Math.max(from, Math.min(held.end - begin, values.length));
  return { begin: begin + from, values: values.subarray(from, to), marks: marks.subarray(from, to) };
}

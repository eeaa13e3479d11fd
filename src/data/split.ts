/** Holds examples back, in the order of the file and with no seed of the experiment. */
import { Random } from '../shared/random';
import type { Split } from './dataset';

/** What the examples are for: each has a draw of its own. */
export type HeldFor = 'validation' | 'test';

/**
 * Divides examples into those that are left and those held back, in place: both are views into the same memory, and
 * each keeps the order of the file. Which examples are held back is drawn once for all, with no seed of the experiment,
 * so that replicates share one split and a file sorted by class still gives every class to both.
 * @param count of examples to hold back, less than `all.count`
 */
export function holdOut(all: Split, count: number, purpose: HeldFor): { readonly rest: Split; readonly held: Split } {
  const isHeld = new Uint8Array(all.count);
  const order = new Random(`${purpose} split`).shuffle(Uint32Array.from({ length: all.count }, (_, i) => i));
  for (const example of order.subarray(0, count)) isHeld[example] = 1;
  const { stored } = all;
  const rows = stored && (stored.rows?.slice() ?? Uint32Array.from({ length: all.count }, (_, i) => i));
  partition(rows ?? all.inputs, isHeld, count);
  partition(all.labels, isHeld, count);
  const size = all.inputs.length / all.count;
  const width = all.labels.length / all.count;
  const part = (from: number, examples: number): Split => ({
    count: examples,
    inputs: all.inputs.subarray(from * size, (from + examples) * size),
    labels: all.labels.subarray(from * width, (from + examples) * width),
    ...(stored && rows && { stored: { ...stored, rows: rows.slice(from, from + examples) } }),
  });
  const kept = all.count - count;
  return { rest: part(0, kept), held: part(kept, count) };
}

/** Moves what is held behind the rest, whatever the type of the values; the order within both stays. */
function partition(
  values: Uint8Array | Int32Array | Uint32Array | Float32Array,
  isHeld: Uint8Array,
  held: number,
): void {
  const items = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const size = items.length / isHeld.length;
  const aside = new Uint8Array(held * size);
  let kept = 0;
  let moved = 0;
  for (let i = 0; i < isHeld.length; i++) {
    if (isHeld[i] === 1) {
      aside.set(items.subarray(i * size, (i + 1) * size), moved);
      moved += size;
    } else {
      if (kept !== i * size) items.copyWithin(kept, i * size, (i + 1) * size);
      kept += size;
    }
  }
  items.set(aside, kept);
}

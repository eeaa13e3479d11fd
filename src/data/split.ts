/** Holds validation examples back, and measures what standardisation needs. */
import { Random } from '../shared/random';
import type { ByteSplit } from './mnist';

/**
 * Divides examples into a training and a validation part, in place: both are views into the same memory, and each
 * keeps the order of the file. Which examples are held back is drawn once for all, with no seed of the experiment, so
 * that replicates share one split and a file sorted by class still gives every class to both.
 * @param held examples for validation, less than `all.count`
 */
export function holdOut(all: ByteSplit, held: number): { training: ByteSplit; validation: ByteSplit } {
  const isHeld = new Uint8Array(all.count);
  const order = new Random('validation split').shuffle(Uint32Array.from({ length: all.count }, (_, i) => i));
  for (const example of order.subarray(0, held)) isHeld[example] = 1;
  const kept = all.count - held;
  const inputs = partition(all.inputs, all.inputs.length / all.count, isHeld, held);
  const labels = partition(all.labels, 1, isHeld, held);
  const part = (from: number, count: number): ByteSplit => {
    const size = all.inputs.length / all.count;
    return {
      count,
      inputs: inputs.subarray(from * size, (from + count) * size),
      labels: labels.subarray(from, from + count),
    };
  };
  return { training: part(0, kept), validation: part(kept, held) };
}

/** Moves the held items, `size` bytes each, behind the others; the order within both stays. */
function partition(items: Uint8Array, size: number, isHeld: Uint8Array, held: number): Uint8Array {
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
  return items;
}

/**
 * Mean and standard deviation (over all values, with n) of each channel, of bytes taken as value/255. Sums are whole
 * numbers, so the result does not depend on their order. A constant channel gets deviation 1.
 * @param inputs channels last
 */
export function standardisation(inputs: Uint8Array, channels: number): { mean: number[]; std: number[] } {
  const mean: number[] = [];
  const std: number[] = [];
  const count = inputs.length / channels;
  // 32,768 squares of bytes fit into 31 bits: integer sums inside a block, which are several times faster
  const block = 32_768 * channels;
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    let squares = 0;
    for (let from = 0; from < inputs.length; from += block) {
      const to = Math.min(from + block, inputs.length);
      let blockSum = 0;
      let blockSquares = 0;
      for (let i = from + channel; i < to; i += channels) {
        const value = inputs[i]!;
        blockSum = (blockSum + value) | 0;
        blockSquares = (blockSquares + Math.imul(value, value)) | 0;
      }
      sum += blockSum;
      squares += blockSquares;
    }
    const average = sum / count;
    mean.push(average / 255);
    const deviation = Math.sqrt(Math.max(0, squares / count - average * average)) / 255;
    std.push(deviation > 0 ? deviation : 1);
  }
  return { mean, std };
}

/**
 * Random numbers that are told from where they are used, so that they need no state and no order: what is dropped and
 * how images are cropped and mirrored is the same on every executor.
 */

/** 32 bits for a seed, a purpose (an op, a place in the batch) and a step. */
export function hash(seed: number, purpose: number, step: number): number {
  let x = start(seed, purpose, step);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Seed of a dropout op at a step. @param salt number of the activation that the op writes */
export function dropoutSeed(seed: number, salt: number, step: number): number {
  let x = start(seed, salt, step);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 12)) >>> 0;
}

function start(seed: number, purpose: number, step: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose, 0xc2b2ae35) ^ Math.imul(step + 1, 0x27d4eb2f);
}

/** Wellons' "lowbias32": a 32-bit mix of a counter. */
function mix(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Examples whose values lie side by side where the wasm executor counts them. */
const lanes = 16;

/**
 * What inverted dropout multiplies with: 0, or 1 / (1 − rate) where the value stays.
 * @param seed as `dropoutSeed` gives it
 * @returns [examples × features]
 */
export function dropoutFactors(seed: number, rate: number, examples: number, features: number): Float32Array {
  const factors = new Float32Array(examples * features);
  const threshold = Math.floor(rate * 0x1_0000_0000);
  const scale = 1 / (1 - rate);
  const key = mix(seed);
  for (let example = 0, at = 0; example < examples; example++) {
    const panel = Math.floor(example / lanes) * features;
    const lane = example % lanes;
    for (let feature = 0; feature < features; feature++, at++) {
      const counter = ((panel + feature) << 4) + lane;
      factors[at] = mix(counter ^ key) >= threshold ? scale : 0;
    }
  }
  return factors;
}

/** How the image at a place in a batch is changed: the crop's first row and column in the padded image, and mirroring. */
export interface ImageChange {
  readonly row: number;
  readonly column: number;
  readonly mirrored: boolean;
}

export function imageChange(
  { crop, flip }: { readonly crop: number; readonly flip: boolean },
  seed: number,
  place: number,
  step: number,
): ImageChange {
  const draw = hash(seed, place, step);
  return {
    row: (draw & 0x3ff) % (2 * crop + 1),
    column: ((draw >>> 10) & 0x3ff) % (2 * crop + 1),
    mirrored: flip && draw >>> 31 === 1,
  };
}

/** Random numbers that are told from where they are used, so that they need no state and no order. */

/** 32 bits for a seed, a purpose (an op, a place in the batch) and a step. */
export function hash(seed: number, purpose: number, step: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose, 0xc2b2ae35) ^ Math.imul(step + 1, 0x27d4eb2f);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Random numbers that are told from where they are used: the same as in src/kernels and src/training/wasm/ops. */
import { u32 } from './text';

/** Wellons' "lowbias32". */
export const scramble = `fn scramble(value: u32) -> u32 {
  var x = value ^ (value >> 16u);
  x = x * 0x7feb352du;
  x = x ^ (x >> 15u);
  x = x * 0x846ca68bu;
  return x ^ (x >> 16u);
}`;

/** Of the recipe, bound as `seed`. */
const seedWord = '((seed[0] ^ 0x9e3779b9u) * 0x85ebca6bu)';

/** Seed of a dropout op at a step. */
export function dropoutKey(salt: number): string {
  return `fn dropoutKey(number: u32) -> u32 {
  var x = ${seedWord} ^ ${u32(Math.imul(salt, 0xc2b2ae35) >>> 0)} ^ ((number + 1u) * 0x27d4eb2fu);
  x = (x ^ (x >> 15u)) * 0x2c1b3c6du;
  return x ^ (x >> 12u);
}`;
}

/** 32 bits for a place in the batch and a step. */
export const hash = `fn hash(place: u32, number: u32) -> u32 {
  var x = ${seedWord} ^ (place * 0xc2b2ae35u) ^ ((number + 1u) * 0x27d4eb2fu);
  x = (x ^ (x >> 15u)) * 0x2c1b3c6du;
  x = (x ^ (x >> 12u)) * 0x297a2d39u;
  return x ^ (x >> 15u);
}`;

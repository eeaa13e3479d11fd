/** What tests of ops hold results against. */
import { expect } from 'vitest';
import type { GradientTarget } from '../../../src/training/wasm/ops/operation';
import type { OpData } from './opHarness';

/** All values within `tolerance`, of 1 or of the value where that is larger. */
export function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  let worst = 0;
  let at = 0;
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(actual[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    if (error > worst || Number.isNaN(error)) [worst, at] = [error, i];
    if (Number.isNaN(error)) break;
  }
  if (!(worst <= tolerance)) {
    throw new Error(`value ${String(at)} is ${String(actual[at])}, not ${String(wanted[at])}: off by ${String(worst)}`);
  }
}

/** A contribution to an input's gradient with what its target asks for. */
export function settled(
  gradient: ArrayLike<number>,
  { inputs, earlier }: OpData,
  { accumulate, rectify }: GradientTarget,
  index = 0,
): number[] {
  return Array.from(gradient, (value, i) => {
    const sum = accumulate ? value + earlier[index]![i]! : value;
    return rectify && inputs[index]![i]! <= 0 ? 0 : sum;
  });
}

/** 1 − erf(x): Lentz's continued fraction above 2 in magnitude, the Taylor series below. */
export function erfc(x: number): number {
  if (x < -2) return 2 - erfc(-x);
  if (x <= 2) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 200; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

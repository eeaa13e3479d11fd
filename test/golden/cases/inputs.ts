/** The examples of a case, channels last. */
import type { GoldenCase } from '../goldenCase';
import { fromTorch, imageOrder } from '../pytorch/layouts';

/** @returns [examples × features] */
export function inputsOf(golden: GoldenCase, inputShape: readonly number[]): Float32Array {
  const table = golden.has('input.lut') && golden.has('input.x_u8') ? golden.floats('input.lut') : null;
  const inputs = table ? Float32Array.from(golden.bytes('input.x_u8'), byte => table[byte]!) : golden.floats('input.x');
  if (inputShape.length !== 3) return inputs;
  const order = imageOrder(inputShape);
  const images = new Float32Array(inputs.length);
  for (let at = 0; at < inputs.length; at += order.length) {
    images.set(fromTorch(inputs.subarray(at, at + order.length), order), at);
  }
  return images;
}

/** Measures what standardisation needs. */

export interface Standardisation {
  readonly mean: number[];
  readonly std: number[];
}

/**
 * Mean and standard deviation (over all values, with n) of each channel: of bytes taken as value/255, of floats as they
 * are. A constant channel gets deviation 1.
 * @param inputs channels last; of a vector each feature is a channel
 */
export function standardisation(inputs: Uint8Array | Float32Array, channels: number): Standardisation {
  return inputs instanceof Uint8Array ? ofBytes(inputs, channels) : ofFloats(inputs, channels);
}

/** Sums are whole numbers, so that the result does not depend on their order. */
function ofBytes(inputs: Uint8Array, channels: number): Standardisation {
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

/** In float64 and in two passes: a sum of squares would lose the deviation of values far from 0. */
function ofFloats(inputs: Float32Array, channels: number): Standardisation {
  const count = inputs.length / channels;
  const mean = new Float64Array(channels);
  for (let i = 0; i < inputs.length;) {
    for (let channel = 0; channel < channels; channel++) mean[channel]! += inputs[i++]!;
  }
  for (let channel = 0; channel < channels; channel++) mean[channel]! /= count;
  const squares = new Float64Array(channels);
  for (let i = 0; i < inputs.length;) {
    for (let channel = 0; channel < channels; channel++) squares[channel]! += (inputs[i++]! - mean[channel]!) ** 2;
  }
  const std = Array.from(squares, (sum, channel) => {
    const deviation = Math.sqrt(sum / count);
    // what rounding leaves of equal values is no deviation to divide by
    return deviation > 1e-12 * Math.abs(mean[channel]!) ? deviation : 1;
  });
  return { mean: Array.from(mean), std };
}

/** Measures what standardisation needs. */
import type { Split } from './dataset';
import { inputPieces } from './stored';

export interface Standardisation {
  readonly mean: number[];
  readonly std: number[];
}

/**
 * Mean and standard deviation (over all values, with n) of each channel: of bytes taken as value/255, of floats as they
 * are. A constant channel gets deviation 1. Inputs in files give the bits that they would in memory.
 * @param channels values of the last axis; of a vector each feature is a channel
 * @throws DataError where the inputs lie in files that cannot be read
 */
export function standardisation(split: Split, channels: number): Standardisation {
  return split.inputs instanceof Uint8Array ? ofBytes(split, channels) : ofFloats(split, channels);
}

/** Sums are whole numbers, so that the result does not depend on their order. */
function ofBytes(split: Split, channels: number): Standardisation {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let values = 0;
  for (const piece of inputPieces(split)) {
    values += piece.length;
    for (let channel = 0; channel < channels; channel++) addBytes(piece as Uint8Array, channel, sums, squares);
  }
  const count = values / channels;
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const average = sums[channel]! / count;
    mean.push(average / 255);
    const deviation = Math.sqrt(Math.max(0, squares[channel]! / count - average * average)) / 255;
    std.push(deviation > 0 ? deviation : 1);
  }
  return { mean, std };
}

function addBytes(inputs: Uint8Array, channel: number, sums: Float64Array, squares: Float64Array): void {
  const channels = sums.length;
  // 32,768 squares of bytes fit into 31 bits: integer sums inside a block, which are several times faster
  const block = 32_768 * channels;
  for (let from = 0; from < inputs.length; from += block) {
    const to = Math.min(from + block, inputs.length);
    let blockSum = 0;
    let blockSquares = 0;
    for (let i = from + channel; i < to; i += channels) {
      const value = inputs[i]!;
      blockSum = (blockSum + value) | 0;
      blockSquares = (blockSquares + Math.imul(value, value)) | 0;
    }
    sums[channel]! += blockSum;
    squares[channel]! += blockSquares;
  }
}

/** In float64 and in two passes: a sum of squares would lose the deviation of values far from 0. */
function ofFloats(split: Split, channels: number): Standardisation {
  const mean = new Float64Array(channels);
  let values = 0;
  for (const piece of inputPieces(split)) {
    values += piece.length;
    for (let i = 0; i < piece.length;) {
      for (let channel = 0; channel < channels; channel++) mean[channel]! += piece[i++]!;
    }
  }
  const count = values / channels;
  for (let channel = 0; channel < channels; channel++) mean[channel]! /= count;
  const squares = new Float64Array(channels);
  for (const piece of inputPieces(split)) {
    for (let i = 0; i < piece.length;) {
      for (let channel = 0; channel < channels; channel++) squares[channel]! += (piece[i++]! - mean[channel]!) ** 2;
    }
  }
  const std = Array.from(squares, (sum, channel) => {
    const deviation = Math.sqrt(sum / count);
    // what rounding leaves of equal values is no deviation to divide by
    return deviation > 1e-12 * Math.abs(mean[channel]!) ? deviation : 1;
  });
  return { mean: Array.from(mean), std };
}

/**
 * Masks as the experiment panel asks the host for them: the weights of one layer of one run, piece by piece. Positions are
 * named by the axes of a kernel, whatever its rank, so that both sides cut a layer alike.
 */

/** A kernel [height, width, inputs, outputs]; a dense one, [inputs, outputs], has one position. */
export interface KernelAxes {
  readonly outputs: number;
  readonly inputs: number;
  /** Positions of the kernel, down and across. With three and more axes of positions the outer ones go down. */
  readonly height: number;
  readonly width: number;
}

/** @param shape as the model has it, outputs last. A vector is inputs of one output. */
export function kernelAxes(shape: readonly number[]): KernelAxes {
  const size = (axis: number): number => shape[shape.length - axis] ?? 1;
  if (shape.length < 2) return { outputs: 1, inputs: size(1), height: 1, width: 1 };
  const height = shape.slice(0, -3).reduce((product, one) => product * one, 1);
  return { outputs: size(1), inputs: size(2), height, width: size(3) };
}

/** Whole kernels from `output` and `input` on. */
export interface KernelRegion {
  readonly output: number;
  readonly outputs: number;
  readonly input: number;
  readonly inputs: number;
}

/** The weights a run began with, or those it ended with. */
export const maskWeights = ['start', 'final'] as const;
export type MaskWeights = (typeof maskWeights)[number];

/** Of one request: single weights, weights that blocks are made of, blocks. */
export const maskLimits = { weights: 2 ** 20, blockWeights: 2 ** 23, blocks: 2 ** 20 } as const;

export interface MaskRequest {
  /** A positive integer that the page uses once. */
  readonly request: number;
  readonly run: string;
  /** Name of the layer in the report. */
  readonly layer: string;
  readonly weights: MaskWeights;
  readonly region: KernelRegion;
  /** Kernels that one block spans; null: every weight by itself. */
  readonly block: { readonly outputs: number; readonly inputs: number } | null;
}

/** In row-major order of outputs, inputs, height, width; of blocks: of outputs and inputs. Little-endian. */
export type MaskPart =
  | {
      readonly kind: 'weights';
      /** A bit a weight, the lowest of each byte first; 1: kept. */
      readonly kept: ArrayBuffer;
      /** F32 of the kept weights alone, in order. */
      readonly values: ArrayBuffer;
    }
  | {
      readonly kind: 'blocks';
      /** U32: kept weights of each block, and those of them that are not below 0. */
      readonly kept: ArrayBuffer;
      readonly positive: ArrayBuffer;
      /** F32: sum of |w| over the kept weights that are finite. */
      readonly magnitude: ArrayBuffer;
      /** U32: kept weights of each output and of each input of the region. */
      readonly outputs: ArrayBuffer;
      readonly inputs: ArrayBuffer;
      /** Largest |w| of all kept weights in the region. */
      readonly largest: number;
    };

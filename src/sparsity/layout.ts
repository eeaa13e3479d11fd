/** Where the axes of a tensor lie in memory. Positions are row-major: the last axis is the fastest. */
import type { TensorInfo } from '../shared/inspection';

/** What of a tensor's description its statistics need. */
export type TensorLayout = Pick<TensorInfo, 'shape' | 'outputAxis' | 'inputAxis'>;

export interface Axis {
  /** How many places it has. */
  readonly size: number;
  /** Positions from one place to the next: the product of all later sizes. */
  readonly stride: number;
}

/** @returns null for no axis, and for one that the shape does not have: a description that contradicts itself */
export function axisOf(shape: readonly number[], axis: number | null): Axis | null {
  if (axis === null || axis < 0 || axis >= shape.length) return null;
  return { size: shape[axis]!, stride: countOf(shape.slice(axis + 1)) };
}

/** Product of the sizes; 1 for a scalar. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Output and input axis, where the tensor is a matrix of them and nothing else, in the order in which they lie. */
export function matrixOf({ shape, outputAxis, inputAxis }: TensorLayout): { rows: number; columns: number } | null {
  const [rows, columns] = shape;
  const both = outputAxis !== null && inputAxis !== null && outputAxis !== inputAxis;
  return shape.length === 2 && both ? { rows: rows!, columns: columns! } : null;
}

/**
 * Most places of an axis, or of what lies between two places, for which structure is counted: state is kept for each,
 * and a hostile shape must not take the memory. The largest vocabulary known has 2¹⁸ entries.
 */
export const largestStructure = 2 ** 24;

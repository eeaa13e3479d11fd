/** One op of a plan, run in double precision: what it gave, and what it does with a gradient. */
import type { ParameterId, Plan } from '../../../src/training/plan/plan';

export type Values = Float64Array | Float32Array;

/** What an op may read besides its inputs. */
export interface Context {
  readonly plan: Plan;
  /** In the order of the plan's parameters. */
  readonly weights: readonly Values[];
  /** Examples. */
  readonly count: number;
  readonly training: boolean;
}

export interface Gradients {
  /** One for each input, in order. */
  readonly inputs: readonly Float64Array[];
  readonly parameters: ReadonlyMap<ParameterId, Float64Array>;
}

export interface Node {
  /** [count × size] */
  readonly output: Float64Array;
  readonly backward: (gradient: Float64Array) => Gradients;
  /** What training moves without a gradient: the new moving statistics. */
  readonly moved?: ReadonlyMap<ParameterId, Float64Array>;
}

export const noParameters: ReadonlyMap<ParameterId, Float64Array> = new Map();

/** [height, width, channels] */
export type ImageShape = readonly [number, number, number];

export function imageShape(shape: readonly number[]): ImageShape {
  if (shape.length !== 3) throw new Error(`[${shape.join(', ')}] is no image`);
  return shape as unknown as ImageShape;
}

/** Values of the last axis, and how many such rows there are. */
export function rowsOf(values: Values, shape: readonly number[]): { rows: number; width: number } {
  const width = shape.at(-1)!;
  return { rows: values.length / width, width };
}

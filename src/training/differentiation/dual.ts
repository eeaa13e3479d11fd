/**
 * Values with their derivatives along one direction of the parameters (dual numbers): what an op does to values it does to
 * tangents too, forwards and backwards, so that the gradient's own derivative, a product with the Hessian, comes out
 * exactly (Pearlmutter 1994).
 */
import type { ParameterId, Plan } from '../plan/plan';
import type { Products } from './product';

export interface Dual {
  readonly value: Float64Array;
  /** Null: it does not move. */
  readonly tangent: Float64Array | null;
}

/** What an op may read besides its inputs, and where it puts the gradients of its parameters. */
export interface Context {
  readonly plan: Plan;
  readonly products: Products;
  /** Examples. */
  readonly count: number;
  /** Whether batch normalisation goes by the statistics of the batch, as while training. */
  readonly batchStatistics: boolean;
  /** Whether tangents are taken along. */
  readonly directed: boolean;
  readonly parameter: (id: ParameterId) => Dual;
  /**
   * The sum that the gradient of a parameter is added to, or with a direction the gradient's tangent. Null where nobody
   * asks for it.
   */
  readonly gradient: (id: ParameterId) => Float64Array | null;
}

/** One op, run forwards. */
export interface Node {
  /** [count × size] */
  readonly output: Dual;
  /**
   * Adds to the gradients of the parameters.
   * @param dy gradient of the output; with a direction it has a tangent
   * @param wanted for each input, whether its gradient is asked for
   * @returns the gradients of the inputs, in order; null where not asked for
   */
  readonly backward: (dy: Dual, wanted: readonly boolean[]) => (Dual | null)[];
}

export function zeros(length: number, directed: boolean): Dual {
  return { value: new Float64Array(length), tangent: directed ? new Float64Array(length) : null };
}

/** a += b */
export function addInto(a: Float64Array, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += b[i]!;
}

/** Which groups of zeros are looked for in a tensor. */
import { axisOf, countOf, largestStructure, matrixOf, type Axis, type TensorLayout } from './layout';

/** The patterns that are looked for, as n of m neighbours. */
export const soughtPatterns = [
  { n: 2, m: 4 },
  { n: 4, m: 8 },
] as const;

/** Side of the blocks that are looked for. */
export const blockSide = 4;

/** Which structure a tensor of this layout can have at all. */
export interface StructurePlan {
  readonly outputs: Axis | null;
  readonly inputs: Axis | null;
  readonly patterns: readonly { readonly n: number; readonly m: number; readonly axis: Axis }[];
  readonly blocks: { readonly rows: number; readonly columns: number } | null;
}

export function structureOf(layout: TensorLayout): StructurePlan {
  const { shape, outputAxis, inputAxis } = layout;
  if (countOf(shape) === 0) return { outputs: null, inputs: null, patterns: [], blocks: null };
  const inputs = axisOf(shape, inputAxis);
  const matrix = matrixOf(layout);
  const whole = matrix && matrix.rows % blockSide === 0 && matrix.columns % blockSide === 0;
  const patterned = inputs && inputs.stride <= largestStructure;
  return {
    outputs: small(axisOf(shape, outputAxis)),
    inputs: small(inputs),
    patterns: patterned
      ? soughtPatterns.flatMap(({ n, m }) => (inputs.size % m === 0 ? [{ n, m, axis: inputs }] : []))
      : [],
    blocks: whole && matrix.columns <= largestStructure ? matrix : null,
  };
}

function small(axis: Axis | null): Axis | null {
  return axis && axis.size <= largestStructure ? axis : null;
}

/**
 * Positions in whose multiples a tensor may be cut without cutting a group or a block: every unit of the plan divides
 * the largest one.
 */
export function unitOf({ patterns, blocks }: StructurePlan): number {
  const groups = patterns.map(({ m, axis }) => m * axis.stride);
  return Math.max(1, ...groups, blocks ? blockSide * blocks.columns : 1);
}

/** What goes as one when weights are pruned: `pruning.structure`. */

export type Structure =
  | { readonly kind: 'weights' }
  /** Filters of convolutions and neurons of dense layers, with all that is coupled to them. */
  | { readonly kind: 'filters' }
  /** Of m neighbours along the input axis, n stay. */
  | { readonly kind: 'n:m'; readonly n: number; readonly m: number }
  /** Blocks of the kernel as a matrix: rows are inputs (of each kernel position), columns outputs. */
  | { readonly kind: 'blocks'; readonly rows: number; readonly columns: number };

const mostNeighbours = 32;
const mostSide = 256;

export const structureRule =
  'must be "weights", "filters", a pattern N:M such as "2:4" (1 ≤ N < M ≤ 32), or blocks of rows x columns such as "4x4" (up to 256)';

/** @returns null where the text names none */
export function readStructure(text: string): Structure | null {
  if (text === 'weights' || text === 'filters') return { kind: text };
  const [, left, sign, right] = /^(\d{1,3})([:x])(\d{1,3})$/.exec(text) ?? [];
  if (left === undefined || right === undefined) return null;
  const [a, b] = [Number(left), Number(right)];
  if (sign === ':') return a >= 1 && a < b && b <= mostNeighbours ? { kind: 'n:m', n: a, m: b } : null;
  const fits = a >= 1 && b >= 1 && a * b > 1 && Math.max(a, b) <= mostSide;
  return fits ? { kind: 'blocks', rows: a, columns: b } : null;
}

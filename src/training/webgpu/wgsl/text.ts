/** Numbers and small pieces of WGSL. */

export const u32 = (value: number): string => `${String(value)}u`;

/** A finite number in single precision. */
export function f32(value: number): string {
  const text = String(Math.fround(value));
  return `${text}f`;
}

/** How far a loop or a grid goes: at most, for the grid and for memory; and exactly, as an expression of u32. */
export interface Extent {
  readonly most: number;
  readonly text: string;
}

export const fixed = (value: number): Extent => ({ most: value, text: u32(value) });

/** `each` for every example of the batch. */
export const perExample = (batch: number, each: number): Extent => ({
  most: batch * each,
  text: each === 1 ? 'step.count' : `(step.count * ${u32(each)})`,
});

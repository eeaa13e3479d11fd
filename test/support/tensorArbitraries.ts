/** Random tensors: small shapes of any rank with any axes, values with what is rare among weights. */
import fc from 'fast-check';
import { countOf, type TensorLayout } from '../../src/sparsity/layout';

/** Rank 0 to 5, sizes that end within words, groups and blocks, and 0. */
export const layouts: fc.Arbitrary<TensorLayout> = fc
  .array(fc.constantFrom(0, 1, 2, 3, 4, 5, 8, 9, 12, 16, 24, 67), { maxLength: 5 })
  .filter(shape => countOf(shape) <= 5_000)
  .chain(shape => {
    const axis: fc.Arbitrary<number | null> =
      shape.length > 0 ? fc.option(fc.nat(shape.length - 1)) : fc.constant(null);
    return fc.record({ shape: fc.constant(shape), outputAxis: axis, inputAxis: axis });
  });

const special = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  1e-45,
  -1.1754942e-38,
  2 ** -24,
  2 ** 8,
  -(2 ** 31),
  3.4028234663852886e38,
];

/** @param zeros share of zeros, so that whole groups are empty now and then */
function weights(finite: boolean, zeros: number): fc.Arbitrary<number> {
  const rare = finite ? special.filter(Number.isFinite) : special;
  return fc.oneof(
    { weight: Math.round(zeros * 100), arbitrary: fc.constant(0) },
    { weight: Math.round((1 - zeros) * 100), arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );
}

/** A layout with as many float32 values. */
export const tensors: fc.Arbitrary<{ layout: TensorLayout; values: number[] }> = fc
  .tuple(layouts, fc.boolean(), fc.constantFrom(0, 0.5, 0.9, 0.99))
  .chain(([layout, finite, zeros]) => {
    const count = countOf(layout.shape);
    // as a pool to draw from: an array of thousands of arbitraries is slow to make and to shrink
    const pool = fc.array(weights(finite, zeros), { minLength: 50, maxLength: 200 });
    return fc.record({
      layout: fc.constant(layout),
      values: fc
        .tuple(pool, fc.integer())
        .map(([values, seed]) =>
          Array.from({ length: count }, (_, i) => Math.fround(values[scramble(seed + i) % values.length]!)),
        ),
    });
  });

function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Cuts an array at the given shares of its length. */
export function cutAt<T extends { readonly length: number; subarray(begin: number, end: number): T }>(
  values: T,
  shares: readonly number[],
): T[] {
  const places = [0, ...shares.map(share => Math.floor(share * values.length)).sort((a, b) => a - b), values.length];
  return places.slice(1).map((end, i) => values.subarray(places[i]!, end));
}

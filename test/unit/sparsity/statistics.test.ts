import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';
import type { TensorLayout } from '../../../src/sparsity/layout';
import { expectSameStatistics } from '../../support/closeStatistics';
import { naiveStatistics } from '../../support/naiveStatistics';
import { cutAt, tensors } from '../../support/tensorArbitraries';

const vector = (size: number): TensorLayout => ({ shape: [size], outputAxis: null, inputAxis: null });

function statisticsOf(values: readonly number[], layout: TensorLayout = vector(values.length)) {
  const accumulator = new StatisticsAccumulator(layout);
  accumulator.add(Float64Array.from(values));
  return accumulator.result();
}

describe('statistics of a tensor', () => {
  it('are what their definitions say, wherever the chunks end, in either width', () => {
    fc.assert(
      fc.property(
        tensors,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
        fc.boolean(),
        (tensor, cuts, wide) => {
          const accumulator = new StatisticsAccumulator(tensor.layout);
          const values = wide ? Float64Array.from(tensor.values) : Float32Array.from(tensor.values);
          for (const chunk of cutAt<Float32Array | Float64Array>(values, cuts)) accumulator.add(chunk);
          expectSameStatistics(accumulator.result(), naiveStatistics(tensor.values, tensor.layout));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('count −0 as zero, and say 0 for it', () => {
    expect(statisticsOf([-0, 0, -0])).toMatchObject({ zeros: 3, minimum: 0, maximum: 0, mean: 0, std: 0 });
    expect(Object.is(statisticsOf([-0]).minimum, 0)).toBe(true);
  });

  it('leave NaN and infinite values out of all but their counts', () => {
    const statistics = statisticsOf([NaN, 1, Infinity, 3, -Infinity]);
    expect(statistics).toMatchObject({
      count: 5,
      nans: 1,
      infinities: 2,
      zeros: 0,
      minimum: 1,
      maximum: 3,
      mean: 2,
      std: 1,
    });
    expect(statisticsOf([NaN, Infinity])).toMatchObject({ minimum: null, maximum: null, mean: null, std: null });
  });

  it('hold of a tensor without values', () => {
    const statistics = statisticsOf([], { shape: [4, 0, 4], outputAxis: 0, inputAxis: 1 });
    expect(statistics).toMatchObject({
      count: 0,
      zeros: 0,
      mean: null,
      deadOutputs: null,
      deadInputs: null,
      patterns: [],
    });
  });

  it('take a scalar', () => {
    const accumulator = new StatisticsAccumulator({ shape: [], outputAxis: null, inputAxis: null });
    accumulator.add(Float32Array.of(2.5));
    expect(accumulator.result()).toMatchObject({ count: 1, mean: 2.5, std: 0, minimum: 2.5 });
  });

  it('keep a deviation that is tiny beside its mean', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => 1e6 + (i % 2 === 0 ? 1 : -1) * 2 ** -10);
    const { mean, std } = statisticsOf(values);
    expect(mean).toBeCloseTo(1e6, 9);
    expect(std).toBeCloseTo(2 ** -10, 9);
  });

  it('say nothing of a mean beyond doubles', () => {
    expect(statisticsOf([1.7e308, 1.7e308])).toMatchObject({ maximum: 1.7e308, mean: null, std: null });
  });

  it('refuse more or fewer values than the shape has', () => {
    const accumulator = new StatisticsAccumulator(vector(2));
    expect(() => accumulator.result()).toThrow(RangeError);
    expect(() => accumulator.add(new Float32Array(3))).toThrow(RangeError);
  });

  it('keep no state for axes that no network has', () => {
    const layout = { shape: [4, 2 ** 40], outputAxis: 1, inputAxis: 0 };
    const accumulator = new StatisticsAccumulator(layout);
    accumulator.add(new Float32Array(8));
    expect(() => accumulator.result()).toThrow(/8 values/);
  });
});

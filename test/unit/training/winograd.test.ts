/** Winograd's form of convolutions against their definition in double precision. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { Conv2DOp } from '../../../src/training/plan/plan';
import { conv2d } from '../../../src/training/wasm/ops/conv';
import { winogradForm } from '../../../src/training/wasm/ops/winograd';
import {
  compressBelowWinograd,
  winogradFits,
  winogradFrames,
  winogradPays,
} from '../../../src/training/wasm/ops/winogradShape';
import {
  type ConvCase,
  type ConvData,
  convPlan,
  type ConvResult,
  kernelShapeOf,
  outputShapeOf,
  randomData,
  referenceConv,
} from './convCases';
import { type FramesOf, runConv } from './convHarness';
import { randomMask } from './support';

const plain: ConvCase = {
  inputShape: [8, 8, 16],
  outputs: 16,
  kernelSize: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  groups: 1,
  bias: true,
  batch: 16,
  mask: null,
  rectify: false,
  accumulate: false,
  rectifyInput: false,
};

const valid = { top: 0, bottom: 0, left: 0, right: 0 };

const frames: FramesOf = (op, { activations }) =>
  winogradFrames(op, activations[op.inputs[0]!]!.shape, activations[op.output]!.shape);

function run(test: ConvCase, data: ConvData, threads = 1): ConvResult {
  return runConv(winogradForm, test, data, threads, frames);
}

/** ‖actual − expected‖ / ‖expected‖ */
function relativeError(actual: Float32Array, expected: Float64Array): number {
  let error = 0;
  let norm = 0;
  expected.forEach((value, i) => {
    error += (actual[i]! - value) ** 2;
    norm += value ** 2;
  });
  return norm === 0 ? Math.sqrt(error) : Math.sqrt(error / norm);
}

function expectClose(result: ConvResult, test: ConvCase, data: ConvData): void {
  const expected = referenceConv(test, data);
  for (const name of ['output', 'inputGradient', 'kernelGradient', 'biasGradient'] as const) {
    expect(relativeError(result[name], expected[name]), name).toBeLessThan(2e-6);
  }
}

const padding = fc.record({
  top: fc.integer({ min: 0, max: 3 }),
  bottom: fc.integer({ min: 0, max: 3 }),
  left: fc.integer({ min: 0, max: 3 }),
  right: fc.integer({ min: 0, max: 3 }),
});
const cases = fc.record({
  seed: fc.nat(1_000_000),
  inputShape: fc.tuple(
    fc.integer({ min: 3, max: 10 }),
    fc.integer({ min: 3, max: 10 }),
    fc.integer({ min: 1, max: 22 }),
  ),
  outputs: fc.integer({ min: 1, max: 22 }),
  padding,
  bias: fc.boolean(),
  batch: fc.integer({ min: 1, max: 40 }),
  density: fc.constantFrom(1, 0.3),
  rectify: fc.boolean(),
  accumulate: fc.boolean(),
  rectifyInput: fc.boolean(),
});

function masked(test: ConvCase, random: Random, density: number): ConvCase {
  const size = kernelShapeOf(test).reduce((a, b) => a * b, 1);
  return { ...test, mask: density < 1 ? randomMask(random, size, density) : null };
}

describe("Winograd's form of a convolution", () => {
  it('computes all three passes of any shape, whatever hangs over the edge, with the same bits on any number of threads', () => {
    fc.assert(
      fc.property(cases, ({ seed, density, ...shape }) => {
        const random = new Random(seed, 'winograd');
        const test = masked({ ...plain, ...shape }, random, density);
        const data = randomData(random, test);
        const alone = run(test, data);
        expectClose(alone, test, data);
        for (const threads of [2, 3]) expect(run(test, data, threads)).toEqual(alone);
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  it.each<[string, Partial<ConvCase>]>([
    ['more channels than are written at a time', { inputShape: [6, 5, 18], outputs: 131 }],
    ['more tiles than are computed at a time', { inputShape: [10, 38, 17], outputs: 6, padding: valid }],
    ['many channels in', { inputShape: [5, 5, 130], outputs: 9 }],
    ['several shards of panels, the last batch incomplete', { inputShape: [9, 10, 20], outputs: 18, batch: 77 }],
    ['one tile a panel', { inputShape: [4, 4, 33], outputs: 30, batch: 40 }],
  ])(
    '%s',
    (_, changes) => {
      const random = new Random(7, 'winograd');
      const test = masked({ ...plain, ...changes }, random, 0.6);
      const data = randomData(random, test);
      const result = run(test, data);
      expectClose(result, test, data);
      expect(run(test, data, 3)).toEqual(result);
    },
    30_000,
  );

  it('leaves masked weights exactly 0', () => {
    const random = new Random(3, 'winograd');
    const test = masked(plain, random, 0.5);
    const { kernelGradient } = run(test, randomData(random, test));
    const changed = kernelGradient.filter((value, i) => test.mask![i] === 0 && value !== 0);
    expect(changed).toHaveLength(0);
  });

  it('loses little more to rounding than the sum itself: under a millionth at 64 channels', () => {
    const random = new Random(5, 'winograd');
    const test: ConvCase = { ...plain, inputShape: [8, 8, 64], outputs: 8 };
    const data = randomData(random, test);
    const expected = referenceConv(test, data);
    const { output, inputGradient } = run(test, data);
    expect(relativeError(output, expected.output)).toBeLessThan(1e-6);
    expect(relativeError(inputGradient, expected.inputGradient)).toBeLessThan(1e-6);
  });
});

describe('the choice of Winograd’s form', () => {
  const opOf = (changes: Partial<ConvCase>): [Conv2DOp, readonly number[], readonly number[]] => {
    const test = { ...plain, ...changes };
    return [convPlan(test).op, test.inputShape, outputShapeOf(test)];
  };

  it('takes 3×3 kernels of stride 1 only', () => {
    expect(winogradFits(opOf({})[0])).toBe(true);
    for (const changes of [
      { kernelSize: [5, 5] },
      { kernelSize: [3, 1] },
      { strides: [2, 2] },
      { dilations: [1, 2] },
      { groups: 2 },
    ] satisfies Partial<ConvCase>[]) {
      expect(winogradFits(opOf(changes)[0])).toBe(false);
      expect(winogradPays(...opOf(changes))).toBe(false);
    }
  });

  it('wants enough channels and whole tiles', () => {
    expect(winogradPays(...opOf({ inputShape: [26, 26, 32], outputs: 64, padding: valid }))).toBe(true);
    expect(winogradPays(...opOf({ inputShape: [32, 32, 16] }))).toBe(true);
    expect(winogradPays(...opOf({ inputShape: [4, 4, 512], outputs: 512 }))).toBe(true);
    expect(winogradPays(...opOf({ inputShape: [2, 2, 512], outputs: 512 }))).toBe(false);
    expect(winogradPays(...opOf({ inputShape: [28, 28, 1], outputs: 32, padding: valid }))).toBe(false);
  });

  it('gives way to compressed kernels at some density between 0.1 and 0.4', () => {
    for (const channels of [16, 64, 256]) {
      const density = compressBelowWinograd(...opOf({ inputShape: [16, 16, channels], outputs: channels }));
      expect(density).toBeGreaterThan(0.1);
      expect(density).toBeLessThan(0.4);
    }
  });

  it('finds the frames it needs wherever it may be chosen', () => {
    for (const inputShape of [
      [26, 26, 32],
      [7, 7, 64],
      [4, 4, 512],
    ] as const) {
      const { op, plan } = convPlan({ ...plain, inputShape, outputs: 32 });
      const given = conv2d.frames(op, plan);
      const needed = frames(op, plan);
      for (const edge of ['top', 'bottom', 'left', 'right'] as const) {
        expect(given.inputs[edge]).toBeGreaterThanOrEqual(needed.inputs[edge]);
        expect(given.outputGradient[edge]).toBeGreaterThanOrEqual(needed.outputGradient[edge]);
      }
    }
  });
});

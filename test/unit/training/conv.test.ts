/** Convolution kernels against their definition in double precision, and against each other bit for bit. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import { compressedForm } from '../../../src/training/wasm/ops/convCompressed';
import { directForm } from '../../../src/training/wasm/ops/convDirect';
import { chooseConvForm, type ConvForm } from '../../../src/training/wasm/ops/convForm';
import { framesOf } from '../../../src/training/wasm/ops/convGeometry';
import type { Placement } from '../../../src/training/wasm/ops/operation';
import { type ConvCase, convPlan, type ConvResult, kernelShapeOf, randomData, referenceConv } from './convCases';
import { runConv } from './convHarness';
import { randomMask } from './support';

const plain: ConvCase = {
  inputShape: [6, 7, 3],
  outputs: 5,
  kernelSize: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  groups: 1,
  bias: true,
  batch: 20,
  mask: null,
  rectify: false,
  accumulate: false,
  rectifyInput: false,
};

const valid = { top: 0, bottom: 0, left: 0, right: 0 };

const shapes: readonly [string, Partial<ConvCase>][] = [
  ['3×3, same', {}],
  ['3×3, valid', { padding: valid }],
  ['one input channel, one output', { inputShape: [5, 5, 1], outputs: 1 }],
  ['ten channels, kernel 5×2', { inputShape: [8, 6, 10], outputs: 10, kernelSize: [5, 2], padding: valid }],
  ['1×1', { kernelSize: [1, 1], padding: valid, inputShape: [4, 5, 8], outputs: 12 }],
  ['1×1, stride 2: three of four inputs reach nothing', { kernelSize: [1, 1], padding: valid, strides: [2, 2] }],
  ['stride 2, asymmetric padding', { strides: [2, 2], padding: { top: 0, bottom: 1, left: 0, right: 1 } }],
  ['stride 2 to the last row and column', { inputShape: [5, 7, 4], strides: [2, 2], padding: valid }],
  [
    'a row of zeros that no tap reaches',
    { inputShape: [1, 5, 4], dilations: [2, 1], strides: [2, 1], padding: { top: 5, bottom: 0, left: 1, right: 1 } },
  ],
  [
    'stride 4 of single pixels to the last one',
    { inputShape: [5, 9, 4], kernelSize: [1, 1], strides: [4, 4], padding: valid },
  ],
  ['stride 3 × 2, rows left out', { inputShape: [11, 8, 4], strides: [3, 2], padding: valid, kernelSize: [2, 3] }],
  ['dilation 2', { inputShape: [7, 8, 4], dilations: [2, 2], padding: { top: 2, bottom: 2, left: 2, right: 2 } }],
  ['dilation 3 × 2, stride 2', { inputShape: [12, 9, 5], dilations: [3, 2], strides: [2, 2] }],
  ['one column wide', { inputShape: [9, 1, 6], kernelSize: [3, 1], padding: { ...valid, top: 1, bottom: 1 } }],
  ['wider than a chunk', { inputShape: [2, 101, 2], outputs: 3 }],
  ['a padding wider than the kernel', { kernelSize: [2, 2], padding: { top: 3, bottom: 2, left: 0, right: 4 } }],
  ['no bias', { bias: false }],
  ['relu, and relu before', { rectify: true, rectifyInput: true }],
  ['added to an earlier gradient', { accumulate: true }],
  ['added to an earlier gradient before a relu, stride 2', { accumulate: true, rectifyInput: true, strides: [2, 2] }],
  ['partial sums of more than one group', { inputShape: [3, 3, 130], outputs: 12, padding: valid }],
];

const grouped: readonly [string, Partial<ConvCase>][] = [
  ['two groups', { inputShape: [5, 6, 6], outputs: 4, groups: 2 }],
  ['three groups, stride 2', { inputShape: [5, 6, 6], outputs: 9, groups: 3, strides: [2, 2] }],
  ['depthwise', { inputShape: [6, 6, 5], outputs: 5, groups: 5 }],
  ['depthwise with multiplier 3, dilated', { inputShape: [6, 7, 4], outputs: 12, groups: 4, dilations: [1, 2] }],
];

const densities = [null, 0.3, 0];

function caseOf(change: Partial<ConvCase>, density: number | null): ConvCase {
  const test = { ...plain, ...change };
  const size = kernelShapeOf(test).reduce((a, b) => a * b, 1);
  return density === null ? test : { ...test, mask: randomMask(new Random(3, 'mask'), size, density) };
}

function expectClose(actual: ConvResult, test: ConvCase, data: ReturnType<typeof randomData>): void {
  const expected = referenceConv(test, data);
  for (const name of ['output', 'inputGradient', 'kernelGradient', 'biasGradient'] as const) {
    const scale = Math.max(1, ...expected[name].map(Math.abs));
    const worst = expected[name].reduce((most, value, i) => Math.max(most, Math.abs(value - actual[name][i]!)), 0);
    expect(worst / scale, name).toBeLessThan(2e-6);
    expect(actual[name].some(Number.isNaN), `${name} has NaN`).toBe(false);
  }
}

describe('a convolution, directly', () => {
  it.each(shapes)('%s', (_, change) => {
    for (const density of densities) {
      const test = caseOf(change, density);
      const data = randomData(new Random(1, 'conv'), test);
      expectClose(runConv(directForm, test, data), test, data);
    }
  });

  it.each(shapes)('gives the same bits on three threads: %s', (_, change) => {
    const test = caseOf(change, 0.3);
    const data = randomData(new Random(1, 'conv'), test);
    const alone = runConv(directForm, test, data);
    expect(runConv(directForm, test, data, 3)).toEqual(alone);
  });
});

describe('a compressed convolution', () => {
  it.each([...shapes, ...grouped])('%s', (_, change) => {
    for (const density of densities) {
      const test = caseOf(change, density);
      const data = randomData(new Random(2, 'conv'), test);
      expectClose(runConv(compressedForm, test, data), test, data);
    }
  });

  it.each(shapes)('gives the same bits as the direct form: %s', (_, change) => {
    for (const density of densities) {
      const test = caseOf(change, density);
      const data = randomData(new Random(4, 'conv'), test);
      expect(runConv(compressedForm, test, data)).toEqual(runConv(directForm, test, data));
    }
  });

  it.each([...shapes, ...grouped])('gives the same bits on three threads: %s', (_, change) => {
    const test = caseOf(change, 0.3);
    const data = randomData(new Random(1, 'conv'), test);
    const alone = runConv(compressedForm, test, data);
    expect(runConv(compressedForm, test, data, 3)).toEqual(alone);
  });
});

describe('a convolution at the end of the memory reads nothing past it', () => {
  function expectSame<P extends Placement>(form: ConvForm<P>, change: Partial<ConvCase>): void {
    const test = caseOf({ ...change, batch: 16 }, 0.5);
    const data = randomData(new Random(5, 'conv'), test);
    const run = (atEnd: 'input' | 'output gradient'): ConvResult => runConv(form, test, data, 1, undefined, atEnd);
    expect(run('output gradient')).toEqual(run('input'));
  }

  it.each(shapes)('directly: %s', (_, change) => {
    expectSame(directForm, change);
  });

  it.each([...shapes, ...grouped])('compressed: %s', (_, change) => {
    expectSame(compressedForm, change);
  });
});

describe('frames', () => {
  it('reach as far as the kernel looks, and as far as inputs are looked at from', () => {
    const same = convPlan(plain);
    expect(framesOf(same.op, same.plan)).toEqual({ inputs: plain.padding, outputGradient: plain.padding });
    const full = convPlan({ ...plain, padding: valid });
    const two = { top: 2, bottom: 2, left: 2, right: 2 };
    expect(framesOf(full.op, full.plan)).toEqual({ inputs: valid, outputGradient: two });
  });
});

describe('the choice of a form', () => {
  const choose = (change: Partial<ConvCase>, density: number): string => {
    const { op, plan } = convPlan({ ...plain, ...change });
    return chooseConvForm(op, plan.activations[0]!.shape, plan.activations[1]!.shape, density);
  };
  const wide = { inputShape: [16, 16, 32], outputs: 32 } as const;

  it('takes Winograd for 3×3 of many channels, direct for other dense ones, compressed for few weights', () => {
    expect(choose(wide, 1)).toBe('winograd');
    expect(choose({ ...wide, strides: [2, 2] }, 1)).toBe('direct');
    expect(choose({ ...wide, kernelSize: [5, 5] }, 1)).toBe('direct');
    expect(choose({ ...wide, dilations: [2, 2] }, 1)).toBe('direct');
    expect(choose(wide, 0.05)).toBe('compressed');
    expect(choose({ ...wide, strides: [2, 2] }, 0.05)).toBe('compressed');
  });

  it('takes the compressed form for groups at any density', () => {
    expect(choose({ ...wide, groups: 2 }, 1)).toBe('compressed');
  });
});

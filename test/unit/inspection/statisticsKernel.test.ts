import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../../src/checkpoints/dtypes';
import { StatisticsKernel } from '../../../src/inspection/statisticsKernel';
import { rawBytes, type RawFormat } from '../../../src/inspection/statisticsTask';
import type { TensorLayout } from '../../../src/sparsity/layout';
import { PartialMerger } from '../../../src/sparsity/partial';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';
import { structureOf, unitOf } from '../../../src/sparsity/structurePlan';
import { wasm } from '../../../src/training/wasm/webassembly';
import { expectSameStatistics } from '../../support/closeStatistics';
import { tensors } from '../../support/tensorArbitraries';

let kernel: StatisticsKernel;
beforeAll(async () => {
  kernel = new StatisticsKernel(await wasm.compile(readFileSync('dist/statistics.wasm')));
});

/** Through the kernels in parts of so many units, last part first. */
function byKernel(bytes: Uint8Array, format: RawFormat, layout: TensorLayout, units = Infinity) {
  const size = rawBytes[format];
  const count = bytes.length / size;
  const plan = structureOf(layout);
  const part = Math.max(1, Math.min(count, unitOf(plan) * units));
  const merger = new PartialMerger(count, plan);
  for (let place = Math.ceil(count / part) - 1; place >= 0; place--) {
    const begin = place * part;
    const task = { begin, count: Math.min(part, count - begin), format, plan, values: bytes };
    const fill = (target: Uint8Array, position: number): void => {
      target.set(bytes.subarray(begin * size + position, begin * size + position + target.length));
    };
    merger.add(place, kernel.run(task, fill));
  }
  return merger.result();
}

function plainly(bytes: Uint8Array, format: RawFormat, layout: TensorLayout) {
  const accumulator = new StatisticsAccumulator(layout);
  accumulator.add(decode(format, bytes));
  return accumulator.result();
}

describe('the kernels of statistics', () => {
  it('give what the plain path gives, in whatever parts', () => {
    fc.assert(
      fc.property(tensors, fc.integer({ min: 1, max: 9 }), ({ layout, values }, units) => {
        fc.pre(values.length > 0);
        const bytes = new Uint8Array(Float32Array.from(values).buffer);
        expectSameStatistics(byKernel(bytes, 'F32', layout, units), plainly(bytes, 'F32', layout));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['F16', 'BF16'] as const)('read every bit pattern of %s', format => {
    const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, i) => (i * 40_503) & 0xffff);
    const bytes = new Uint8Array(patterns.buffer);
    const layout = { shape: [256, 256], outputAxis: 0, inputAxis: 1 };
    expectSameStatistics(byKernel(bytes, format, layout), plainly(bytes, format, layout));
    // one value at a time, so that no sum hides another
    for (const pattern of [
      0, 0x8000, 1, 0x3ff, 0x400, 0x7bff, 0x7c00, 0xfc00, 0x7c01, 0x7e00, 0x3c00, 0x0080, 0x7f80, 0xff80,
    ]) {
      const one = new Uint8Array(Uint16Array.of(pattern).buffer);
      const scalar = { shape: [], outputAxis: null, inputAxis: null };
      expectSameStatistics(byKernel(one, format, scalar), plainly(one, format, scalar));
    }
  });

  it('agree over more than a block of values, with what is not finite anywhere', () => {
    const random = (i: number): number => Math.sin(i * 12.9898) * 0.05;
    const layout = { shape: [300, 1001], outputAxis: 1, inputAxis: 0 };
    const values = Float32Array.from({ length: 300 * 1001 }, (_, i) => (i % 3 === 0 ? 0 : random(i)));
    values[77_777] = NaN;
    values[200_000] = -Infinity;
    const bytes = new Uint8Array(values.buffer);
    expectSameStatistics(byKernel(bytes, 'F32', layout, 2), plainly(bytes, 'F32', layout));
  });

  it('keep a deviation that is tiny beside its mean', () => {
    const values = Float32Array.from({ length: 100_000 }, (_, i) => 4096 + (i % 2 === 0 ? 1 : -1) * 2 ** -10);
    const { std } = byKernel(new Uint8Array(values.buffer), 'F32', {
      shape: [100_000],
      outputAxis: null,
      inputAxis: null,
    });
    expect(std).toBeCloseTo(2 ** -10, 12);
  });

  it('find what is wholly zero in kernels of convolutions, in the layouts of PyTorch and Keras', () => {
    const [outputs, inputs, positions] = [12, 16, 9];
    const alive = (output: number, input: number): boolean => output !== 5 && input !== 3 && input !== 15;
    const torch = Float32Array.from({ length: outputs * inputs * positions }, (_, i) =>
      alive(Math.floor(i / (inputs * positions)), Math.floor(i / positions) % inputs) ? 1 : 0,
    );
    const keras = Float32Array.from({ length: outputs * inputs * positions }, (_, i) =>
      alive(i % outputs, Math.floor(i / outputs) % inputs) ? 1 : 0,
    );
    for (const [values, layout] of [
      [torch, { shape: [outputs, inputs, 3, 3], outputAxis: 0, inputAxis: 1 }],
      [keras, { shape: [3, 3, inputs, outputs], outputAxis: 3, inputAxis: 2 }],
    ] as const) {
      expect(byKernel(new Uint8Array(values.buffer), 'F32', layout, 1)).toMatchObject({
        deadOutputs: { dead: 1, total: 12 },
        deadInputs: { dead: 2, total: 16 },
      });
    }
  });

  it('see a single weight wherever it lies in a block, a row of groups or a slice', () => {
    const layout = { shape: [8, 72], outputAxis: 0, inputAxis: 1 };
    for (let position = 0; position < 8 * 72; position++) {
      const values = new Float32Array(8 * 72);
      values[position] = -1e-30;
      const statistics = byKernel(new Uint8Array(values.buffer), 'F32', layout);
      expect(statistics).toMatchObject({
        zeros: 8 * 72 - 1,
        deadOutputs: { dead: 7 },
        deadInputs: { dead: 71 },
        emptyBlocks: { empty: 35, total: 36 },
      });
    }
  });

  it('tell groups that hold just enough from those that hold one too many', () => {
    for (const [shape, inputAxis] of [
      [[2, 8], 1],
      [[8, 3], 0],
    ] as const) {
      const layout = { shape, inputAxis, outputAxis: 1 - inputAxis };
      for (let mask = 0; mask < 256; mask++) {
        const slices = shape[1 - inputAxis]!;
        const stride = inputAxis === 1 ? 1 : slices;
        const values = new Float32Array(8 * slices);
        for (let i = 0; i < 8; i++) values[i * stride] = (mask >> i) & 1;
        const bytes = new Uint8Array(values.buffer);
        expect(byKernel(bytes, 'F32', layout).patterns).toEqual(plainly(bytes, 'F32', layout).patterns);
      }
    }
  });
});

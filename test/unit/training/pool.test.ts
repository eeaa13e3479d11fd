import { describe, expect, it } from 'vitest';
import type { Padding, Pair, PoolOp } from '../../../src/training/plan/plan';
import type { GradientTarget } from '../../../src/training/wasm/ops/operation';
import { averagePool, maxPool } from '../../../src/training/wasm/ops/pool';
import { type OpCase, type OpData, overwrite, randomData, runOp } from './opHarness';
import { expectClose, settled } from './opReference';

type Kind = PoolOp['kind'];
const kinds = { 'max-pool': maxPool, 'average-pool': averagePool };
const everything: GradientTarget = { accumulate: true, rectify: true };
const none: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

interface Windows {
  readonly shape: readonly [number, number, number];
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}

function outputShapeOf({ shape, size, strides, padding }: Windows): readonly [number, number, number] {
  const rows = Math.floor((shape[0] + padding.top + padding.bottom - size[0]) / strides[0]) + 1;
  const columns = Math.floor((shape[1] + padding.left + padding.right - size[1]) / strides[1]) + 1;
  return [rows, columns, shape[2]];
}

function caseOf(kind: Kind, windows: Windows, more: object = {}): OpCase<PoolOp> {
  const { shape, size, strides, padding } = windows;
  return {
    kind: kinds[kind],
    op: { kind, layer: 'p', inputs: [0], output: 1, size, strides, padding },
    inputShapes: [shape],
    outputShape: outputShapeOf(windows),
    batch: 19,
    ...more,
  };
}

/** By definition: each window by itself. */
function reference(kind: Kind, windows: Windows, data: OpData): { output: Float64Array; inputGradient: Float64Array } {
  const { shape, size, strides, padding } = windows;
  const [height, width, channels] = shape;
  const [rows, columns] = outputShapeOf(windows);
  const x = data.inputs[0]!;
  const output = new Float64Array(data.outputGradient.length);
  const inputGradient = new Float64Array(x.length);
  output.forEach((_, at) => {
    const channel = at % channels;
    const column = Math.floor(at / channels) % columns;
    const row = Math.floor(at / (channels * columns)) % rows;
    const example = Math.floor(at / (channels * columns * rows));
    const places: number[] = [];
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) {
        const y = row * strides[0] + i - padding.top;
        const z = column * strides[1] + j - padding.left;
        if (y >= 0 && y < height && z >= 0 && z < width) {
          places.push(((example * height + y) * width + z) * channels + channel);
        }
      }
    }
    const values = places.map(place => x[place]!);
    const dy = data.outputGradient[at]!;
    if (kind === 'max-pool') {
      output[at] = Math.max(...values);
      inputGradient[places[values.indexOf(output[at])]!]! += dy;
    } else {
      output[at] = values.reduce((a, b) => a + b) / values.length;
      for (const place of places) inputGradient[place]! += dy / values.length;
    }
  });
  return { output, inputGradient };
}

const cases: readonly (readonly [string, Windows])[] = [
  ['2×2', { shape: [4, 6, 3], size: [2, 2], strides: [2, 2], padding: none }],
  ['2×2 with a row and a column left over', { shape: [5, 7, 3], size: [2, 2], strides: [2, 2], padding: none }],
  [
    '2×2 padded at the end',
    { shape: [5, 3, 3], size: [2, 2], strides: [2, 2], padding: { ...none, bottom: 1, right: 1 } },
  ],
  ['2×1 with gaps', { shape: [7, 5, 2], size: [2, 1], strides: [3, 2], padding: none }],
  [
    '3×3 overlapping, padded all round',
    { shape: [5, 6, 2], size: [3, 3], strides: [2, 2], padding: { top: 1, bottom: 1, left: 1, right: 1 } },
  ],
  [
    '3×2 at every place',
    { shape: [6, 5, 3], size: [3, 2], strides: [1, 1], padding: { top: 1, bottom: 1, left: 0, right: 1 } },
  ],
  [
    '3×3 with padding and no overlap',
    { shape: [7, 7, 1], size: [3, 3], strides: [3, 3], padding: { top: 1, bottom: 1, left: 1, right: 1 } },
  ],
  ['the whole image', { shape: [7, 9, 5], size: [7, 9], strides: [7, 9], padding: none }],
];

describe.each(['max-pool', 'average-pool'] as const)('%s', kind => {
  it.each(cases)('of %s agrees with the definition', (_, windows) => {
    for (const framed of [false, true]) {
      for (const target of [overwrite, everything, { accumulate: true, rectify: false }]) {
        const test = caseOf(kind, windows, { framed, targets: [target] });
        const data = randomData(test);
        const wanted = reference(kind, windows, data);
        const { output, inputGradients } = runOp(test, data);
        expectClose(output, wanted.output, kind === 'max-pool' ? 0 : 5e-7);
        expectClose(inputGradients[0]!, settled(wanted.inputGradient, data, target), 1e-6);
      }
    }
  });

  it.each(cases)('of %s gives the same bits on any number of threads', (_, windows) => {
    const test = caseOf(kind, windows, { targets: [everything], framed: true });
    const data = randomData(test);
    const one = runOp(test, data);
    for (const threads of [2, 3]) expect(runOp({ ...test, threads }, data)).toEqual(one);
  });
});

it.each(cases)('max-pool of %s gives the gradient of equal values to the first, row by row', (_, windows) => {
  const test = caseOf('max-pool', windows);
  const random = randomData(test);
  const data = { ...random, inputs: random.inputs.map(input => input.map(value => Math.round(value))) };
  const { inputGradients } = runOp(test, data);
  expectClose(inputGradients[0]!, reference('max-pool', windows, data).inputGradient, 1e-6);
});

it('the mean over a large image is as exact as its sum over rows', () => {
  const windows: Windows = { shape: [64, 64, 1], size: [64, 64], strides: [64, 64], padding: none };
  const test = caseOf('average-pool', windows, { batch: 2 });
  const random = randomData(test);
  const data = { ...random, inputs: random.inputs.map(input => input.map(value => 3 + value)) };
  const wanted = reference('average-pool', windows, data).output;
  expectClose(runOp(test, data).output, wanted, 3e-7);
});

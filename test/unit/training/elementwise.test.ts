import { describe, expect, it } from 'vitest';
import type {
  Activation,
  ActivationOp,
  AddOp,
  ConcatenateOp,
  DropoutOp,
  ZeroPaddingOp,
} from '../../../src/training/plan/plan';
import { activation } from '../../../src/training/wasm/ops/activation';
import { add } from '../../../src/training/wasm/ops/add';
import { concatenate } from '../../../src/training/wasm/ops/concatenate';
import { dropout } from '../../../src/training/wasm/ops/dropout';
import type { GradientTarget } from '../../../src/training/wasm/ops/operation';
import { zeroPadding } from '../../../src/training/wasm/ops/zeroPadding';
import { type OpCase, type OpData, overwrite, randomData, runOp } from './opHarness';
import { erfc, expectClose, settled } from './opReference';

const everything: GradientTarget = { accumulate: true, rectify: true };

const scalars: Readonly<Record<Exclude<Activation, 'linear' | 'softmax'>, (x: number) => number>> = {
  relu: x => Math.max(0, x),
  relu6: x => Math.min(6, Math.max(0, x)),
  'leaky-relu': x => (x > 0 ? x : 0.3 * x),
  elu: x => (x > 0 ? x : 0.3 * Math.expm1(x)),
  selu: x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  'hard-sigmoid': x => Math.min(6, Math.max(0, x + 3)) / 6,
  gelu: x => (x / 2) * erfc(-x / Math.SQRT2),
  'gelu-tanh': x => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  swish: x => x / (1 + Math.exp(-x)),
  'hard-swish': x => (x * Math.min(6, Math.max(0, x + 3))) / 6,
};
const names = Object.keys(scalars) as (keyof typeof scalars)[];
const inPlaceNames = names.slice(0, names.indexOf('gelu'));

function activationCase(name: Activation, shape: readonly number[], more: object = {}): OpCase<ActivationOp> {
  const op: ActivationOp = { kind: 'activation', layer: 'a', inputs: [0], output: 1, activation: name, alpha: 0.3 };
  return { kind: activation, op, inputShapes: [shape], outputShape: shape, batch: 21, ...more };
}

/** Wide enough for every bend. */
function spread(data: OpData): OpData {
  return { ...data, inputs: data.inputs.map(input => input.map(value => value * 3)) };
}

function derivative(f: (x: number) => number, x: number): number {
  const step = 1e-5 * Math.max(1, Math.abs(x));
  return (f(x + step) - f(x - step)) / (2 * step);
}

describe('activations', () => {
  it.each(names)('%s and its derivative agree with float64', name => {
    const f = scalars[name];
    for (const framed of [false, true]) {
      for (const target of [overwrite, everything]) {
        const test = activationCase(name, [3, 5, 3], { framed, targets: [target] });
        const data = spread(randomData(test));
        const x = data.inputs[0]!;
        const { output, inputGradients } = runOp(test, data);
        expectClose(output, Array.from(x, f), 1e-6);
        const gradient = Array.from(x, (value, i) => derivative(f, value) * data.outputGradient[i]!);
        // at 0 the derivative of a bent function is told by the rectified gradient, which is 0 there
        expectClose(inputGradients[0]!, settled(gradient, data, target), 4e-6);
      }
    }
  });

  it.each(inPlaceNames)('%s can take its own input as its output', name => {
    const apart = activationCase(name, [2, 3, 5], { framed: true });
    const data = spread(randomData(apart));
    const here = runOp({ ...apart, inPlace: true }, data);
    const there = runOp(apart, data);
    expect(here.output).toEqual(there.output);
    expect(here.inputGradients).toEqual(there.inputGradients);
  });

  it('gelu and elu keep their relative accuracy where they are tiny', () => {
    const inputs = [
      Float32Array.from({ length: 60 }, (_, i) => -0.1 * (i + 1)),
      Float32Array.of(-1e-3, -1e-5, -1e-8, 1e-8),
    ];
    const cases = [
      ['gelu', inputs[0]!, 4e-6],
      ['gelu', inputs[1]!, 1e-6],
      ['elu', inputs[1]!, 3e-7],
      ['selu', inputs[1]!, 3e-7],
    ] as const;
    for (const [name, input, tolerance] of cases) {
      const test = activationCase(name, [input.length], { batch: 1 });
      const { output } = runOp(test, { inputs: [input], outputGradient: input, earlier: [] });
      input.forEach((x, i) => {
        const wanted = scalars[name](x);
        expect(Math.abs(output[i]! / wanted - 1), `${name}(${x})`).toBeLessThan(tolerance);
      });
    }
  });

  it.each([[[7]], [[2, 3, 5]]])('softmax goes over the last axis of %j', shape => {
    for (const more of [{}, { framed: true, targets: [everything] }, { inPlace: true, framed: true }]) {
      const test = activationCase('softmax', shape, more);
      const data = spread(randomData(test));
      const x = data.inputs[0]!;
      const width = shape.at(-1)!;
      const y = new Float64Array(x.length);
      const gradient = new Float64Array(x.length);
      for (let first = 0; first < x.length; first += width) {
        const e = Array.from({ length: width }, (_, i) => Math.exp(x[first + i]!));
        const sum = e.reduce((a, b) => a + b);
        e.forEach((value, i) => (y[first + i] = value / sum));
        const along = e.reduce((total, _, i) => total + y[first + i]! * data.outputGradient[first + i]!, 0);
        e.forEach((_, i) => (gradient[first + i] = y[first + i]! * (data.outputGradient[first + i]! - along)));
      }
      const { output, inputGradients } = runOp(test, data);
      expectClose(output, y, 1e-6);
      expectClose(inputGradients[0]!, settled(gradient, data, test.targets?.[0] ?? overwrite), 2e-6);
    }
  });
});

describe('add', () => {
  it.each([2, 3, 4])('sums %i inputs and hands the gradient to each', count => {
    for (const framed of [false, true]) {
      const shape = [3, 2, 5];
      const all = [overwrite, { accumulate: true, rectify: false }, everything, null];
      const inputs = Array.from({ length: count }, (_, i) => i);
      const test: OpCase<AddOp> = {
        kind: add,
        op: { kind: 'add', layer: 'sum', inputs, output: count },
        inputShapes: inputs.map(() => shape),
        outputShape: shape,
        batch: 37,
        framed,
        targets: all.slice(4 - count),
        rectify: count !== 3,
      };
      const data = randomData(test);
      const sums = Array.from(data.outputGradient, (_, i) => {
        const sum = data.inputs.reduce((total, input) => Math.fround(total + input[i]!), 0);
        return test.rectify ? Math.max(0, sum) : sum;
      });
      const { output, inputGradients } = runOp(test, data);
      expectClose(output, sums, 0);
      inputGradients.forEach((gradient, i) => {
        const target = test.targets![i];
        if (target) expectClose(gradient!, settled(data.outputGradient, data, target, i), 1e-7);
        else expect(gradient).toBeNull();
      });
    }
  });
});

describe('concatenate', () => {
  it.each([
    [[[5], [3], [1]], false],
    [
      [
        [2, 3, 5],
        [2, 3, 1],
        [2, 3, 4],
      ],
      false,
    ],
    [
      [
        [2, 3, 5],
        [2, 3, 1],
        [2, 3, 4],
      ],
      true,
    ],
  ])('puts %j side by side (frames: %s)', (inputShapes, framed) => {
    const channels = inputShapes.map(shape => shape.at(-1)!);
    const width = channels.reduce((a, b) => a + b);
    const pixels = inputShapes[0]!.reduce((a, b) => a * b) / channels[0]!;
    const test: OpCase<ConcatenateOp> = {
      kind: concatenate,
      op: { kind: 'concatenate', layer: 'c', inputs: [0, 1, 2], output: 3 },
      inputShapes,
      outputShape: [...inputShapes[0]!.slice(0, -1), width],
      batch: 19,
      framed,
      targets: [overwrite, everything, { accumulate: false, rectify: true }],
    };
    const data = randomData(test);
    const { output, inputGradients } = runOp(test, data);
    let begin = 0;
    channels.forEach((count, i) => {
      const places = Array.from(
        { length: 19 * pixels * count },
        (_, at) => Math.floor(at / count) * width + begin + (at % count),
      );
      expect(places.map(at => output[at])).toEqual([...data.inputs[i]!]);
      const gradient = places.map(at => data.outputGradient[at]!);
      expectClose(inputGradients[i]!, settled(gradient, data, test.targets![i]!, i), 1e-7);
      begin += count;
    });
  });
});

describe('zero padding', () => {
  it.each([
    { top: 1, bottom: 2, left: 0, right: 3 },
    { top: 0, bottom: 0, left: 2, right: 0 },
    { top: 0, bottom: 0, left: 0, right: 0 },
  ])('puts %j around the image', padding => {
    for (const [framed, target] of [
      [false, overwrite],
      [true, everything],
    ] as const) {
      for (const threads of [1, 2, 5]) {
        const [height, width, channels] = [3, 2, 3];
        const outputShape = [height + padding.top + padding.bottom, width + padding.left + padding.right, channels];
        const test: OpCase<ZeroPaddingOp> = {
          kind: zeroPadding,
          op: { kind: 'zero-padding', layer: 'p', inputs: [0], output: 1, padding },
          inputShapes: [[height, width, channels]],
          outputShape,
          batch: 18,
          framed,
          targets: [target],
          threads,
        };
        const data = randomData(test);
        const wanted = new Float32Array(data.outputGradient.length);
        const gradient = new Float32Array(data.inputs[0]!.length);
        gradient.forEach((_, i) => {
          const channel = i % channels;
          const column = (Math.floor(i / channels) % width) + padding.left;
          const row = (Math.floor(i / (channels * width)) % height) + padding.top;
          const example = Math.floor(i / (channels * width * height));
          const at = ((example * outputShape[0]! + row) * outputShape[1]! + column) * channels + channel;
          wanted[at] = data.inputs[0]![i]!;
          gradient[i] = data.outputGradient[at]!;
        });
        const { output, inputGradients } = runOp(test, data);
        expect(output).toEqual(wanted);
        expectClose(inputGradients[0]!, settled(gradient, data, target), 1e-7);
      }
    }
  });
});

describe('dropout', () => {
  const shape = [3, 4, 5];
  const op: DropoutOp = { kind: 'dropout', layer: 'd', inputs: [0], output: 1, rate: 0.25 };
  const test: OpCase<DropoutOp> = { kind: dropout, op, inputShapes: [shape], outputShape: shape, batch: 90 };
  const data = randomData(test);

  it('drops its share and scales the rest, and treats the gradient alike', () => {
    const { output, inputGradients } = runOp(test, data);
    const kept = output.filter(value => value !== 0).length / output.length;
    expect(kept).toBeGreaterThan(0.73);
    expect(kept).toBeLessThan(0.77);
    const scale = Math.fround(1 / 0.75);
    output.forEach((value, i) => {
      expect(value).toBe(value === 0 ? 0 : Math.fround(data.inputs[0]![i]! * scale));
      expect(inputGradients[0]![i]).toBe(value === 0 ? 0 : Math.fround(data.outputGradient[i]! * scale));
    });
  });

  it('draws the same with and without frames, on any number of threads, and another at another step', () => {
    const plain = runOp(test, data);
    for (const more of [{ framed: true }, { threads: 3 }, { framed: true, threads: 2 }]) {
      expect(runOp({ ...test, ...more }, data)).toEqual(plain);
    }
    expect(runOp({ ...test, step: 1 }, data).output).not.toEqual(plain.output);
  });

  it('adds to the gradient and rectifies it', () => {
    const settledTest = { ...test, targets: [everything] };
    const more = randomData(settledTest);
    const plain = runOp(test, more).inputGradients[0]!;
    expectClose(runOp(settledTest, more).inputGradients[0]!, settled(plain, more, everything), 1e-6);
  });

  it('does nothing while evaluating', () => {
    expect(runOp({ ...test, training: false, framed: true }, data).output).toEqual(data.inputs[0]);
  });
});

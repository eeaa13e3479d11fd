import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { BatchNormalizationOp, LayerNormalizationOp } from '../../../src/training/plan/plan';
import { batchNormalization } from '../../../src/training/wasm/ops/batchNormalization';
import { layerNormalization } from '../../../src/training/wasm/ops/layerNormalization';
import type { GradientTarget } from '../../../src/training/wasm/ops/operation';
import { type OpCase, type OpData, overwrite, randomData, runOp } from './opHarness';
import { expectClose, settled } from './opReference';
import { randomValues } from './support';

const everything: GradientTarget = { accumulate: true, rectify: true };
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Groups of values that share a mean and a deviation: their places. */
type Groups = readonly (readonly number[])[];

/** By definition, in float64: over each group; γ and β by channel. */
function reference(
  data: OpData,
  groups: Groups,
  channels: number,
  epsilon: number,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
): Record<'output' | 'inputGradient' | 'gammaGradient' | 'betaGradient', number[]> {
  const x = data.inputs[0]!;
  const dy = data.outputGradient;
  const output: number[] = [];
  const inputGradient: number[] = [];
  const gammaGradient = new Array<number>(channels).fill(0);
  const betaGradient = new Array<number>(channels).fill(0);
  for (const places of groups) {
    const middle = mean(places.map(i => x[i]!));
    const deviation = Math.sqrt(mean(places.map(i => (x[i]! - middle) ** 2)) + epsilon);
    const normal = places.map(i => (x[i]! - middle) / deviation);
    const scaled = places.map(i => dy[i]! * gamma[i % channels]!);
    const meanGradient = mean(scaled);
    const meanProduct = mean(scaled.map((g, at) => g * normal[at]!));
    places.forEach((i, at) => {
      output[i] = normal[at]! * gamma[i % channels]! + beta[i % channels]!;
      inputGradient[i] = (scaled[at]! - meanGradient - normal[at]! * meanProduct) / deviation;
      gammaGradient[i % channels]! += dy[i]! * normal[at]!;
      betaGradient[i % channels]! += dy[i]!;
    });
  }
  return { output, inputGradient, gammaGradient, betaGradient };
}

function channelsOf(values: Float32Array, channels: number): Groups {
  return Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: values.length / channels }, (__, i) => i * channels + channel),
  );
}

function parametersOf(channels: number): Float32Array[] {
  const random = new Random('parameters');
  const draw = (): Float32Array => randomValues(random, channels);
  return [draw(), draw(), draw(), draw().map(value => 0.5 + Math.abs(value))];
}

function batchCase(
  shape: readonly number[],
  batch: number,
  more: object = {},
  op: object = {},
): OpCase<BatchNormalizationOp> {
  return {
    kind: batchNormalization,
    op: {
      kind: 'batch-normalization',
      layer: 'bn',
      inputs: [0],
      output: 1,
      gamma: 0,
      beta: 1,
      movingMean: 2,
      movingVariance: 3,
      epsilon: 1e-3,
      momentum: 0.9,
      unbiased: false,
      ...op,
    },
    inputShapes: [shape],
    outputShape: shape,
    batch,
    parameters: parametersOf(shape.at(-1)!),
    ...more,
  };
}

const shapes = [
  [[4, 3, 5], 37],
  [[7], 21],
  [[1, 9, 1], 16],
  [[9, 16, 3], 3],
] as const;

describe('batch normalisation', () => {
  it.each(shapes)('of %j in a batch of %i, with its gradients, agrees with float64', (shape, batch) => {
    const channels = shape.at(-1)!;
    for (const framed of [false, true]) {
      for (const target of [overwrite, everything]) {
        const test = batchCase(shape, batch, { framed, targets: [target] });
        const [gamma, beta] = test.parameters!;
        const data = randomData(test);
        const wanted = reference(data, channelsOf(data.inputs[0]!, channels), channels, 1e-3, gamma!, beta!);
        const result = runOp(test, data);
        expectClose(result.output, wanted.output, 3e-6);
        expectClose(result.inputGradients[0]!, settled(wanted.inputGradient, data, target), 5e-6);
        expectClose(
          result.parameters[0]!,
          wanted.gammaGradient.map((g, i) => gamma![i]! - g),
          3e-6,
        );
        expectClose(
          result.parameters[1]!,
          wanted.betaGradient.map((g, i) => beta![i]! - g),
          3e-6,
        );
        const without = runOp({ ...test, targets: [null] }, data);
        expect(without.parameters).toEqual(result.parameters);
      }
    }
  });

  it('ends in relu where it is fused with one', () => {
    const test = batchCase([3, 3, 5], 20);
    const data = randomData(test);
    const plain = runOp(test, data).output;
    expect(runOp({ ...test, rectify: true }, data).output).toEqual(plain.map(value => Math.max(0, value)));
  });

  it.each([[false], [true]])('moves the moving statistics once (variance unbiased: %s)', unbiased => {
    const test = batchCase([4, 3, 5], 37, { threads: 3 }, { unbiased });
    const data = randomData(test);
    const { parameters } = runOp(test, data);
    const x = data.inputs[0]!;
    channelsOf(x, 5).forEach((places, channel) => {
      const middle = mean(places.map(i => x[i]!));
      const squares = sum(places.map(i => (x[i]! - middle) ** 2));
      const variance = squares / (places.length - Number(unbiased));
      const [, , oldMean, oldVariance] = test.parameters!;
      expect(parameters[2]![channel]).toBeCloseTo(0.9 * oldMean![channel]! + 0.1 * middle, 6);
      expect(parameters[3]![channel]).toBeCloseTo(0.9 * oldVariance![channel]! + 0.1 * variance, 6);
    });
  });

  it('measures a small deviation around a large mean, also where the first row lies apart', () => {
    const test = batchCase([16, 8, 3], 40, {}, { momentum: 0 });
    const data = randomData(test);
    const rowSize = 8 * 3;
    const inputs = [data.inputs[0]!.map((value, i) => 1000 + value * 0.1 + (i % (16 * rowSize) < rowSize ? 5 : 0))];
    const { parameters } = runOp(test, { ...data, inputs });
    channelsOf(inputs[0]!, 3).forEach((places, channel) => {
      const middle = mean(places.map(i => inputs[0]![i]!));
      const variance = mean(places.map(i => (inputs[0]![i]! - middle) ** 2));
      expect(Math.abs(parameters[2]![channel]! / middle - 1)).toBeLessThan(1e-7);
      expect(Math.abs(parameters[3]![channel]! / variance - 1)).toBeLessThan(1e-6);
    });
  });

  it('goes by the moving statistics while evaluating, and leaves them', () => {
    const test = batchCase([4, 3, 5], 37, { training: false, framed: true });
    const data = randomData(test);
    const [gamma, beta, moving, variance] = test.parameters!;
    const { output, parameters } = runOp(test, data);
    const wanted = data.inputs[0]!.map((x, i) => {
      const channel = i % 5;
      return ((x - moving![channel]!) / Math.sqrt(variance![channel]! + 1e-3)) * gamma![channel]! + beta![channel]!;
    });
    expectClose(output, wanted, 1e-6);
    expect(parameters).toEqual(test.parameters);
  });

  it('can do without γ and β', () => {
    const test = batchCase(
      [4, 3, 5],
      37,
      { parameters: parametersOf(5).slice(2) },
      { gamma: null, beta: null, movingMean: 0, movingVariance: 1 },
    );
    const data = randomData(test);
    const ones = new Float32Array(5).fill(1);
    const wanted = reference(data, channelsOf(data.inputs[0]!, 5), 5, 1e-3, ones, new Float32Array(5));
    const result = runOp(test, data);
    expectClose(result.output, wanted.output, 3e-6);
    expectClose(result.inputGradients[0]!, wanted.inputGradient, 3e-6);
  });

  it('gives the same bits on any number of threads', () => {
    for (const framed of [false, true]) {
      for (const targets of [[everything], [null]]) {
        const test = batchCase([5, 3, 11], 60, { framed, targets });
        const data = randomData(test);
        const one = runOp(test, data);
        for (const threads of [2, 3]) expect(runOp({ ...test, threads }, data)).toEqual(one);
      }
    }
  });
});

function layerCase(
  shape: readonly number[],
  batch: number,
  more: object = {},
  op: object = {},
): OpCase<LayerNormalizationOp> {
  return {
    kind: layerNormalization,
    op: { kind: 'layer-normalization', layer: 'ln', inputs: [0], output: 1, gamma: 0, beta: 1, epsilon: 1e-3, ...op },
    inputShapes: [shape],
    outputShape: shape,
    batch,
    parameters: parametersOf(shape.at(-1)!).slice(0, 2),
    ...more,
  };
}

function pixelsOf(values: Float32Array, channels: number): Groups {
  return Array.from({ length: values.length / channels }, (_, pixel) =>
    Array.from({ length: channels }, (__, channel) => pixel * channels + channel),
  );
}

describe('layer normalisation', () => {
  it.each([
    [[3, 4, 5], 37],
    [[11], 21],
  ])('of %j in a batch of %i, with its gradients, agrees with float64', (shape, batch) => {
    const channels = shape.at(-1)!;
    for (const framed of [false, true]) {
      for (const target of [overwrite, everything]) {
        const test = layerCase(shape, batch, { framed, targets: [target] });
        const [gamma, beta] = test.parameters!;
        const data = randomData(test);
        const wanted = reference(data, pixelsOf(data.inputs[0]!, channels), channels, 1e-3, gamma!, beta!);
        const result = runOp(test, data);
        expectClose(result.output, wanted.output, 4e-6);
        expectClose(result.inputGradients[0]!, settled(wanted.inputGradient, data, target), 2e-5);
        expectClose(
          result.parameters[0]!,
          wanted.gammaGradient.map((g, i) => gamma![i]! - g),
          4e-6,
        );
        expectClose(
          result.parameters[1]!,
          wanted.betaGradient.map((g, i) => beta![i]! - g),
          3e-6,
        );
        expect(runOp({ ...test, targets: [null] }, data).parameters).toEqual(result.parameters);
      }
    }
  });

  it('can do without γ and β', () => {
    const test = layerCase([2, 2, 6], 5, { parameters: [] }, { gamma: null, beta: null });
    const data = randomData(test);
    const ones = new Float32Array(6).fill(1);
    const wanted = reference(data, pixelsOf(data.inputs[0]!, 6), 6, 1e-3, ones, new Float32Array(6));
    const result = runOp(test, data);
    expectClose(result.output, wanted.output, 4e-6);
    expectClose(result.inputGradients[0]!, wanted.inputGradient, 2e-5);
  });

  it('gives the same bits on any number of threads', () => {
    for (const targets of [[everything], [null]]) {
      const test = layerCase([5, 3, 6], 60, { framed: true, targets });
      const data = randomData(test);
      const one = runOp(test, data);
      for (const threads of [2, 3]) expect(runOp({ ...test, threads }, data)).toEqual(one);
    }
  });
});

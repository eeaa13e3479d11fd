import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../../src/models/load';
import { lowerModel } from '../../../../src/training/plan/lower';
import {
  expectedLogits,
  firstTestImage,
  largestDifference,
  logitsOf,
  mnistTarget,
  realCheckpoints,
  realModels,
} from '../../../support/modelLogits';
import { onnxFolder } from '../../../support/onnxFolder';
import {
  channelsLast,
  conv,
  convolution,
  convolved,
  drawn,
  ending,
  floatAttribute,
  floats,
  gemm,
  head,
  headBias,
  image,
  ints,
  target,
  weights,
} from '../../../support/onnxNetworks';

const { folder, write } = onnxFolder();

describe('an ONNX model', () => {
  it('of images means the same with channels last: kernels, bias, batch normalisation, and the layer behind Flatten', async () => {
    const [gamma, beta, mean, variance] = [drawn(4), drawn(4), drawn(4), drawn(4).map(v => v * v + 0.1)];
    const name = write({
      nodes: [
        conv(),
        {
          op: 'BatchNormalization',
          inputs: ['a', 'bn.weight', 'bn.bias', 'bn.mean', 'bn.var'],
          outputs: ['n'],
          more: [floatAttribute('epsilon', 0.001)],
        },
        { op: 'LeakyRelu', inputs: ['n'], outputs: ['b'], more: [floatAttribute('alpha', 0.25)] },
        ...ending,
      ],
      tensors: [
        ...weights,
        ...[gamma, beta, mean, variance].map((v, i) =>
          floats(['bn.weight', 'bn.bias', 'bn.mean', 'bn.var'][i]!, [4], v),
        ),
      ],
    });
    const normalised = convolved.map((v, i) => {
      const c = Math.floor(i / 9);
      const n = ((v - mean[c]!) / Math.sqrt(variance[c]! + 0.001)) * gamma[c]! + beta[c]!;
      return n < 0 ? 0.25 * n : n;
    });
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(normalised, head, headBias))).toBeLessThan(1e-5);
    const loaded = await loadModel(name, folder);
    expect([...loaded.weights!.keys()]).toEqual(
      expect.arrayContaining(['conv/kernel', 'bn/moving_variance', 'fc/kernel', 'fc/bias']),
    );
  });

  it('may have groups, a bias as an Add, and dense layers as MatMul', async () => {
    const grouped = drawn(4 * 9);
    const perFilter = drawn(4);
    const turned = Array.from({ length: 108 }, (_, i) => head[(i % 3) * 36 + Math.floor(i / 3)]!);
    const name = write({
      nodes: [
        conv({ attributes: { pads: [1, 1, 1, 1], strides: [2, 2], group: 2 } }),
        { op: 'Add', inputs: ['a', 'bias'], outputs: ['b'] },
        { op: 'Reshape', inputs: ['b', 'shape'], outputs: ['c'] },
        { op: 'MatMul', inputs: ['c', 'w'], outputs: ['m'] },
        { op: 'Add', inputs: ['v', 'm'], outputs: ['l'] },
        { op: 'LogSoftmax', inputs: ['l'], outputs: ['y'] },
      ],
      tensors: [
        floats('conv.weight', [4, 1, 3, 3], grouped),
        floats('bias', [4, 1, 1], perFilter),
        ints('shape', -1, 36),
        floats('w', [36, 3], turned),
        floats('v', [3], headBias),
      ],
    });
    const x = convolution(image, 5, grouped, [4, 1], 2, 2).map((v, i) => v + perFilter[Math.floor(i / 9)]!);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(x, head, headBias))).toBeLessThan(1e-5);
  });

  it('may take images with channels last and turn them itself, as exports of Keras do', async () => {
    const name = write({
      input: ['N', 5, 5, 2],
      nodes: [
        { op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [0, 3, 1, 2] } },
        conv({ inputs: ['t', 'conv.weight'] }),
        { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [0, 2, 3, 1] } },
        ...ending,
      ],
      tensors: weights,
    });
    const last = Array.from({ length: 36 }, (_, i) => convolved[(i % 4) * 9 + Math.floor(i / 4)]!);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(last, head, headBias))).toBeLessThan(1e-5);
  });

  it('may be residual, take the batch from its input’s shape, and average over height and width', async () => {
    const [same, fc] = [drawn(2 * 2 * 9), drawn(6)];
    const name = write({
      nodes: [
        conv({ attributes: { pads: [1, 1, 1, 1] } }),
        { op: 'Add', inputs: ['x', 'a'], outputs: ['s'] },
        { op: 'Relu', inputs: ['s'], outputs: ['r'] },
        { op: 'ReduceMean', inputs: ['r'], outputs: ['p'], attributes: { axes: [-1, -2], keepdims: 1 } },
        { op: 'Shape', inputs: ['x'], outputs: ['d'], attributes: { start: 0, end: 1 } },
        { op: 'Squeeze', inputs: ['d'], outputs: ['e'] },
        { op: 'Reshape', inputs: ['e', 'one'], outputs: ['n'] },
        { op: 'Shape', inputs: ['x'], outputs: ['whole'] },
        { op: 'Gather', inputs: ['whole', 'one'], outputs: ['rest'] },
        { op: 'Concat', inputs: ['n', 'rest'], outputs: ['shape'], attributes: { axis: 0 } },
        { op: 'Reshape', inputs: ['p', 'shape'], outputs: ['c'] },
        { op: 'Gemm', inputs: ['c', 'fc.weight'], outputs: ['y'], attributes: { transB: 1 } },
      ],
      tensors: [floats('conv.weight', [2, 2, 3, 3], same), ints('one', 1), floats('fc.weight', [3, 2], fc)],
    });
    const sum = convolution(image, 5, same, [2, 2], 1, 1).map((v, i) => Math.max(0, v + image[i]!));
    const pooled = [0, 1].map(c => sum.slice(25 * c, 25 * (c + 1)).reduce((a, b) => a + b, 0) / 25);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(pooled, fc, [0, 0, 0]))).toBeLessThan(1e-5);
  });
});

describe.skipIf(realModels === null)('net.onnx in ../shared/data (skipped where it is absent)', () => {
  it('gives the logits that PyTorch computed', async () => {
    const logits = await logitsOf(realModels!, 'net.onnx', await firstTestImage(), mnistTarget);
    expect(largestDifference(logits, expectedLogits())).toBeLessThan(1e-4);
  });
});

describe.skipIf(realCheckpoints === null)('mnist.onnx of MNISTWeb (skipped where it is absent)', () => {
  it('is read with its weights', async () => {
    const loaded = await loadModel('mnistweb/mnist.onnx', realCheckpoints!);
    expect(lowerModel(loaded, mnistTarget).parameters.length).toBeGreaterThan(0);
  });
});

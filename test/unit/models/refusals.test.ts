/** What people read whose graphs no plan covers. */
import { describe, expect, it } from 'vitest';
import type { KerasTopology } from '../../../src/models/topology';
import { lowerModel, type LoweringTarget } from '../../../src/training/plan/lower';
import { dense, graph, layer, modelOf, sequential, type LayerJson } from './topologies';

const inputShape = [7, 6, 4] as const;
const target: LoweringTarget = { inputShape, classes: 3, loss: 'cross-entropy' };
const flatten = layer('Flatten');
const end = [flatten, dense('out', 3)];
const conv = (config: object): LayerJson =>
  layer('Conv2D', { name: 'conv', filters: 5, kernel_size: [3, 3], ...config });
const depthwise = (config: object): LayerJson =>
  layer('DepthwiseConv2D', { name: 'dw', kernel_size: [3, 3], ...config });

describe('refusing', () => {
  const branching = (nodes: readonly (readonly [LayerJson, readonly string[]])[]): KerasTopology =>
    graph(inputShape, nodes);

  it.each<[string, readonly LayerJson[], RegExp]>([
    [
      'channels first',
      [conv({ data_format: 'channels_first' })],
      /"conv" \(Conv2D\): data_format must be "channels_last"/,
    ],
    [
      'a kernel larger than the image',
      [conv({ kernel_size: 8 })],
      /"conv": a window of 8×8 does not fit on images of 7×6/,
    ],
    ['groups that do not divide', [conv({ groups: 3 })], /"conv" has 3 groups.*4 input channels.*5 filters/],
    ['strides with dilation', [conv({ strides: 2, dilation_rate: 2 })], /strides and a dilation_rate over 1/],
    [
      'a convolution of flat examples',
      [layer('Flatten', { name: 'flat' }), conv({})],
      /"conv" takes images.*shape \[168\]/,
    ],
    ['causal padding', [conv({ padding: 'causal' })], /padding must be "valid" or "same"/],
    ['another axis', [layer('BatchNormalization', { axis: 1 })], /along axis 1 .*the last axis \(-1\) only/],
    ['root mean square', [layer('LayerNormalization', { rms_scaling: true })], /rms_scaling is not covered/],
    [
      'a regulariser',
      [depthwise({ depthwise_regularizer: { class_name: 'L2' } })],
      /depthwise_regularizer is not covered/,
    ],
    [
      'negative padding',
      [layer('ZeroPadding2D', { padding: -1 })],
      /padding must be a whole number from 0 to 10000, \[rows/,
    ],
    [
      'hard sigmoid of Keras 2',
      [layer('Activation', { activation: 'hardSigmoid' })],
      /hard_sigmoid, which is that of Keras 2 and TensorFlow.js/,
    ],
  ])('%s', (_, layers, text) => {
    expect(() => lowerModel(modelOf(sequential(inputShape, [...layers, ...end])), target)).toThrow(text);
  });

  const sum = layer('Add', { name: 'sum' });
  it.each<[string, KerasTopology, RegExp]>([
    [
      'shapes that cannot be added',
      branching([
        [conv({}), ['in']],
        [sum, ['conv', 'in']],
        [flatten, ['sum']],
        [dense('out', 3), ['flatten']],
      ]),
      /"sum" adds examples of different shapes, \[5, 4, 5\] and \[7, 6, 4\]/,
    ],
    [
      'images of different sizes joined',
      branching([
        [conv({}), ['in']],
        [layer('Concatenate', { name: 'both' }), ['conv', 'in']],
        [flatten, ['both']],
        [dense('out', 3), ['flatten']],
      ]),
      /"both" joins examples of shapes \[5, 4, 5\] and \[7, 6, 4\]/,
    ],
    [
      'a circle',
      branching([
        [sum, ['in', 'flatten']],
        [flatten, ['sum']],
        [dense('out', 3), ['flatten']],
      ]),
      /"sum", "flatten", "out" feed each other in a circle/,
    ],
    [
      'a layer that is not there',
      branching([
        [sum, ['in', 'gone']],
        [flatten, ['sum']],
        [dense('out', 3), ['flatten']],
      ]),
      /layer "sum" takes what layer "gone" makes, but the model has no such layer/,
    ],
    [
      'several inputs',
      branching([
        [layer('InputLayer', { name: 'other', batch_input_shape: [null, 7, 6, 4] }), []],
        [sum, ['in', 'other']],
        [flatten, ['sum']],
        [dense('out', 3), ['flatten']],
      ]),
      /several inputs, "in", "other"/,
    ],
    [
      'two inputs for a layer of one',
      branching([
        [conv({}), ['in', 'in']],
        [flatten, ['conv']],
        [dense('out', 3), ['flatten']],
      ]),
      /"conv" \(Conv2D\) takes one input, but 2 layers feed it/,
    ],
    [
      'a sum of one',
      branching([
        [sum, ['in']],
        [flatten, ['sum']],
        [dense('out', 3), ['flatten']],
      ]),
      /"sum" needs two inputs or more/,
    ],
  ])('%s', (_, topology, text) => {
    expect(() => lowerModel(modelOf(topology), target)).toThrow(text);
  });
});

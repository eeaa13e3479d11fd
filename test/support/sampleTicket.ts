/** A ticket of a small network, as the store gives it: half of its weights are pruned. */
import type { Ticket } from '../../src/export/ticket';
import { initialWeights } from '../../src/models/weights';
import { conv2d, dense, Graph, maxPooling, plain, relu, torchUniform, zeros } from '../../src/models/builtins/json';
import type { KerasTopology } from '../../src/models/topology';
import { lowerModel } from '../../src/training/plan/lower';

const initial = { kernel: torchUniform(9), bias: torchUniform(9) };

/**
 * Images of 8 × 6 pixels with 2 channels through a convolution of stride 2 with zeros around, a residual block with
 * normalisations and a depthwise convolution, a pool, and dense layers behind a flattened image.
 */
export const sampleTopology = (): KerasTopology => {
  const graph = new Graph([8, 6, 2]);
  const conv = graph.add(
    conv2d('stem', 4, { size: 3, stride: 2, padding: 'same', activation: 'relu', ...initial }),
    'input',
  );
  const norm = graph.add({ class_name: 'BatchNormalization', config: { name: 'norm', axis: -1, epsilon: 1e-3 } }, conv);
  const deep = graph.add(
    {
      class_name: 'DepthwiseConv2D',
      config: { name: 'deep', kernel_size: [3, 3], padding: 'same', depth_multiplier: 1, bias_initializer: zeros },
    },
    norm,
  );
  const sum = graph.add(plain('Add', 'sum'), conv, deep);
  const active = graph.add(relu('active'), sum);
  const pool = graph.add(maxPooling('pool'), active);
  const flat = graph.add(plain('Flatten', 'flatten'), pool);
  const hidden = graph.add(dense('hidden', 5, 'tanh', initial), flat);
  graph.add(dense('output', 3, 'softmax', initial), hidden);
  return graph.topology('sample');
};

export const sampleTarget = { inputShape: [8, 6, 2], classes: 3, loss: 'cross-entropy' } as const;

/** @param seed another one, other weights and another mask */
export function sampleTicket(
  topology = sampleTopology(),
  seed = 1,
  target: typeof sampleTarget = sampleTarget,
): Ticket {
  const network = lowerModel({ topology: () => topology }, target);
  const masks = network.parameters.map(({ prunable, size }) =>
    prunable ? Uint8Array.from({ length: size }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 16) & 1) : null,
  );
  const masked = (weights: readonly Float32Array[]): Float32Array[] =>
    weights.map((values, i) => values.map((value, j) => (masks[i]?.[j] === 0 ? 0 : value)));
  const trained = initialWeights(network, seed + 1).map((values, i) =>
    // biases that are all 0 would hide one that went astray; variances stay positive
    network.parameters[i]!.prunable ? values : values.map((value, j) => value + 0.25 + j / 16),
  );
  return {
    network,
    topology,
    start: masked(initialWeights(network, seed)),
    trained: masked(trained),
    masks,
    provenance: { version: '0.1.0', experiment: 'sample', run: '0'.repeat(32), level: '2' },
  };
}

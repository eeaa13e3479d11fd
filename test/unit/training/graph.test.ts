/** Whole networks: random graphs against the references, and the same bits on any number of threads. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { ByteMasks } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { between, randomGraph, randomWeights } from '../../support/randomNetworks';
import { type Flow, TestGraph } from '../../support/testGraph';
import { expectAgreement, imageData, type Network, planOfNetwork } from './agreement';
import { adam, randomMask, setupOf } from './support';

const classes = 5;

/** Three stages of one block each, with projections where the shape changes, as in ResNet-20. */
function smallResNet(): Network {
  const graph = new TestGraph([9, 8, 3]);
  const normalized = (x: Flow): Flow => graph.same('BatchNormalization', x, { momentum: 0.9 });
  const convolution = (x: Flow, filters: number, kernel: number, stride: number): Flow =>
    normalized(
      graph.conv(x, filters, { kernel: [kernel, kernel], strides: [stride, stride], padding: 'same', bias: false }),
    );
  const relu = (x: Flow): Flow => graph.same('ReLU', x);
  const block = (x: Flow, filters: number, stride: number): Flow => {
    const main = convolution(relu(convolution(x, filters, 3, stride)), filters, 3, 1);
    const shortcut = stride === 1 ? x : convolution(x, filters, 1, stride);
    return relu(graph.add([main, shortcut]));
  };
  const stem = relu(convolution(graph.input, 6, 3, 1));
  const body = block(block(block(stem, 6, 1), 10, 2), 12, 2);
  return { graph, output: graph.dense(graph.globalPool(body, 'GlobalAveragePooling2D'), classes, 'softmax') };
}

describe('random graphs of layers', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'agree with the references: seed %d',
    async seed => {
      const random = new Random(seed, 'graphs');
      await expectAgreement({
        network: randomGraph(classes, random),
        classes,
        random,
        batch: between(random, 3, 20),
        test: between(random, 2, 35),
        threads: between(random, 1, 3),
        loss: 'cross-entropy',
        densities: [1, 0.5, 0.1],
      });
    },
    60_000,
  );
});

describe('a small ResNet', () => {
  const network = smallResNet();
  const plan = planOfNetwork(network, classes);

  it('agrees with the references', async () => {
    await expectAgreement({
      network,
      classes,
      random: new Random('resnet'),
      batch: 19,
      test: 7,
      threads: 2,
      loss: 'cross-entropy',
      densities: [1, 0.2],
    });
  }, 60_000);

  it.each([1, 0.3, 0.05])(
    'gives the same bits on 1, 2 and 3 threads, density %d',
    async density => {
      const random = new Random('threads', density);
      // batches of 23, and a smaller one at the end of each epoch: no multiples of 16
      const data = imageData(random, network.graph.inputShape, classes, { training: 57, test: 41 });
      const masks = plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null));
      const weights = randomWeights(plan.parameters, random);
      const trained = async (threads: number, masksOf: ByteMasks) => {
        const executor = await createWasmExecutor(data, { threads });
        try {
          const session = await executor.open(
            setupOf(plan, weights, { masks: masksOf, optimizer: adam, batchSize: 23, orderSeed: 3 }),
          );
          const { loss } = await session.train(7);
          const evaluation = await session.evaluate('test');
          return { loss, weights: await session.weights(), test: evaluation!.loss, accuracy: evaluation!.accuracy };
        } finally {
          await executor.close();
        }
      };
      const one = await trained(1, masks);
      for (const threads of [2, 3]) expect(await trained(threads, masks), `${String(threads)} threads`).toEqual(one);
      const revived = one.weights.flatMap((values, p) => [...values.filter((v, i) => masks[p]?.[i] === 0 && v !== 0)]);
      expect(revived).toHaveLength(0);
    },
    60_000,
  );
});

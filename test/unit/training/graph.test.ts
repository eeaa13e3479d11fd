/** Whole networks: random graphs against the references, and the same bits on any number of threads. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { ByteMasks } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { analyze } from '../../../src/training/wasm/graph';
import { defersUpdates } from '../../../src/training/wasm/liveness';
import { facts } from '../../../src/training/wasm/ops';
import { planUpdates } from '../../../src/training/wasm/updateTimes';
import { between, randomGraph, randomWeights } from '../../support/randomNetworks';
import { type Flow, TestGraph } from '../../support/testGraph';
import { expectAgreement, imageData, type Network, planOfNetwork } from './agreement';
import { adam, randomMask, setupOf } from './support';

const classes = 5;

/** Three stages of one block each, with projections where the shape changes, as in ResNet-20. */
function smallResNet(height: number, width: number, bend: 'ReLU' | 'tanh' = 'ReLU'): Network {
  const graph = new TestGraph([height, width, 3]);
  const normalized = (x: Flow): Flow => graph.same('BatchNormalization', x, { momentum: 0.9 });
  const convolution = (x: Flow, filters: number, kernel: number, stride: number): Flow =>
    normalized(
      graph.conv(x, filters, { kernel: [kernel, kernel], strides: [stride, stride], padding: 'same', bias: false }),
    );
  const bent = (x: Flow): Flow =>
    bend === 'ReLU' ? graph.same('ReLU', x) : graph.same('Activation', x, { activation: bend });
  const block = (x: Flow, filters: number, stride: number): Flow => {
    const main = convolution(bent(convolution(x, filters, 3, stride)), filters, 3, 1);
    const shortcut = stride === 1 ? x : convolution(x, filters, 1, stride);
    return bent(graph.add([main, shortcut]));
  };
  const stem = bent(convolution(graph.input, 6, 3, 1));
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
  const network = smallResNet(9, 8);
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

describe('a ResNet whose gradients are too many to keep all of them to the end of the step', () => {
  const batch = 33;
  // tanh: among millions of values some would lie on the other side of relu's bend in double precision
  const network = smallResNet(48, 47, 'tanh');
  // plain TensorFlow.js would take a minute
  network.graph.inTensorFlow = false;
  const plan = planOfNetwork(network, classes);

  it('updates each layer on the way back', () => {
    const graph = analyze(plan, facts);
    const updates = planUpdates(graph, facts, defersUpdates(graph, Math.ceil(batch / 16)));
    const onTheWay = updates.stops.flatMap(({ before, within }) => [...before, ...within]);
    expect(onTheWay.length).toBeGreaterThan(updates.atEnd.length);
  });

  it('agrees with the reference', async () => {
    const random = new Random('large gradients');
    await expectAgreement({
      network,
      classes,
      random,
      batch,
      test: 7,
      threads: 2,
      loss: 'cross-entropy',
      densities: [1],
    });
  }, 60_000);

  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const random = new Random('large gradients');
    const data = imageData(random, network.graph.inputShape, classes, { training: 2 * batch, test: 9 });
    const masks = plan.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.3) : null));
    const weights = randomWeights(plan.parameters, random);
    const trained = async (threads: number): Promise<unknown> => {
      const executor = await createWasmExecutor(data, { threads });
      try {
        const session = await executor.open(setupOf(plan, weights, { masks, optimizer: adam, batchSize: batch }));
        const { loss } = await session.train(3);
        return { loss, weights: await session.weights(), test: await session.evaluate('test').then(e => e!.loss) };
      } finally {
        await executor.close();
      }
    };
    const one = await trained(1);
    for (const threads of [2, 3]) expect(await trained(threads), `${String(threads)} threads`).toEqual(one);
  }, 60_000);
});

/** Every kind of layer on random shapes, dense and masked: kernels of the device against the references. */
import { describe, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { around, between, imageLayers, randomGraph } from '../../../support/randomNetworks';
import { TestGraph } from '../../../support/testGraph';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { expectAgreement, smallTrial } from '../agreement';

const options = { timeout: 120_000 };

describe.skipIf(!webGpu)('gradients, losses and statistics on the device agree with the references', options, () => {
  it.each(['linear', 'relu', 'sigmoid', 'softmax'])('in dense layers, %s', async name => {
    const random = new Random('dense', name);
    for (const loss of ['cross-entropy', 'mean-squared-error'] as const) {
      const graph = new TestGraph([between(random, 3, 90)]);
      const classes = between(random, 2, 20);
      const hidden = graph.dense(graph.input, between(random, 3, 70), name);
      const output = graph.dense(
        graph.dense(hidden, 5, 'relu'),
        classes,
        loss === 'cross-entropy' ? 'linear' : 'sigmoid',
      );
      const [batch, test] = [between(random, 3, 70), between(random, 2, 35)];
      const network = { graph, output };
      await expectAgreement({
        ...{ network, classes, random, batch, test, loss },
        threads: 1,
        densities: [1, 0.3],
        create: createExecutor,
      });
    }
  });

  it.each(Object.entries(imageLayers))('around %s', async (name, layer) => {
    const random = new Random(1, 'webgpu', name);
    const classes = between(random, 2, 6);
    await expectAgreement({
      ...smallTrial(around(layer, classes, random), classes, random),
      densities: [1, 0.5],
      create: createExecutor,
    });
  });

  it('in random graphs', async () => {
    for (let seed = 0; seed < 4; seed++) {
      const random = new Random(seed, 'webgpu graphs');
      const classes = between(random, 2, 6);
      await expectAgreement({
        ...smallTrial(randomGraph(classes, random), classes, random),
        densities: [1, 0.5],
        create: createExecutor,
      });
    }
  });

  it('where the batch is large enough for larger tiles and for sums shared between workgroups', async () => {
    const random = new Random('tiles');
    const graph = new TestGraph([16, 16, 3]);
    const wide = graph.conv(graph.input, 34, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    const narrow = graph.conv(wide, 4, { kernel: [1, 1] });
    const spread = graph.depthwise(narrow, 1, { kernel: [3, 3], padding: 'same' });
    const output = graph.dense(graph.globalPool(spread, 'GlobalAveragePooling2D'), 3, 'linear');
    await expectAgreement({
      network: { graph, output },
      classes: 3,
      random,
      batch: 25,
      test: 5,
      threads: 1,
      loss: 'cross-entropy',
      densities: [1],
      create: createExecutor,
    });
  });

  it('where a sum is so long that workgroups share it, in all three products', async () => {
    const random = new Random('long sums');
    const graph = new TestGraph([7]);
    const narrow = graph.dense(graph.input, 5, 'relu');
    const output = graph.dense(graph.dense(narrow, 2100, 'tanh'), 4, 'linear');
    await expectAgreement({
      network: { graph, output },
      classes: 4,
      random,
      batch: 9,
      test: 3,
      threads: 1,
      loss: 'cross-entropy',
      densities: [1, 0.5],
      create: createExecutor,
    });
  });
});

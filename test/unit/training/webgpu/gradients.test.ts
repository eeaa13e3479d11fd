/** Every kind of layer on random shapes, dense and masked: kernels of the device against the references. */
import { describe, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { between } from '../../../support/randomNetworks';
import { TestGraph } from '../../../support/testGraph';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { expectAgreement } from '../agreement';

describe.skipIf(!webGpu)('gradients and losses on the device', () => {
  it.each(['linear', 'relu', 'tanh', 'sigmoid', 'softmax', 'gelu'])(
    'agree with the references: dense, %s',
    async name => {
      const random = new Random('dense', name);
      for (const loss of ['cross-entropy', 'mean-squared-error'] as const) {
        const graph = new TestGraph([between(random, 3, 90)]);
        const classes = between(random, 2, 20);
        const hidden = graph.dense(graph.input, between(random, 3, 70), name);
        const output = graph.dense(graph.dense(hidden, 5, 'relu'), classes, 'linear');
        await expectAgreement({
          network: { graph, output },
          classes,
          random,
          batch: between(random, 3, 70),
          test: between(random, 2, 35),
          threads: 1,
          loss,
          densities: [1, 0.3],
          create: createExecutor,
        });
      }
    },
  );
});

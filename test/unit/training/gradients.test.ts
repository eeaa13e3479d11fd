/** Kernels against TensorFlow.js' autodiff and against finite differences: one SGD step of rate 1 shows the gradient. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { Plan } from '../../../src/training/plan/plan';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { finiteDifferences, forward64, loss64 } from '../../support/float64Reference';
import { TfReference } from '../../support/tfReference';
import { dense, floatData, type LayerSpec, planOf, randomMask, randomValues, sequential, setupOf } from './support';

interface Case {
  readonly plan: Plan;
  readonly topology: ReturnType<typeof sequential>;
  readonly weights: Float32Array[];
  readonly masks: (Uint8Array | null)[];
  readonly inputs: number;
  readonly classes: number;
  readonly batch: number;
  readonly random: Random;
}

/** Gradient of every parameter by the executor on the first batch, and the batch itself. */
async function executorGradients(testCase: Case, threads: number) {
  const { plan, weights, masks, inputs, classes, batch, random } = testCase;
  const data = floatData(random, inputs, classes, { training: batch, validation: 0, test: 0 });
  const executor = await createWasmExecutor(data, { threads });
  try {
    const session = await executor.open(setupOf(plan, weights, { masks, batchSize: batch }));
    const before = await session.weights();
    const { loss } = await session.train(1);
    const after = await session.weights();
    await session.close();
    const gradients = before.map((values, p) => values.map((value, i) => value - after[p]![i]!));
    return {
      loss: loss!,
      gradients,
      batch: { inputs: data.training.inputs as Float32Array, labels: data.training.labels },
    };
  } finally {
    await executor.close();
  }
}

function makeCase(
  seed: number,
  inputs: number,
  layers: readonly LayerSpec[],
  classes: number,
  batch: number,
  density: number,
  loss: Plan['loss'],
): Case {
  const random = new Random(seed, 'gradients');
  const topology = sequential(inputs, layers);
  const plan = planOf(topology, inputs, classes, loss);
  const masks = plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null));
  const weights = plan.parameters.map((p, i) => {
    const values = randomValues(random, p.size, p.role === 'kernel' ? 1 / Math.sqrt(p.shape[0]!) : 0.1);
    return values.map((value, j) => (masks[i]?.[j] === 0 ? 0 : value));
  });
  return { plan, topology, weights, masks, inputs, classes, batch, random };
}

/** The step subtracts the gradient from a weight in single precision: that rounding, and the kernel's own. */
function expectClose(actual: Float32Array, expected: ArrayLike<number>, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-3);
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs(actual[i]! - value) / scale, `${name}[${String(i)}]`).toBeLessThan(2e-4);
  });
}

const activationLayer = fc.constantFrom<LayerSpec | null>(
  null,
  { className: 'Activation', config: { activation: 'tanh' } },
  { className: 'Activation', config: { activation: 'sigmoid' } },
  { className: 'LeakyReLU', config: { alpha: 0.2 } },
  { className: 'ReLU', config: {} },
  { className: 'Softmax', config: {} },
);
const denseActivation = fc.constantFrom('linear', 'relu', 'tanh', 'sigmoid', 'softmax');

const shapes = fc.record({
  seed: fc.nat(1_000_000),
  inputs: fc.integer({ min: 1, max: 37 }),
  hidden: fc.array(
    fc.record({
      units: fc.integer({ min: 1, max: 23 }),
      activation: denseActivation,
      extra: activationLayer,
      bias: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  classes: fc.integer({ min: 2, max: 11 }),
  batch: fc.integer({ min: 1, max: 50 }),
  density: fc.constantFrom(1, 0.7, 0.3, 0.05),
  loss: fc.constantFrom<Plan['loss']>('cross-entropy', 'mean-squared-error'),
  threads: fc.integer({ min: 1, max: 3 }),
});

describe('gradients of training plans', () => {
  it('agree with TensorFlow.js autodiff on random networks, dense and masked', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, inputs, hidden, classes, batch, density, loss, threads }) => {
        const layers = hidden.flatMap(({ units, activation, extra, bias }) => [
          dense(units, activation, bias),
          ...(extra ? [extra] : []),
        ]);
        const testCase = makeCase(seed, inputs, [...layers, dense(classes)], classes, batch, density, loss);
        const ours = await executorGradients(testCase, threads);
        const reference = await TfReference.create(testCase.topology, testCase.plan, testCase.weights);
        try {
          const theirs = reference.gradients(ours.batch);
          expect(ours.loss).toBeCloseTo(theirs.loss, 4);
          testCase.plan.parameters.forEach((parameter, i) => {
            const mask = testCase.masks[i];
            const expected = theirs.gradients[i]!.map((value, j) => (mask?.[j] === 0 ? 0 : value));
            expectClose(ours.gradients[i]!, expected, parameter.name);
          });
        } finally {
          reference.dispose();
        }
      }),
      { numRuns: 40, seed: 20190309 },
    );
  }, 120_000);

  it.each<[string, LayerSpec[]]>([
    ['relu', [dense(5, 'relu')]],
    ['tanh', [dense(5, 'tanh')]],
    ['sigmoid', [dense(5, 'sigmoid')]],
    ['leaky relu', [dense(5), { className: 'LeakyReLU', config: { alpha: 0.3 } }]],
    ['softmax', [dense(5, 'softmax')]],
    ['an activation before any weight', [{ className: 'Activation', config: { activation: 'tanh' } }]],
  ])('agree with finite differences: %s', async (_, layers) => {
    for (const loss of ['cross-entropy', 'mean-squared-error'] as const) {
      const testCase = makeCase(7, 6, [...layers, dense(4, 'relu'), dense(3)], 3, 9, 1, loss);
      const ours = await executorGradients(testCase, 2);
      const expected = finiteDifferences(testCase.plan, testCase.weights, ours.batch);
      testCase.plan.parameters.forEach((parameter, i) => {
        expectClose(ours.gradients[i]!, expected[i]!, parameter.name);
      });
    }
  });
});

describe('evaluation', () => {
  it('gives the loss and accuracy of a split whose size is no multiple of a panel', async () => {
    const testCase = makeCase(3, 13, [dense(9, 'tanh'), dense(5)], 5, 10, 1, 'cross-entropy');
    const data = floatData(new Random('evaluation'), 13, 5);
    const executor = await createWasmExecutor(data, { threads: 2 });
    try {
      const session = await executor.open(setupOf(testCase.plan, testCase.weights));
      const evaluation = await session.evaluate('test');
      const inputs = data.test.inputs as Float32Array;
      const outputs = forward64(testCase.plan, testCase.weights, inputs);
      const hits = Array.from(data.test.labels).filter((label, n) => {
        const row = Array.from(outputs.subarray(n * 5, n * 5 + 5));
        return row.indexOf(Math.max(...row)) === label;
      });
      expect(evaluation!.loss).toBeCloseTo(
        loss64(testCase.plan, testCase.weights, { inputs, labels: data.test.labels }),
        5,
      );
      expect(evaluation!.accuracy).toBe(hits.length / data.test.count);
      await session.close();
    } finally {
      await executor.close();
    }
  });
});

/** The same start, order and draws on wasm and on TensorFlow.js: losses agree, and so do the masks of one prune. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import { drawDigits } from '../../../../src/data/digits';
import { pruneByMagnitude } from '../../../../src/lottery/magnitude';
import { Mask } from '../../../../src/lottery/mask';
import { builtinModel } from '../../../../src/models/builtins';
import { initialWeights } from '../../../../src/models/weights';
import { Random } from '../../../../src/shared/random';
import { lowerModel } from '../../../../src/training/plan/lower';
import type { Plan } from '../../../../src/training/plan/plan';
import { noRegularization, type ExecutorFactory, type TrainingSetup } from '../../../../src/training/trainer';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import { createWasmExecutor } from '../../../../src/training/wasm/executor';
import { TestGraph } from '../../../support/testGraph';
import { backends } from '../../../support/tfjs';
import { imageData, planOfNetwork } from '../agreement';
import { adam, randomMask, setupOf } from '../support';

const onWasm: ExecutorFactory = data => createWasmExecutor(data, { threads: 2 });

interface Trained {
  /** Mean of the last step's batch. */
  readonly loss: number;
  readonly testLoss: number;
  readonly accuracy: number;
  readonly weights: readonly Float32Array[];
}

async function train(create: ExecutorFactory, data: DataSet, setup: TrainingSetup, steps: number): Promise<Trained> {
  const executor = await create(data);
  try {
    const session = await executor.open(setup);
    await session.train(steps - 1);
    const { loss } = await session.train(steps);
    const evaluation = await session.evaluate('test');
    const weights = await session.weights();
    await session.close();
    return { loss: loss!, testLoss: evaluation!.loss, accuracy: evaluation!.accuracy, weights };
  } finally {
    await executor.close();
  }
}

/** Share of the prunable weights on which the masks of one round at rate 0.2 differ. */
function differing(plan: Plan, one: readonly Float32Array[], other: readonly Float32Array[]): number {
  const [a, b] = [one, other].map(weights =>
    pruneByMagnitude(
      plan.parameters.flatMap(({ prunable, layer: name, size }, i) =>
        prunable ? [{ name, output: false, weights: weights[i]!, mask: Mask.ones(size) }] : [],
      ),
      { scope: 'layer', rate: 0.2, outputRate: 0.2, exclude: [], counts: 'exact' },
    ),
  ) as [Mask[], Mask[]];
  const sizes = a.reduce((sum, { size }) => sum + size, 0);
  const places = a.reduce((sum, mask, i) => {
    const theirs = b[i]!.toBytes();
    return sum + mask.toBytes().reduce((count, bit, at) => count + Number(bit !== theirs[at]), 0);
  }, 0);
  return places / sizes;
}

function digits(): DataSet {
  const nothing = { count: 0, inputs: new Uint8Array(0), labels: new Uint8Array(0) };
  return {
    name: 'digits',
    inputShape: [28, 28, 1],
    task: 'classification',
    classes: 10,
    training: drawDigits('training', 2000),
    validation: nothing,
    test: drawDigits('test', 200),
    mean: [0.13],
    std: [0.31],
    fingerprint: '',
  };
}

describe.each(backends)('wasm and $name agree', { timeout: 120_000 }, backend => {
  const onTensorFlow: ExecutorFactory = data => Promise.resolve(createTfExecutor(data, backend));

  // by hand all 200 steps of the issue were run on both (docs/architecture.md); the plain backend takes too long for CI
  it('on LeNet-300-100 by Adam, 20 steps', async () => {
    const data = digits();
    const { inputShape, classes } = data;
    const plan = lowerModel(builtinModel('lenet-300-100'), { inputShape, classes, loss: 'cross-entropy' });
    const optimizer = { ...adam, learningRate: 0.0012, weightDecay: 0 };
    const setup = setupOf(plan, initialWeights(plan, 1), { optimizer, batchSize: 60, orderSeed: 1, totalSteps: 200 });
    const [ours, theirs] = [await train(onTensorFlow, data, setup, 20), await train(onWasm, data, setup, 20)];
    expect(Math.abs(ours.loss / theirs.loss - 1)).toBeLessThan(1e-3);
    expect(Math.abs(ours.testLoss / theirs.testLoss - 1)).toBeLessThan(1e-3);
    expect(differing(plan, ours.weights, theirs.weights)).toBeLessThan(1e-3);
  });

  it('on two convolutions of 8 and 16 channels, batch 16, 20 steps', async () => {
    const data = digits();
    const graph = new TestGraph(data.inputShape);
    const first = graph.conv(graph.input, 8, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    const pooled = graph.pool(first, 'MaxPooling2D', [2, 2], [2, 2], 'valid');
    const second = graph.conv(pooled, 16, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    const flat = graph.flatten(graph.pool(second, 'MaxPooling2D', [2, 2], [2, 2], 'valid'));
    const plan = planOfNetwork({ graph, output: graph.dense(flat, 10, 'softmax') }, 10);
    const setup = setupOf(plan, initialWeights(plan, 1), { optimizer: adam, batchSize: 16, orderSeed: 1 });
    const [ours, theirs] = [await train(onTensorFlow, data, setup, 20), await train(onWasm, data, setup, 20)];
    expect(Math.abs(ours.loss / theirs.loss - 1)).toBeLessThan(1e-3);
    expect(differing(plan, ours.weights, theirs.weights)).toBeLessThan(1e-3);
  });

  it('on what is dropped, cropped and mirrored, with weights of classes, smoothing and batches that end an epoch', async () => {
    const random = new Random('draws');
    const data = imageData(random, [6, 5, 3], 4, { training: 45, test: 19 });
    const graph = new TestGraph([6, 5, 3]);
    const images = graph.same('Dropout', graph.conv(graph.input, 5, { kernel: [3, 3], activation: 'tanh' }), {
      rate: 0.3,
    });
    const hidden = graph.same('Dropout', graph.dense(graph.flatten(images), 21, 'tanh'), { rate: 0.6 });
    const plan = planOfNetwork({ graph, output: graph.dense(hidden, 4) }, 4);
    const setup = setupOf(plan, initialWeights(plan, 3), {
      optimizer: adam,
      masks: plan.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.6) : null)),
      batchSize: 19,
      orderSeed: 7,
      regularization: { ...noRegularization, labelSmoothing: 0.1, augmentation: { crop: 2, flip: true } },
      classWeights: [0.5, 2, 1, 0.25],
    });
    const [ours, theirs] = [await train(onTensorFlow, data, setup, 7), await train(onWasm, data, setup, 7)];
    expect(ours.loss).toBeCloseTo(theirs.loss, 4);
    expect(ours.testLoss).toBeCloseTo(theirs.testLoss, 4);
    expect(ours.accuracy).toBe(theirs.accuracy);
  });

  it('on targets of a regression', async () => {
    const random = new Random('regression');
    const { training, ...images } = imageData(random, [4, 4, 1], 3, { training: 30, test: 0 });
    const targets = Float32Array.from({ length: 90 }, () => random.nextGaussian());
    const regression: DataSet = {
      ...images,
      task: 'regression',
      training: { ...training, labels: targets },
      test: { ...training, labels: targets },
    };
    const graph = new TestGraph([4, 4, 1]);
    const plan = planOfNetwork({ graph, output: graph.dense(graph.flatten(graph.input), 3) }, 3, 'mean-squared-error');
    const setup = setupOf(plan, initialWeights(plan, 3), { optimizer: adam, batchSize: 12, orderSeed: 7 });
    const [ours, theirs] = [await train(onTensorFlow, regression, setup, 7), await train(onWasm, regression, setup, 7)];
    expect(ours.loss).toBeCloseTo(theirs.loss, 5);
    expect(ours.testLoss).toBeCloseTo(theirs.testLoss, 5);
  });
});

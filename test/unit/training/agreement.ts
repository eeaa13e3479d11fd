/** Holds a network on an executor against its references: one SGD step of rate 1 shows the gradient. */
import { expect } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import type { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import type { Plan } from '../../../src/training/plan/plan';
import type { ByteMasks, ExecutorFactory, TrainingSession } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { gradients64, loss64, type ReferenceBatch } from '../../support/float64Reference';
import { between, randomWeights } from '../../support/randomNetworks';
import type { Flow, TestGraph } from '../../support/testGraph';
import { TfReference } from '../../support/tfReference';
import { randomMask, randomValues, setupOf } from './support';

export interface Network {
  readonly graph: TestGraph;
  readonly output: Flow;
}

export interface Trial {
  readonly network: Network;
  readonly classes: number;
  readonly random: Random;
  /** Examples of the batch and of the test split. */
  readonly batch: number;
  readonly test: number;
  /** Of the wasm executor. */
  readonly threads: number;
  readonly loss: Plan['loss'];
  /** Shares of each kernel's weights that are kept; 1: no mask. */
  readonly densities: readonly number[];
  /** Default: the wasm executor. */
  readonly create?: ExecutorFactory;
}

export function planOfNetwork({ graph, output }: Network, classes: number, loss: Plan['loss'] = 'cross-entropy'): Plan {
  const topology = graph.topology(output);
  return lowerModel({ topology: () => topology }, { inputShape: graph.inputShape, classes, loss });
}

/** Standardised floats of any shape. */
export function imageData(
  random: Random,
  inputShape: readonly number[],
  classes: number,
  counts: { readonly training: number; readonly test: number },
): DataSet {
  const features = inputShape.reduce((product, n) => product * n, 1);
  const channels = inputShape.at(-1)!;
  const split = (count: number) => ({
    count,
    inputs: randomValues(random, count * features),
    labels: Int32Array.from({ length: count }, () => random.nextBelow(classes)),
  });
  return {
    name: 'random',
    inputShape,
    task: 'classification',
    classes,
    training: split(counts.training),
    validation: split(0),
    test: split(counts.test),
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    fingerprint: 'random',
  };
}

export function batchOf(data: DataSet, split: 'training' | 'test'): ReferenceBatch & { inputs: Float32Array } {
  const { inputs, labels } = data[split];
  return { inputs: inputs as Float32Array, labels };
}

/** With a batch and a test split of a few examples, which are drawn after the network. */
export function smallTrial(
  network: Network,
  classes: number,
  random: Random,
): Pick<Trial, 'network' | 'classes' | 'random' | 'batch' | 'test' | 'threads' | 'loss'> {
  const [batch, test] = [between(random, 3, 20), between(random, 2, 35)];
  return { network, classes, random, batch, test, threads: 1, loss: 'cross-entropy' };
}

/** Trains one step and evaluates, at each density, and compares all of it. */
export async function expectAgreement(trial: Trial): Promise<void> {
  const { network, classes, random, densities, loss } = trial;
  const plan = planOfNetwork(network, classes, loss);
  const data = imageData(random, network.graph.inputShape, classes, { training: trial.batch, test: trial.test });
  const executor = await (trial.create ?? (set => createWasmExecutor(set, { threads: trial.threads })))(data);
  try {
    for (const density of densities) {
      const masks = plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null));
      const weights = masked(randomWeights(plan.parameters, random), masks);
      const session = await executor.open(setupOf(plan, weights, { masks, batchSize: trial.batch }));
      const place = `density ${String(density)}`;
      await expectStep(session, plan, weights, masks, data, network, place);
      await session.close();
    }
  } finally {
    await executor.close();
  }
}

function masked(weights: readonly Float32Array[], masks: ByteMasks): Float32Array[] {
  return weights.map((values, p) => values.map((value, i) => (masks[p]?.[i] === 0 ? 0 : value)));
}

async function expectStep(
  session: TrainingSession,
  plan: Plan,
  weights: Float32Array[],
  masks: ByteMasks,
  data: DataSet,
  network: Network,
  place: string,
): Promise<void> {
  const before = await session.weights();
  expect(before, `${place}: weights on the way in`).toEqual(weights);
  const evaluatedBefore = await session.evaluate('test');
  const { loss } = await session.train(1);
  const after = await session.weights();
  const evaluatedAfter = await session.evaluate('test');

  const batch = batchOf(data, 'training');
  const test = batchOf(data, 'test');
  const reference = gradients64(plan, weights, batch);
  expectRelative(loss!, reference.loss, `${place}: loss`);
  expectRelative(evaluatedBefore!.loss, loss64(plan, weights, test), `${place}: loss of evaluation`);
  expectRelative(evaluatedAfter!.loss, loss64(plan, after, test), `${place}: loss of evaluation after the step`);
  const theirs = network.graph.hasTensorFlowGradients(masks.some(mask => mask !== null))
    ? await tensorFlow(network, plan, weights, data)
    : null;
  if (theirs) {
    expectRelative(loss!, theirs.loss, `${place}: loss of TensorFlow.js`);
    expectRelative(evaluatedBefore!.loss, theirs.evaluation.loss, `${place}: evaluation of TensorFlow.js`);
    expect(evaluatedBefore!.accuracy, `${place}: accuracy`).toBeCloseTo(theirs.evaluation.accuracy, 6);
  }
  plan.parameters.forEach((parameter, p) => {
    const name = `${place}: ${parameter.name}`;
    if (!parameter.trainable) {
      expectNear(after[p]!, reference.moved.get(p)!, 0, name);
      if (theirs) expectNear(after[p]!, theirs.moved[p]!, 0, `${name} of TensorFlow.js`);
      return;
    }
    const largest = before[p]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const ours = before[p]!.map((value, i) => value - after[p]![i]!);
    const kept = (values: ArrayLike<number>): number[] => Array.from(values, (v, i) => (masks[p]?.[i] === 0 ? 0 : v));
    expectNear(ours, kept(reference.gradients[p]!), largest, name);
    if (theirs) expectNear(ours, kept(theirs.gradients[p]!), largest, `${name} of TensorFlow.js`);
    const revived = after[p]!.filter((value, i) => masks[p]?.[i] === 0 && value !== 0);
    expect(revived, `${name}: weights under the mask`).toHaveLength(0);
  });
}

async function tensorFlow({ graph, output }: Network, plan: Plan, weights: Float32Array[], data: DataSet) {
  const reference = await TfReference.create(graph.topology(output), plan, weights);
  try {
    const evaluation = reference.evaluate(batchOf(data, 'test'));
    const gradients = reference.gradients(batchOf(data, 'training'), { training: true });
    return { ...gradients, evaluation, moved: reference.weights() };
  } finally {
    reference.dispose();
  }
}

function expectRelative(actual: number, expected: number, name: string): void {
  expect(Math.abs(actual - expected) / Math.max(1, Math.abs(expected)), name).toBeLessThan(5e-5);
}

/** @param subtracted magnitude of what a gradient was read as a difference of: its rounding is in it too */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, subtracted: number, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 0);
  const allowed = 2e-4 * scale + 3e-7 * subtracted + 3e-6;
  const worst = Array.from(actual).reduce((most, value, i) => {
    const error = Math.abs(value - expected[i]!);
    return error <= most ? most : error; // NaN becomes the worst
  }, 0);
  expect(worst, `${name}, whose largest is ${String(scale)}`).toBeLessThanOrEqual(allowed);
}

/** Whether a smaller network gives what the larger one gave: both run on the wasm executor, on the same random examples. */
import type { DataSet } from '../data/dataset';
import { Random } from '../shared/random';
import type { Plan } from '../training/plan/plan';
import { noRegularization, type Weights } from '../training/trainer';
import { createWasmExecutor } from '../training/wasm/executor';

export interface Network {
  readonly plan: Plan;
  readonly weights: Weights;
}

export interface Agreement {
  readonly examples: number;
  /** Of outputs: logits with cross-entropy. */
  readonly largestDifference: number;
  readonly largestOutput: number;
  /** Within float32 rounding: no difference is more than 10⁻⁵, or that share of the largest output where it is above 1. */
  readonly agrees: boolean;
}

const examples = 64;
const tolerance = 1e-5;

export async function checkOutputs(larger: Network, smaller: Network): Promise<Agreement> {
  const data = randomData(larger.plan);
  const [expected, actual] = [await outputsOf(larger, data), await outputsOf(smaller, data)];
  let largestDifference = 0;
  let largestOutput = 0;
  expected.forEach((value, i) => {
    const difference = Math.abs(value - actual[i]!);
    // NaN is the largest of all
    if (!(difference <= largestDifference)) largestDifference = difference;
    largestOutput = Math.max(largestOutput, Math.abs(value));
  });
  const agrees = largestDifference <= tolerance * Math.max(1, largestOutput);
  return { examples, largestDifference, largestOutput, agrees };
}

async function outputsOf({ plan, weights }: Network, data: DataSet): Promise<Float32Array> {
  const executor = await createWasmExecutor(data);
  try {
    const session = await executor.open({
      network: plan,
      weights,
      masks: plan.parameters.map(() => null),
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 },
      schedule: { name: 'constant', warmup: 0 },
      batchSize: examples,
      orderSeed: null,
      fromStep: 0,
      totalSteps: 0,
      regularization: noRegularization,
      classWeights: null,
      state: null,
      penalty: null,
    });
    const outputs = new Float32Array(examples * data.classes);
    await session.predict('test', (first, values) => {
      outputs.set(values, first * data.classes);
    });
    await session.close();
    return outputs;
  } finally {
    await executor.close();
  }
}

/** Standard normal values, as standardised data has them. */
function randomData({ inputShape, activations }: Plan): DataSet {
  const random = new Random('shrink', 'examples');
  const features = inputShape.reduce((product, length) => product * length, 1);
  const channels = inputShape.at(-1) ?? 1;
  const split = {
    count: examples,
    inputs: Float32Array.from({ length: examples * features }, () => random.nextGaussian()),
    labels: new Int32Array(examples),
  };
  return {
    name: 'random',
    inputShape,
    task: 'classification',
    classes: activations.at(-1)!.size,
    training: split,
    validation: { ...split, count: 0, inputs: new Float32Array(0), labels: new Int32Array(0) },
    test: split,
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    fingerprint: '',
  };
}

/** Which executors this machine can use, and how fast each trains a small LeNet-300-100. */
import { loadData } from '../data/load';
import { loadModel } from '../models/load';
import { initialWeights } from '../models/weights';
import { formatCount } from '../shared/format';
import { lowerModel } from '../training/plan/lower';
import { executorNames, findExecutor, whyUnavailable, type ExecutorName } from './executors';

export type ExaminedExecutor =
  | { readonly name: ExecutorName; readonly usable: false; readonly reason: string }
  | {
      readonly name: ExecutorName;
      readonly usable: true;
      readonly device: string;
      /** Raised whenever the same inputs give other bits. */
      readonly variant: string;
      readonly stepsPerSecond: number;
    };

export interface Examination {
  readonly node: string;
  readonly platform: string;
  /** What `stepsPerSecond` was measured on. */
  readonly measuredOn: string;
  readonly executors: readonly ExaminedExecutor[];
}

const batchSize = 60;
const warmUpSteps = 50;
const measuredSteps = 300;

export async function examine(): Promise<Examination> {
  const executors: ExaminedExecutor[] = [];
  for (const name of executorNames) executors.push(await examineOne(name));
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    measuredOn: `LeNet-300-100, dense, Adam, batch ${batchSize}`,
    executors,
  };
}

async function examineOne(name: ExecutorName): Promise<ExaminedExecutor> {
  const missing = whyUnavailable(name);
  if (missing !== null) return { name, usable: false, reason: missing };
  try {
    return await measure(name);
  } catch (error) {
    return { name, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function measure(name: ExecutorName): Promise<ExaminedExecutor> {
  const source = await findExecutor(name);
  const data = await loadData({ format: 'digits', training: 600, test: 10 }, '.');
  const model = await loadModel('builtin:lenet-300-100', '.');
  const plan = lowerModel(model, { inputShape: data.inputShape, classes: data.classes, loss: 'cross-entropy' });
  const executor = await source.create(data);
  try {
    const session = await executor.open({
      plan,
      weights: initialWeights(plan, 0),
      masks: plan.parameters.map(() => null),
      optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: { name: 'constant', warmup: 0 },
      batchSize,
      orderSeed: 0,
      fromStep: 0,
      totalSteps: warmUpSteps + measuredSteps,
    });
    await session.train(warmUpSteps);
    const { seconds } = await session.train(warmUpSteps + measuredSteps);
    await session.close();
    const { device, variant } = executor;
    return { name, usable: true, device, variant, stepsPerSecond: measuredSteps / seconds };
  } finally {
    await executor.close();
  }
}

export function describeExamination({ node, platform, measuredOn, executors }: Examination): string {
  const width = Math.max(...executors.map(({ name }) => name.length));
  const lines = executors.map(executor => {
    const name = executor.name.padEnd(width);
    return executor.usable
      ? `✔ ${name}  ${executor.device}: ${formatCount(executor.stepsPerSecond)} steps/s`
      : `✘ ${name}  ${executor.reason}`;
  });
  return [`Node ${node}, ${platform}; speed of ${measuredOn}`, ...lines, ''].join('\n');
}

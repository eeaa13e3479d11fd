/** Which executors this machine can use, and how fast each trains two small networks, a dense and a convolutional one. */
import type { DataSet } from '../data/dataset';
import { loadData } from '../data/load';
import { loadModel } from '../models/load';
import { initialWeights } from '../models/weights';
import { formatBytes, formatCount, formatMemory } from '../shared/format';
import type { MemoryUse } from '../shared/report';
import { lowerModel } from '../training/plan/lower';
import { noRegularization, type Executor } from '../training/trainer';
import { executorSources, probe, type ExecutorName, type ExecutorSource } from './executors';

/** Steps a second of dense training, and the bytes planned for it. */
export interface Measurement {
  readonly measuredOn: string;
  readonly stepsPerSecond: number;
  readonly memory: MemoryUse;
}

export type ExaminedExecutor =
  | { readonly name: ExecutorName; readonly usable: false; readonly reason: string }
  | {
      readonly name: ExecutorName;
      readonly usable: true;
      readonly device: string;
      /** Raised whenever the same inputs give other bits. */
      readonly variant: string;
      /** Of the first measurement, a dense network. */
      readonly stepsPerSecond: number;
      readonly measurements: readonly Measurement[];
    };

export interface Examination {
  readonly node: string;
  readonly platform: string;
  readonly executors: readonly ExaminedExecutor[];
}

interface Subject {
  readonly name: string;
  readonly model: string;
  readonly batchSize: number;
  readonly warmUpSteps: number;
  readonly measuredSteps: number;
}

const lenet: Subject = {
  name: 'LeNet-300-100',
  model: 'builtin:lenet-300-100',
  batchSize: 60,
  warmUpSteps: 50,
  measuredSteps: 300,
};
/** A step takes some hundred times as long: a few must do. */
const simpleCnn: Subject = {
  name: 'SimpleCNN',
  model: 'builtin:simple-cnn',
  batchSize: 64,
  warmUpSteps: 3,
  measuredSteps: 20,
};

export async function examine(): Promise<Examination> {
  const executors: ExaminedExecutor[] = [];
  for (const source of executorSources) executors.push(await examineOne(source));
  return { node: process.versions.node, platform: `${process.platform} ${process.arch}`, executors };
}

async function examineOne(source: ExecutorSource): Promise<ExaminedExecutor> {
  const found = await probe(source);
  if (!found.usable) return found;
  const { name } = source;
  try {
    const data = await loadData({ format: 'digits', training: 640, test: 10 }, '.');
    const executor = await found.create(data);
    try {
      const dense = await measure(executor, data, lenet);
      const convolutional = await measure(executor, data, simpleCnn);
      const { device, variant } = executor;
      const { stepsPerSecond } = dense;
      return { name, usable: true, device, variant, stepsPerSecond, measurements: [dense, convolutional] };
    } finally {
      await executor.close();
    }
  } catch (error) {
    return { name, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function measure(executor: Executor, data: DataSet, subject: Subject): Promise<Measurement> {
  const { batchSize, warmUpSteps, measuredSteps } = subject;
  const { inputShape, classes } = data;
  const model = await loadModel(subject.model, '.');
  const plan = lowerModel(model, { inputShape, classes, loss: 'cross-entropy' });
  const session = await executor.open({
    network: plan,
    weights: initialWeights(plan, 0),
    masks: plan.parameters.map(() => null),
    optimizer: { name: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    batchSize,
    orderSeed: 0,
    fromStep: 0,
    totalSteps: warmUpSteps + measuredSteps,
    regularization: noRegularization,
    classWeights: null,
  });
  try {
    await session.train(warmUpSteps);
    const { seconds } = await session.train(warmUpSteps + measuredSteps);
    return {
      measuredOn: `${subject.name}, dense, Adam, batch ${batchSize}`,
      stepsPerSecond: measuredSteps / seconds,
      memory: session.memory,
    };
  } finally {
    await session.close();
  }
}

export function describeExamination({ node, platform, executors }: Examination): string {
  const width = Math.max(...executors.map(({ name }) => name.length));
  const lines = executors.flatMap(executor => {
    const name = executor.name.padEnd(width);
    if (!executor.usable) return [`✘ ${name}  ${executor.reason}`];
    return [
      `✔ ${name}  ${executor.device}`,
      ...executor.measurements.map(one => `${' '.repeat(width + 4)}${describeMeasurement(one)}`),
    ];
  });
  return [`Node ${node}, ${platform}`, ...lines, ''].join('\n');
}

function describeMeasurement({ measuredOn, stepsPerSecond, memory }: Measurement): string {
  const speed = `${formatCount(stepsPerSecond)} steps/s`;
  return `${measuredOn}: ${speed}; ${formatBytes(memory.total)} planned (${formatMemory(memory)})`;
}

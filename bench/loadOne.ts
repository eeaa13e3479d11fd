/**
 * Loads one data set in a process of its own, so that the most memory it ever holds is told, and trains on it if asked.
 * Takes a task as JSON, gives what it measured as JSON.
 */
import { readFileSync } from 'node:fs';
import { DecodedCache } from '../src/data/cache';
import { loadData } from '../src/data/load';
import { loadModel } from '../src/models/load';
import { initialWeights } from '../src/models/weights';
import type { DataConfig } from '../src/shared/experiment';
import { lowerModel } from '../src/training/plan/lower';
import { noRegularization } from '../src/training/trainer';
import { createWasmExecutor } from '../src/training/wasm/executor';

export interface LoadTask {
  readonly config: DataConfig;
  readonly directory: string;
  readonly cache: string | null;
  readonly training?: { readonly model: string; readonly batchSize: number; readonly steps: number };
}

export interface Loaded {
  readonly seconds: number;
  /** Most memory that the process held so far, in megabytes. */
  readonly loadedMegabytes: number;
  readonly stepMilliseconds: number | null;
  readonly evaluationSeconds: number | null;
  readonly megabytes: number;
  readonly fingerprint: string;
}

/** Not what `resourceUsage` tells: that counts the parent too, as it was when this process was made of it. */
function megabytes(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}

async function main({ config, directory, cache, training }: LoadTask): Promise<Loaded> {
  const begin = performance.now();
  const data = await loadData(config, directory, { cache: cache === null ? null : new DecodedCache(cache) });
  const seconds = (performance.now() - begin) / 1000;
  const loadedMegabytes = megabytes();
  const { fingerprint, inputShape, classes } = data;
  if (!training) {
    return {
      seconds,
      loadedMegabytes,
      stepMilliseconds: null,
      evaluationSeconds: null,
      megabytes: megabytes(),
      fingerprint,
    };
  }
  const model = await loadModel(training.model, '.', { inputShape, classes });
  const plan = lowerModel(model, { inputShape, classes, loss: 'cross-entropy' });
  const executor = await createWasmExecutor(data);
  const warmUp = 20;
  const session = await executor.open({
    network: plan,
    weights: initialWeights(plan, 0),
    masks: plan.parameters.map(() => null),
    optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    batchSize: training.batchSize,
    orderSeed: 0,
    fromStep: 0,
    totalSteps: warmUp + training.steps,
    regularization: noRegularization,
    classWeights: null,
    state: null,
    penalty: null,
  });
  await session.train(warmUp);
  const trained = await session.train(warmUp + training.steps);
  const evaluated = await session.evaluate('test');
  await session.close();
  await executor.close();
  return {
    seconds,
    loadedMegabytes,
    stepMilliseconds: (trained.seconds * 1000) / training.steps,
    evaluationSeconds: evaluated?.seconds ?? null,
    megabytes: megabytes(),
    fingerprint,
  };
}

void main(JSON.parse(process.argv[2]!) as LoadTask).then(result => {
  process.stdout.write(JSON.stringify(result));
});

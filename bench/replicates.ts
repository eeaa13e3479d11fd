/** Replicates of a small network on a GPU: trained together, and one after another. */
import { drawDigits } from '../src/data/digits';
import { loadModel } from '../src/models/load';
import { initialWeights } from '../src/models/weights';
import { lowerModel } from '../src/training/plan/lower';
import { noRegularization, type Executor, type ExecutorFactory, type TrainingSetup } from '../src/training/trainer';
import { markdownTable } from './markdown';

const counts = [2, 4];
const [batchSize, steps, rounds] = [16, 15, 3];

/** A perceptron on digits, so small that launching its kernels takes longer than what they do. */
export async function benchReplicates(create: ExecutorFactory): Promise<void> {
  const split = (name: 'training' | 'test', count: number) => drawDigits(name, count);
  const none = { count: 0, inputs: new Uint8Array(0), labels: new Uint8Array(0) };
  const shape = [28, 28, 1];
  const task = 'classification';
  const splits = { training: split('training', 640), validation: none, test: split('test', 64) };
  const standard = { mean: [0], std: [1] };
  const data = {
    name: 'digits',
    inputShape: shape,
    task,
    classes: 10,
    ...splits,
    ...standard,
    fingerprint: '',
  } as const;
  const model = await loadModel('builtin:mlp:16', '.');
  const network = lowerModel(model, { inputShape: shape, classes: 10, loss: 'cross-entropy' });
  const setupOf = (replicate: number): TrainingSetup => ({
    network,
    weights: initialWeights(network, replicate),
    masks: network.parameters.map(() => null),
    optimizer: { name: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    batchSize,
    orderSeed: replicate,
    fromStep: 0,
    totalSteps: 2 * steps,
    regularization: noRegularization,
    classWeights: null,
    state: null,
    penalty: null,
  });
  const executor = await create(data);
  const rows: string[][] = [];
  for (const count of counts) {
    const setups = Array.from({ length: count }, (_, replicate) => setupOf(replicate));
    const together: number[] = [];
    const alone: number[] = [];
    for (let round = 0; round < rounds; round++) {
      together.push(await secondsOf(executor, [setups]));
      alone.push(
        await secondsOf(
          executor,
          setups.map(setup => [setup]),
        ),
      );
    }
    const rates = [together, alone].map(seconds => (count * steps) / Math.min(...seconds));
    rows.push([String(count), ...rates.map(rate => rate.toFixed(0)), (rates[0]! / rates[1]!).toFixed(2)]);
  }
  await executor.close();
  console.log(`\n${markdownTable(['replicates', 'together steps/s', 'one after another', 'ratio'], rows)}\n`);
}

/** Seconds inside training steps, summed over groups that train one after another; pipelines are made before. */
async function secondsOf(executor: Executor, groups: readonly (readonly TrainingSetup[])[]): Promise<number> {
  let seconds = 0;
  for (const setups of groups) {
    const sessions = await executor.openTogether!(setups);
    await Promise.all(sessions.map(session => session.train(steps)));
    const begin = performance.now();
    await Promise.all(sessions.map(session => session.train(2 * steps)));
    seconds += (performance.now() - begin) / 1000;
    for (const session of sessions) await session.close();
  }
  return seconds;
}

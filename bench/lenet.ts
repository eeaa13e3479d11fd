/**
 * LeNet-300-100 on MNIST, Adam 1.2e-3, batch 60, 21 levels of global magnitude pruning: this project and PyTorch, level by
 * level in turn, on the same number of threads. Training only on both sides; evaluation is not part of it.
 */
import path from 'node:path';
import { loadData } from '../src/data/load';
import { pruneByMagnitude } from '../src/lottery/magnitude';
import { Mask } from '../src/lottery/mask';
import { loadModel } from '../src/models/load';
import { initialWeights } from '../src/models/weights';
import { lowerModel } from '../src/training/plan/lower';
import { noRegularization, type Executor } from '../src/training/trainer';
import { createWasmExecutor } from '../src/training/wasm/executor';
import type { Plan } from '../src/training/plan/plan';
import { Peer } from './peer';
import type { Settings } from './settings';

const levels = 21;
const rate = 0.2;

interface Level {
  readonly density: number;
  readonly ours: number;
  readonly theirs: number | null;
}

/** What bench/peers/lenet_imp.py says of a level; seconds. */
interface PeerLevel {
  readonly kept: number;
  readonly train: number;
  readonly total: number;
}

export async function benchLenet(mnist: string, { python, threads, steps }: Settings): Promise<void> {
  const data = await loadData({ format: 'idx', directory: mnist, validation: 5000, mean: 0.1307, std: 0.3081 }, '.');
  const model = await loadModel('builtin:lenet-300-100', '.');
  const plan = lowerModel(model, { inputShape: data.inputShape, classes: data.classes, loss: 'cross-entropy' });
  const executor = await createWasmExecutor(data, { threads });
  const script = path.resolve('bench/peers/lenet_imp.py');
  const peer = await Peer.start(python, [script, mnist, String(threads), String(steps), String(rate)]);
  console.log(`LeNet-300-100, MNIST, Adam, batch 60, ${String(steps)} steps a level; ${executor.device}`);
  console.log(
    `peer: ${peer ? `${peer.version}, ${String(threads)} threads` : `none (${python} has no torch: set PYTHON)`}\n`,
  );

  await trainLevel(executor, plan, initialWeights(plan, 0), null, 500); // warm up: compiled code, not interpreted
  console.log('level  density   ours ms/step   peer ms/step   ratio');
  const measured: Level[] = [];
  let totals = { ours: 0, theirs: 0 };
  let masks: Mask[] | null = null;
  const initial = initialWeights(plan, 0);
  for (let level = 0; level < levels; level++) {
    const begin = performance.now();
    const { seconds, kernels } = await trainLevel(executor, plan, initial, masks, steps);
    masks = pruneByMagnitude(kernels, { scope: 'global', rate, outputRate: 0, exclude: [], counts: 'exact' });
    const total = (performance.now() - begin) / 1000;
    const theirs = peer && ((await peer.ask('level')) as PeerLevel);
    totals = { ours: totals.ours + total, theirs: totals.theirs + (theirs?.total ?? 0) };
    const kept = kernels.reduce((sum, kernel) => sum + kernel.mask.kept, 0);
    const size = kernels.reduce((sum, kernel) => sum + kernel.mask.size, 0);
    const row = {
      density: kept / size,
      ours: (seconds / steps) * 1000,
      theirs: theirs && (theirs.train / steps) * 1000,
    };
    measured.push(row);
    console.log(
      `${String(level).padStart(5)}  ${row.density.toFixed(4)}   ${row.ours.toFixed(3).padStart(12)}   ` +
        `${(row.theirs?.toFixed(3) ?? '–').padStart(12)}   ${row.theirs ? (row.theirs / row.ours).toFixed(2) : '–'}`,
    );
  }
  peer?.stop();
  await executor.close();
  report(measured, totals, peer !== null);
}

async function trainLevel(
  executor: Executor,
  plan: Plan,
  initial: readonly Float32Array[],
  masks: readonly Mask[] | null,
  steps: number,
) {
  const prunable = plan.parameters.flatMap((parameter, i) => (parameter.prunable ? [i] : []));
  const current = masks ?? prunable.map(i => Mask.ones(plan.parameters[i]!.size));
  const session = await executor.open({
    network: plan,
    weights: initial,
    masks: plan.parameters.map((_, i) =>
      masks && prunable.includes(i) ? current[prunable.indexOf(i)]!.toBytes() : null,
    ),
    optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    batchSize: 60,
    orderSeed: 0,
    fromStep: 0,
    totalSteps: steps,
    regularization: noRegularization,
    classWeights: null,
    state: null,
    penalty: null,
  });
  const { seconds } = await session.train(steps);
  const weights = await session.weights();
  await session.close();
  const kernels = prunable.map((i, at) => ({
    name: plan.parameters[i]!.name,
    output: i === prunable.at(-1),
    weights: weights[i]!,
    mask: current[at]!,
  }));
  return { seconds, kernels };
}

function report(measured: readonly Level[], totals: { ours: number; theirs: number }, withPeer: boolean): void {
  const mean = measured.reduce((sum, level) => sum + level.ours, 0) / measured.length;
  const dense = measured[0]!.ours;
  // the cost at density 0.05, between the levels on both sides of it
  const below = measured.findIndex(level => level.density < 0.05);
  const [high, low] = [measured[below - 1]!, measured[below]!];
  const share = (0.05 - low.density) / (high.density - low.density);
  const atFive = low.ours + share * (high.ours - low.ours);
  console.log(
    `\nmean step ${mean.toFixed(3)} ms; step at density 0.05 is ${(atFive / dense).toFixed(3)} of a dense step`,
  );
  console.log(`whole job, ours: ${totals.ours.toFixed(2)} s`);
  if (withPeer) {
    console.log(`whole job, peer: ${totals.theirs.toFixed(2)} s; ratio ${(totals.theirs / totals.ours).toFixed(2)}`);
  }
}

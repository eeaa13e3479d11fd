/** Training steps on a GPU: the webgpu executor and PyTorch, eager and as CUDA graphs, in turn on the same device. */
import path from 'node:path';
import { findModule } from '../src/job/modules';
import { Mask } from '../src/lottery/mask';
import { loadModel } from '../src/models/load';
import { lowerModel } from '../src/training/plan/lower';
import { probeWebGpu } from '../src/training/webgpu/executor';
import { Ours } from './contestants';
import { markdownTable } from './markdown';
import { lenet, type Network, networks } from './networks';
import { Peer } from './peer';
import { benchReplicates } from './replicates';
import type { Settings } from './settings';

const secondsPerRound = 0.5;
const warmupSteps = 20;
const forms = ['eager', 'graph'] as const;

/** Trains so many steps and tells the seconds they took. */
type Trainer = (steps: number) => Promise<number>;

export async function benchWebGpu(settings: Settings): Promise<void> {
  const found = await probeWebGpu(findModule('webgpu'));
  if (!found.usable) {
    console.log(`webgpu: ${found.reason}\n`);
    return;
  }
  console.log([`webgpu: ${found.device}`, ...found.notes].join('; '));
  // a software adapter would take minutes for a step of the others
  const isSoftware = found.notes.length > 0;
  const rows: string[][] = [];
  for (const network of isSoftware ? [lenet] : [lenet, ...networks.filter(({ name }) => name !== 'simple-cnn')]) {
    const data = await network.data(settings);
    const model = await loadModel(`builtin:${network.name}`, '.');
    const plan = lowerModel(model, { inputShape: data.inputShape, classes: data.classes, loss: 'cross-entropy' });
    const ours = new Ours(network, plan, await found.create(data));
    await ours.open(plan.parameters.filter(({ prunable }) => prunable).map(({ size }) => Mask.ones(size)));
    const peers = await Promise.all(forms.map(form => startPeer(network, form, settings)));
    const trainers: (Trainer | null)[] = [steps => ours.train(steps), ...peers.map(peer => peer && trainerOf(peer))];
    const times = await inTurn(trainers, settings.rounds);
    rows.push([network.title, network.recipe, ...times.map(time => (time === null ? '–' : time.toPrecision(3)))]);
    console.log(`  ${network.title}: ${peers[0]?.version ?? `no PyTorch with CUDA (${settings.python})`}`);
    for (const peer of peers) peer?.stop();
    await ours.close();
    await ours.stop();
  }
  const head = ['network', 'recipe', 'ours ms/step', 'PyTorch eager', 'PyTorch CUDA graph'];
  console.log(`\n${markdownTable(head, rows)}\n`);
  await benchReplicates(found.create);
}

function startPeer({ name }: Network, form: string, { python }: Settings): Promise<Peer | null> {
  return Peer.start(python, [path.resolve('bench/peers/gpu_steps.py'), name, form]);
}

function trainerOf(peer: Peer): Trainer {
  return async steps => ((await peer.ask(JSON.stringify({ steps }))) as { seconds: number }).seconds;
}

/** Medians over the rounds, in milliseconds a step; null for who is missing. */
async function inTurn(trainers: readonly (Trainer | null)[], rounds: number): Promise<(number | null)[]> {
  const steps: number[] = [];
  for (const train of trainers) {
    if (!train) continue;
    const first = await train(1);
    await train(Math.max(1, Math.min(warmupSteps, Math.round(secondsPerRound / first))));
    const sample = Math.max(1, Math.min(100, Math.round(secondsPerRound / first)));
    const seconds = await train(sample);
    steps[trainers.indexOf(train)] = Math.max(1, Math.round((secondsPerRound * sample) / seconds));
  }
  const times = trainers.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, train] of trainers.entries()) {
      if (train) times[i]!.push(((await train(steps[i]!)) / steps[i]!) * 1000);
    }
  }
  return times.map(all => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? null);
}

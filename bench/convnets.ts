/**
 * Convolutional networks: a training step dense and at low densities, and from it the length of a whole iterative pruning
 * job, beside PyTorch on the same number of threads. Both sides are timed in turn; evaluation is not part of it.
 */
import type { Mask } from '../src/lottery/mask';
import { loadModel } from '../src/models/load';
import type { Plan } from '../src/training/plan/plan';
import { lowerModel } from '../src/training/plan/lower';
import { createWasmExecutor } from '../src/training/wasm/executor';
import { contest, type Contestant, type Timing } from './contest';
import { Ours, PyTorch } from './contestants';
import { markdownTable } from './markdown';
import { densityOf, masksOfLevels, randomMasks } from './masks';
import type { Network } from './networks';
import type { Settings } from './settings';
import { gigaflop } from './work';

const densities = [1, 0.2, 0.05, 0.02];
const lastLevel = 20;
/** What a job is counted in: about one epoch of MNIST in batches of 64. */
const stepsPerLevel = 1000;

export async function benchConvnet(network: Network, settings: Settings): Promise<void> {
  const data = await network.data(settings);
  const model = await loadModel(`builtin:${network.name}`, '.');
  const plan = lowerModel(model, { inputShape: data.inputShape, classes: data.classes, loss: 'cross-entropy' });
  const ours = new Ours(network, plan, await createWasmExecutor(data, { threads: settings.threads }));
  const pytorch = await PyTorch.start(network, 'masked', settings);
  const torchPrune = network.torchPrune ? await PyTorch.start(network, 'torch-prune', settings) : null;
  const peers = [pytorch, torchPrune].filter(peer => peer !== null);

  console.log(`\n## ${network.title}: ${network.recipe}, ${data.name}\n`);
  console.log(
    `Threads: ${String(settings.threads)} on each side. ${pytorch?.version ?? noPeer(settings)}. Milliseconds of a training ` +
      `step: median (best) of ${String(settings.rounds)} rounds in turn. Every layer at the same density, random masks; GFLOP: what a ` +
      'step does with the kept weights by definition; GFLOP/s at best.\n',
  );
  try {
    const trained = await ours.trained(settings.trainedSteps); // also: compiled code from here on, not interpreted
    const dense = await benchDensities(network, plan, [ours, ...peers], settings);
    if (settings.levelStride > 0) {
      console.log(
        `\nLevels of a job of rate 0.2, cut by the magnitude of the weights after ${String(settings.trainedSteps)} steps; ` +
          `every ${String(settings.levelStride)}. level is timed, those between lie on a straight line.`,
      );
      const contestants = pytorch ? [ours, pytorch] : [ours];
      for (const scope of ['layer', 'global'] as const) {
        const masks = masksOfLevels(trained, scope, lastLevel);
        await benchJob(scope, plan, masks, dense.slice(0, contestants.length), contestants, settings);
      }
    }
  } finally {
    for (const contestant of [ours, ...peers]) await contestant.stop();
  }
}

function noPeer({ python }: Settings): string {
  return `No PyTorch: ${python} has no torch; set PYTHON`;
}

/** Every layer at the same density. @returns the dense timings */
async function benchDensities(
  network: Network,
  plan: Plan,
  contestants: readonly Contestant[],
  settings: Settings,
): Promise<Timing[]> {
  const prunable = plan.parameters.filter(parameter => parameter.prunable);
  const rows: string[][] = [];
  let dense: Timing[] = [];
  for (const density of densities) {
    const masks = randomMasks(prunable, density);
    const timings = await contest(contestants, masks, settings.rounds);
    if (density === 1) dense = timings;
    const [ours, ...theirs] = timings as [Timing, ...Timing[]];
    const work = gigaflop(plan, masks, network.batchSize);
    rows.push([
      String(density),
      ...timings.map(cell),
      ...theirs.map(peer => ratios(peer, ours)),
      work.toPrecision(3),
      (work / (ours.best / 1000)).toFixed(1),
    ]);
  }
  const peers = contestants.slice(1).map(({ name }) => name);
  const head = [
    'density',
    ...contestants.map(({ name }) => `${name}, ms`),
    ...peers.map(name => `${name} / ours`),
    'GFLOP',
    'ours, GFLOP/s',
  ];
  console.log(markdownTable(head, rows));
  return dense;
}

/** @param dense timings of level 0, which all scopes share */
async function benchJob(
  scope: 'layer' | 'global',
  plan: Plan,
  masks: readonly (readonly Mask[])[],
  dense: readonly Timing[],
  contestants: readonly Contestant[],
  { rounds, levelStride }: Settings,
): Promise<void> {
  const timed: { readonly level: number; readonly timings: readonly Timing[] }[] = [];
  const rows: string[][] = [];
  for (const level of timedLevels(levelStride)) {
    const timings = level === 0 ? dense : await contest(contestants, masks[level]!, Math.ceil(rounds / 2));
    timed.push({ level, timings });
    const [ours, theirs] = timings as [Timing, Timing?];
    rows.push([
      String(level),
      densityOf(masks[level]!).toFixed(4),
      ...timings.map(cell),
      ...(theirs ? [ratios(theirs, ours)] : []),
    ]);
  }
  const jobs = contestants.map((_, i) => ({
    median: jobSeconds(timed.map(({ level, timings }) => [level, timings[i]!.median])),
    best: jobSeconds(timed.map(({ level, timings }) => [level, timings[i]!.best])),
  }));
  const [ours, theirs] = jobs as [Timing, Timing?];
  const head = ['level', 'density', ...contestants.map(({ name }) => `${name}, ms`)];
  console.log(`\n### Scope "${scope}"\n`);
  console.log(markdownTable(theirs ? [...head, 'PyTorch / ours'] : head, rows));
  if (scope === 'global')
    console.log(`\nDensities at levels 10 and 20: ${layerDensities(plan, masks[10]!, masks[20]!)}.`);
  const seconds = (job: Timing): string => `${job.median.toFixed(1)} s (${job.best.toFixed(1)} s)`;
  const collapsed = masks.findIndex(level => level.some(mask => mask.kept === 0));
  if (collapsed >= 0) {
    console.log(`\nFrom level ${String(collapsed)} on a layer has no weight left: a real job would end there.`);
  }
  console.log(
    `\n**Whole job**, ${String(lastLevel + 1)} levels of ${String(stepsPerLevel)} steps, by medians (by the best): ours ` +
      seconds(ours) +
      (theirs ? `, PyTorch ${seconds(theirs)}, ratio ${ratios(theirs, ours)}` : ''),
  );
}

function timedLevels(stride: number): number[] {
  const levels = new Set([lastLevel]);
  for (let level = 0; level < lastLevel; level += stride) levels.add(level);
  return [...levels].toSorted((a, b) => a - b);
}

/** @param timed levels with the milliseconds of a step, from the first to the last level */
function jobSeconds(timed: readonly (readonly [number, number])[]): number {
  let milliseconds = timed[0]![1];
  for (const [i, [level, step]] of timed.entries()) {
    if (i === 0) continue;
    const [before, stepBefore] = timed[i - 1]!;
    for (let between = before + 1; between <= level; between++) {
      milliseconds += stepBefore + ((step - stepBefore) * (between - before)) / (level - before);
    }
  }
  return (milliseconds * stepsPerLevel) / 1000;
}

function layerDensities(plan: Plan, ...levels: readonly (readonly Mask[])[]): string {
  const share = ({ kept, size }: Mask): string => (kept / size).toPrecision(2);
  return plan.parameters
    .filter(({ prunable }) => prunable)
    .map(({ layer }, i) => `${layer} ${levels.map(masks => share(masks[i]!)).join(' and ')}`)
    .join(', ');
}

function cell({ median, best }: Timing): string {
  return `${milliseconds(median)} (${milliseconds(best)})`;
}

function milliseconds(value: number): string {
  return value < 100 ? value.toPrecision(3) : value.toFixed(0);
}

function ratios(theirs: Timing, ours: Timing): string {
  return `${(theirs.median / ours.median).toFixed(2)} (${(theirs.best / ours.best).toFixed(2)})`;
}

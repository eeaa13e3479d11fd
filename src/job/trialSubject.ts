/** What a trial for an experiment trains: its own dense run, and that network under a mask as dense as the last level's. */
import { prunableLayers } from '../lottery/layers';
import { pruneByMagnitude } from '../lottery/magnitude';
import { Mask } from '../lottery/mask';
import { pruningRule, type PruningRule } from '../lottery/rule';
import type { RunNode } from '../shared/run';
import type { ByteMasks, Weights } from '../training/trainer';
import type { Workload } from './choose';
import type { Prepared } from './prepare';
import { trainingSetup } from './trainingSetup';
import type { TrialSubject } from './trial';

export function trialSubject(prepared: Prepared, nodes: readonly RunNode[]): TrialSubject {
  const { data, network, initial } = prepared;
  const { inputs } = nodes.find(({ method, level }) => method === 'iterative' && level === 0)!;
  const { start } = inputs;
  if (start.kind === 'final' || start.kind === 'transferred')
    throw new Error('the dense run starts from weights of another run');
  const weights = initial(start);
  return {
    data,
    setup: trainingSetup(inputs, { network, weights, masks: network.parameters.map(() => null) }),
    masks: lastMasks(prepared, weights),
  };
}

/** Steps by density, of runs that are the same once. */
export function workloadOf({ experiment }: Prepared, nodes: readonly RunNode[]): Workload[] {
  const unique = new Map(nodes.map(node => [node.key, node]));
  return [...unique.values()].map(({ level, inputs: { steps } }) => ({
    steps: steps.to - steps.from,
    density: densityAt(experiment.pruning.rate, level),
  }));
}

/** One cut at the rates that the rounds come to: which weights go hardly matters for the time, how many of each layer does. */
function lastMasks({ experiment, network, outputLayer }: Prepared, weights: Weights): ByteMasks | null {
  const { pruning } = experiment;
  if (pruning.levels === 0) return null;
  const layers = prunableLayers(network.parameters, outputLayer);
  const rule = pruningRule(pruning, layers);
  const overall = (rate: number): number => 1 - densityAt(rate, pruning.levels);
  const once: PruningRule = {
    ...rule,
    counts: 'exact',
    rate: overall(rule.rate),
    outputRate: overall(rule.outputRate),
    ...(rule.convolutionRate !== undefined && { convolutionRate: overall(rule.convolutionRate) }),
  };
  const position = new Map(network.parameters.map(({ name }, i) => [name, i]));
  const kernels = layers.map(layer => ({
    ...layer,
    weights: weights[position.get(layer.name)!]!,
    mask: Mask.ones(layer.size),
  }));
  const masks = new Map(pruneByMagnitude(kernels, once).map((mask, i) => [layers[i]!.name, bytesOf(mask)]));
  return network.parameters.map(({ name }) => masks.get(name) ?? null);
}

/** As a run has it: null where nothing is pruned. No layer is emptied, since no run would be trained so. */
function bytesOf(mask: Mask): Uint8Array | null {
  if (mask.kept === mask.size) return null;
  const bytes = mask.toBytes();
  if (mask.kept === 0) bytes[0] = 1;
  return bytes;
}

function densityAt(rate: number, level: number): number {
  return (1 - rate) ** level;
}

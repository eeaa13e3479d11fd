/** From a rule to the weights that go: the passes over the values that ranking takes. */
import type { Checkpoint } from '../checkpoint';
import { chooseTensors, groupTensors, type Group } from './choice';
import { forEachChunk, type Cut, type Floats } from './cut';
import { magnitudeCut } from './magnitude';
import { neighbourCut } from './neighbours';
import { chooseOutputs, outputAxisOf, outputCut, OutputNorms, type RankedOutputs } from './outputs';
import { goingOf, PruneOptionError, type PruneRule } from './pruneRule';

export interface Decision {
  /** By tensor, in the order of the file: cuts of one group share what is left of its count. */
  readonly cuts: ReadonlyMap<number, Cut>;
  /** Of tensors that the rule does not fit. */
  readonly notes: readonly string[];
}

/** @param readable refuses a tensor that cannot be changed, before anything is ranked */
export async function decide(
  checkpoint: Checkpoint,
  rule: PruneRule,
  exclude: readonly string[],
  readable: (chosen: readonly number[]) => void,
  signal: AbortSignal,
): Promise<Decision> {
  const { tensors } = checkpoint;
  const chosen = chooseTensors(tensors, exclude);
  if (rule.method === 'n:m') {
    const { fitting, notes } = fit(checkpoint, chosen, index => neighbourCut(tensors[index]!, rule.n, rule.m));
    readable([...fitting.keys()]);
    return { cuts: fitting, notes };
  }
  if (rule.method === 'magnitude') {
    const groups = groupTensors(tensors, chosen, rule);
    readable(groups.flatMap(group => group.tensors));
    const cuts = new Map<number, Cut>();
    for (const group of groups) {
      const cut = await rankedCut(checkpoint, group, signal);
      for (const index of group.tensors) cuts.set(index, cut);
    }
    return { cuts: inOrder(cuts), notes: [] };
  }
  const { fitting, notes } = fit(checkpoint, chosen, index => outputAxisOf(tensors[index]!));
  const groups = groupTensors(tensors, [...fitting.keys()], rule);
  readable(groups.flatMap(group => group.tensors));
  const cuts = new Map<number, Cut>();
  for (const group of groups) {
    const outputs = await goingOutputs(checkpoint, group, rule, signal);
    group.tensors.forEach((index, place) => cuts.set(index, outputCut(fitting.get(index)!, outputs[place]!)));
  }
  return { cuts: inOrder(cuts), notes };
}

/** What a method needs of each tensor; those that it does not fit stay as they are, and notes tell of them. */
function fit<T extends object>(
  { tensors }: Checkpoint,
  chosen: readonly number[],
  tryOne: (index: number) => T | string,
): { fitting: Map<number, T>; notes: string[] } {
  const fitting = new Map<number, T>();
  const notes: string[] = [];
  for (const index of chosen) {
    const result = tryOne(index);
    if (typeof result === 'string') notes.push(`${tensors[index]!.name} stays as it is: ${result}`);
    else fitting.set(index, result);
  }
  if (fitting.size === 0) throw new PruneOptionError(`the method fits no tensor: ${notes[0]!}`);
  return { fitting, notes };
}

async function rankedCut(checkpoint: Checkpoint, { tensors, target }: Group, signal: AbortSignal): Promise<Cut> {
  let wide = false;
  for (const index of tensors) wide ||= (await checkpoint.values(index, 0, 1, signal)) instanceof Float64Array;
  const passes = async (visit: (values: Floats) => void): Promise<void> => {
    for (const index of tensors) await forEachChunk(checkpoint, index, 1, signal, visit);
  };
  return magnitudeCut(passes, wide, count => goingOf(target, count));
}

async function goingOutputs(
  checkpoint: Checkpoint,
  { tensors, target }: Group,
  { norm, scope }: Extract<PruneRule, { method: 'structured' }>,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const ranked: RankedOutputs[] = [];
  let weights = 0;
  for (const index of tensors) {
    const tensor = checkpoint.tensors[index]!;
    const axis = outputAxisOf(tensor);
    if (typeof axis === 'string') throw new RangeError(axis);
    const norms = new OutputNorms(axis, norm);
    await forEachChunk(checkpoint, index, 1, signal, (values, begin) => {
      norms.add(values, begin);
    });
    const weightsOfOutput = tensor.count / axis.size;
    ranked.push({ norms: norms.result(weightsOfOutput), weightsOfOutput });
    weights += tensor.count;
  }
  const [only] = ranked;
  // of one tensor the share is of its outputs, so that half of 3 outputs is 2 and not 1
  const going =
    scope === 'layer' && only ? goingOf(target, only.norms.length) * only.weightsOfOutput : goingOf(target, weights);
  return chooseOutputs(ranked, going);
}

function inOrder(cuts: ReadonlyMap<number, Cut>): Map<number, Cut> {
  return new Map([...cuts].sort(([a], [b]) => a - b));
}

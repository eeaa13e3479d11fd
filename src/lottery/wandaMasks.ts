/** Carries out mask recipes by Wanda's scores. */
import type { MaskRecipe, WandaRecipe } from '../shared/run';
import { roundHalfEven } from './counts';
import { Mask } from './mask';
import type { MaskAccess } from './masks';
import { rateOf } from './rule';
import { outputsOf, pruneOutputs, pruneOutputsByShare, wandaScores } from './wanda';

type Pruned = Extract<MaskRecipe, { kind: 'magnitude' | 'magnitude-to' }>;
export type WandaMaskRecipe = Pruned & { readonly wanda: WandaRecipe };

export function isByWanda(recipe: MaskRecipe): recipe is WandaMaskRecipe {
  return 'wanda' in recipe;
}

/** |W| · ‖X‖₂ of the final kernels of the recipe's run, in the order of the layers: what stands in for the weights. */
export async function scoresOfRun({ run, wanda }: WandaMaskRecipe, access: MaskAccess): Promise<Float64Array[]> {
  const masks = await access.masks(run);
  const request = { criterion: 'wanda', start: { kind: 'final', run }, examples: wanda.examples } as const;
  const squares = await access.score(request, masks);
  const kernels = await access.finalKernels(run);
  return kernels.map((weights, i) => wandaScores(weights, Float64Array.from(squares[i]!)));
}

/** Each output is cut by itself: by the rate of its layer, to what it keeps in another mask, or to the same share. */
export async function wandaMasks(recipe: WandaMaskRecipe, access: MaskAccess): Promise<Mask[]> {
  const { layers } = access;
  const masks = await access.masks(recipe.run);
  const scores = await scoresOfRun(recipe, access);
  const wanted = recipe.kind === 'magnitude-to' && recipe.countsOf ? await access.masks(recipe.countsOf) : null;
  return layers.map((layer, i) => {
    if (recipe.exclude.includes(layer.name)) return masks[i]!;
    const outputs = outputsOf(layer);
    const live = masks[i]!.toBytes();
    if (recipe.kind === 'magnitude') {
      const rate = rateOf(recipe, layer)!;
      if (recipe.wanda.variant) pruneOutputsByShare(scores[i]!, live, outputs, rate);
      else pruneOutputs(scores[i]!, live, outputs, present => roundHalfEven(rate * present));
    } else {
      const each = layer.size / outputs;
      const keeps = wanted
        ? keptOfOutputs(wanted[i]!, outputs)
        : new Array<number>(outputs).fill(each - roundHalfEven(recipe.sparsity! * each));
      pruneOutputs(scores[i]!, live, outputs, (present, output) => present - keeps[output]!);
    }
    return Mask.fromBytes(live);
  });
}

function keptOfOutputs(mask: Mask, outputs: number): number[] {
  const counts = new Array<number>(outputs).fill(0);
  mask.toBytes().forEach((byte, i) => (counts[i % outputs]! += byte));
  return counts;
}

/** Carries out the mask recipe of a run. */
import { Random } from '../shared/random';
import type { KeptCount, MaskRecipe } from '../shared/run';
import type { PrunableLayer } from './layers';
import { pruneByMagnitude, pruneToCounts, type Kernel } from './magnitude';
import { Mask } from './mask';
import { isByWanda, scoresOfRun, wandaMasks } from './wandaMasks';
import { cutsFor, keptAt, pruneByScores, type Scores } from './scored';
import type { Coupling } from './structured/coupling';
import { isStructured, structuredMasks } from './structured/masks';

export type ScoredRecipe = Extract<MaskRecipe, { kind: 'scored' }>;

/** By a criterion of pruning at initialisation; or by "wanda" Σ x² of what each weight is multiplied with. */
export type ScoreRequest = Pick<ScoredRecipe, 'start' | 'seed' | 'examples'> & {
  readonly criterion: ScoredRecipe['criterion'] | 'wanda';
};

/** What a recipe is carried out on. */
export interface MaskAccess {
  readonly layers: readonly PrunableLayer[];
  /** Level of the run that the masks are for; carried by errors. */
  readonly level: number;
  /** Final values of the prunable kernels of a run, in the order of `layers`. */
  finalKernels(run: string): Promise<readonly Float32Array[]>;
  /** Final values of all parameters of a run, in the order of the network; asked for where filters go. */
  finalWeights(run: string): Promise<readonly Float32Array[]>;
  /** Of the network, which is a training plan where filters go. */
  coupling(): Coupling;
  /** Masks of a run, in the order of `layers`; those named in `whole` are not taken from it, but keep everything. */
  masks(run: string, whole?: readonly string[]): Promise<readonly Mask[]>;
  /** Scores by the recipe's criterion at its start under the masks, in the order of `layers`: the larger, the more worth keeping. */
  score(request: ScoreRequest, masks: readonly Mask[]): Promise<readonly Scores[]>;
}

/** Pruning left a layer without any weight: nothing could pass through it, so it is never trained. */
export class LayerCollapseError extends Error {
  constructor(
    readonly layer: string,
    readonly level: number,
  ) {
    super(
      `pruning left no weight of layer "${layer}" (layer collapse); ` +
        'use scope "layer", ask for less sparsity (fewer levels, a lower rate), or exclude the layer',
    );
    this.name = 'LayerCollapseError';
  }
}

/**
 * @returns a mask for each of `access.layers`
 * @throws LayerCollapseError, NanWeightError, NanScoreError, CutError
 */
export async function buildMasks(recipe: MaskRecipe, access: MaskAccess): Promise<Mask[]> {
  const masks = await carryOut(recipe, access);
  checkLayers(access.layers, masks, access.level);
  return masks;
}

/** @throws LayerCollapseError */
export function checkLayers(layers: readonly PrunableLayer[], masks: readonly Mask[], level: number): void {
  const empty = layers.find(({ size }, i) => size > 0 && masks[i]!.kept === 0);
  if (empty) throw new LayerCollapseError(empty.layer, level);
}

async function carryOut(recipe: MaskRecipe, access: MaskAccess): Promise<Mask[]> {
  if (isStructured(recipe)) return structuredMasks(recipe, await rankedAccess(recipe, access));
  if (isByWanda(recipe)) return wandaMasks(recipe, access);
  switch (recipe.kind) {
    case 'ones':
    // weights go once it trains
    case 'gradual':
      return access.layers.map(({ size }) => Mask.ones(size));
    case 'same':
      return [...(await access.masks(recipe.run, recipe.whole))];
    case 'shuffled':
      return (await access.masks(recipe.run, recipe.whole)).map((mask, i) =>
        shuffled(mask, recipe.seed, access.layers[i]!.name),
      );
    case 'magnitude':
      return pruneByMagnitude(await kernelsOf(recipe.run, access), recipe);
    case 'magnitude-to':
      return pruneToCounts(await kernelsOf(recipe.run, access), await keptPerLayer(recipe, access), recipe);
    case 'scored':
      return scoredMasks(recipe, access);
  }
}

/** Where groups of weights are cut by Wanda, its scores stand in for the weights. */
async function rankedAccess(recipe: MaskRecipe, access: MaskAccess): Promise<MaskAccess> {
  if (!isByWanda(recipe)) return access;
  const scores = (await scoresOfRun(recipe, access)).map(values => Float32Array.from(values));
  return {
    ...access,
    finalKernels: run => (run === recipe.run ? Promise.resolve(scores) : access.finalKernels(run)),
  };
}

/** Where only a share is given, what shapes decide: the same share of each layer that is not left whole, or by "erk". */
async function keptPerLayer(
  recipe: KeptCount & { readonly exclude: readonly string[]; readonly scope: string },
  access: MaskAccess,
): Promise<readonly number[]> {
  const { layers } = access;
  if (recipe.sparsity === undefined) return (await access.masks(recipe.countsOf)).map(mask => mask.kept);
  const counts = layers.map(({ size }) => size);
  for (const cut of cutsFor(
    recipe.scope === 'erk' ? 'erk' : 'uniform',
    layers,
    recipe.exclude,
    keptAt(recipe.sparsity, layers),
  )) {
    counts[cut.layers[0]!] = cut.kept;
  }
  return counts;
}

/** Scored and cut round by round: of n rounds, the r-th leaves the share d^(r/n) (SynFlow, Tanaka et al. 2020, algorithm 1). */
async function scoredMasks(recipe: ScoredRecipe, access: MaskAccess): Promise<Mask[]> {
  const { layers } = access;
  const { distribution, exclude, rounds = 1 } = recipe;
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  const kept = await keptCount(recipe, access);
  const whole = layers.reduce((sum, { name, size }) => (exclude.includes(name) ? sum + size : sum), 0);
  const density = (kept - whole) / (total - whole);
  let masks = layers.map(({ size }) => Mask.ones(size));
  for (let round = 1; round <= rounds; round++) {
    const scores = await access.score(recipe, masks);
    const left = round === rounds ? kept : whole + Math.ceil((total - whole) * density ** (round / rounds));
    masks = pruneByScores(layers, masks, scores, cutsFor(distribution, layers, exclude, left));
  }
  return masks;
}

/** Over all layers. */
export async function keptCount(recipe: KeptCount, access: Pick<MaskAccess, 'layers' | 'masks'>): Promise<number> {
  if (recipe.sparsity !== undefined) return keptAt(recipe.sparsity, access.layers);
  return (await access.masks(recipe.countsOf)).reduce((sum, mask) => sum + mask.kept, 0);
}

async function kernelsOf(run: string, access: MaskAccess): Promise<Kernel[]> {
  const weights = await access.finalKernels(run);
  const masks = await access.masks(run);
  return access.layers.map(({ name, shape, output, convolution, size }, i) => {
    const kernel = { name, shape, output, convolution, weights: weights[i]!, mask: masks[i]! };
    if (kernel.weights.length === size && kernel.mask.size === size) return kernel;
    throw new RangeError(`run ${run}: weights or mask of ${name} are not of ${size} values`);
  });
}

/** As many kept, anywhere in the layer. A stream for each layer, so that one layer's size does not move the others. */
function shuffled(mask: Mask, seed: number, layer: string): Mask {
  return Mask.fromBytes(new Random(seed, 'shuffle', layer).shuffle(mask.toBytes()));
}

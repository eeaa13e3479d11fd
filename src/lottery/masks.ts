/** Carries out the mask recipe of a run. */
import { Random } from '../shared/random';
import type { MaskRecipe } from '../shared/run';
import type { PrunableLayer } from './layers';
import { pruneByMagnitude, pruneToCounts, type Kernel } from './magnitude';
import { Mask } from './mask';

/** What a recipe is carried out on. */
export interface MaskAccess {
  readonly layers: readonly PrunableLayer[];
  /** Level of the run that the masks are for; named in errors. */
  readonly level: number;
  /** Final values of the prunable kernels of a run, in the order of `layers`. */
  finalKernels(run: string): Promise<readonly Float32Array[]>;
  /** Masks of a run, in the order of `layers`. */
  masks(run: string): Promise<readonly Mask[]>;
}

/** Pruning left a layer without any weight: nothing could pass through it, so it is never trained. */
export class LayerCollapseError extends Error {
  constructor(
    readonly layer: string,
    readonly level: number,
  ) {
    super(
      `level ${level}: pruning left no weight of layer "${layer}" (layer collapse); ` +
        'use scope "layer", prune fewer levels or at a lower rate, or exclude the layer',
    );
    this.name = 'LayerCollapseError';
  }
}

/**
 * @returns a mask for each of `access.layers`
 * @throws LayerCollapseError, NanWeightError, CutError
 */
export async function buildMasks(recipe: MaskRecipe, access: MaskAccess): Promise<Mask[]> {
  const masks = await carryOut(recipe, access);
  const empty = access.layers.find(({ size }, i) => size > 0 && masks[i]!.kept === 0);
  if (empty) throw new LayerCollapseError(empty.layer, access.level);
  return masks;
}

async function carryOut(recipe: MaskRecipe, access: MaskAccess): Promise<Mask[]> {
  switch (recipe.kind) {
    case 'ones':
      return access.layers.map(({ size }) => Mask.ones(size));
    case 'same':
      return [...(await access.masks(recipe.run))];
    case 'shuffled':
      return (await access.masks(recipe.run)).map((mask, i) => shuffled(mask, recipe.seed, access.layers[i]!.name));
    case 'magnitude':
      return pruneByMagnitude(await kernelsOf(recipe.run, access), recipe);
    case 'magnitude-to': {
      const kept = (await access.masks(recipe.countsOf)).map(mask => mask.kept);
      return pruneToCounts(await kernelsOf(recipe.run, access), kept, recipe);
    }
  }
}

async function kernelsOf(run: string, access: MaskAccess): Promise<Kernel[]> {
  const weights = await access.finalKernels(run);
  const masks = await access.masks(run);
  return access.layers.map(({ name, output, convolution, size }, i) => {
    const kernel = { name, output, convolution, weights: weights[i]!, mask: masks[i]! };
    if (kernel.weights.length === size && kernel.mask.size === size) return kernel;
    throw new RangeError(`run ${run}: weights or mask of ${name} are not of ${size} values`);
  });
}

/** As many kept, anywhere in the layer. A stream for each layer, so that one layer's size does not move the others. */
function shuffled(mask: Mask, seed: number, layer: string): Mask {
  return Mask.fromBytes(new Random(seed, 'shuffle', layer).shuffle(mask.toBytes()));
}

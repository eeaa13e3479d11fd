/** Carries out mask recipes in which more than single weights go as one. */
import type { MaskRecipe } from '../../shared/run';
import { readStructure, type Structure } from '../../shared/structure';
import { roundHalfEven } from '../counts';
import type { PrunableLayer } from '../layers';
import type { Kernel } from '../magnitude';
import type { Mask } from '../mask';
import { rateOf } from '../rule';
import { BlockGrid, removeBlocks, shuffledBlocks, type BlockSize } from './blocks';
import type { Coupling } from './coupling';
import { pruneFilters, pruneFiltersTo, pruneFiltersToSparsity, shuffledFilters, type Trained } from './filters';
import { keptOfEach, nextKept, pruneToPattern, shuffledPattern, type Pattern } from './patterns';

type Round = Extract<MaskRecipe, { kind: 'magnitude' }>;
type Cut = Extract<MaskRecipe, { kind: 'magnitude-to' }>;
type Shuffle = Extract<MaskRecipe, { kind: 'shuffled' }>;
export type StructuredRecipe = (Round | Cut | Shuffle) & { readonly structure: string };

/** What a recipe is carried out on; see `MaskAccess`. */
export interface StructuredAccess {
  readonly layers: readonly PrunableLayer[];
  /** Of the network, which is a training plan. */
  coupling(): Coupling;
  finalKernels(run: string): Promise<readonly Float32Array[]>;
  /** Of all parameters of the network, in its order. */
  finalWeights(run: string): Promise<readonly Float32Array[]>;
  masks(run: string, whole?: readonly string[]): Promise<readonly Mask[]>;
}

export function isStructured(recipe: MaskRecipe): recipe is StructuredRecipe {
  return 'structure' in recipe;
}

/** @throws NanWeightError; RangeError where fewer are kept already than should be */
export async function structuredMasks(recipe: StructuredRecipe, access: StructuredAccess): Promise<Mask[]> {
  const structure = readStructure(recipe.structure);
  if (!structure || structure.kind === 'weights') {
    throw new RangeError(`"${recipe.structure}" is no structure that can be pruned`);
  }
  switch (structure.kind) {
    case 'filters':
      return filterMasks(recipe, access);
    case 'n:m':
      return patternMasks(recipe, access, structure);
    case 'blocks':
      return blockMasks(recipe, access, structure);
  }
}

async function filterMasks(recipe: StructuredRecipe, access: StructuredAccess): Promise<Mask[]> {
  const { layers } = access;
  const coupling = access.coupling();
  const masks = await access.masks(recipe.run, wholeOf(recipe));
  if (recipe.kind === 'shuffled') return shuffledFilters({ coupling, layers, masks }, recipe.seed);
  const { norm = 'l2' } = recipe;
  const trained: Trained = { coupling, layers, masks, weights: await access.finalWeights(recipe.run) };
  if (recipe.kind === 'magnitude') return pruneFilters(trained, { ...recipe, norm });
  return recipe.sparsity === undefined
    ? pruneFiltersTo(trained, await access.masks(recipe.countsOf), { ...recipe, norm })
    : pruneFiltersToSparsity(trained, recipe.sparsity, { ...recipe, norm });
}

async function patternMasks(
  recipe: StructuredRecipe,
  access: StructuredAccess,
  { n, m }: Extract<Structure, { kind: 'n:m' }>,
): Promise<Mask[]> {
  const { layers } = access;
  const masks = await access.masks(recipe.run, wholeOf(recipe));
  if (recipe.kind === 'shuffled') {
    // the mask of a layer left whole stays what it is, whatever its groups are
    return masks.map((mask, i) => {
      const { name, shape } = layers[i]!;
      return mask.kept === mask.size ? mask : shuffledPattern(mask, shape.at(-1)!, m, recipe.seed, name);
    });
  }
  const counts = recipe.kind === 'magnitude' ? null : await cutCounts(recipe, access, { n, m });
  const kernels = await kernelsOf(recipe.run, access);
  return kernels.map((kernel, i) => {
    if (recipe.exclude.includes(kernel.name)) return kernel.mask;
    const before = keptOfEach({ n, m }, kernel.mask);
    const kept = counts ? counts[i]! : nextKept({ n, m }, before, (recipe as Round).rate);
    return pruneToPattern(kernel, layers[i]!.shape.at(-1)!, m, kept);
  });
}

/** How many of each m weights a cut leaves in each layer. */
async function cutCounts(recipe: Cut, access: StructuredAccess, pattern: Pattern): Promise<number[]> {
  if (recipe.sparsity === undefined) {
    return (await access.masks(recipe.countsOf)).map(mask => keptOfEach(pattern, mask));
  }
  const { m } = pattern;
  const kept = Math.max(1, roundHalfEven(m * (1 - recipe.sparsity)));
  return access.layers.map(() => kept);
}

async function blockMasks(recipe: StructuredRecipe, access: StructuredAccess, size: BlockSize): Promise<Mask[]> {
  const { layers } = access;
  const masks = await access.masks(recipe.run, wholeOf(recipe));
  if (recipe.kind === 'shuffled') {
    return masks.map((mask, i) => shuffledBlocks(mask, layers[i]!.shape, size, recipe.seed, layers[i]!.name));
  }
  const { norm = 'l2', scope, exclude } = recipe;
  const kernels = await kernelsOf(recipe.run, access);
  const blocks = kernels.map((kernel, i) => {
    const grid = new BlockGrid(layers[i]!.shape, size);
    return { grid, live: grid.live(kernel.mask), scores: grid.scores(kernel, norm) };
  });
  const pruned = layers.flatMap(({ name }, i) => (exclude.includes(name) ? [] : [i]));
  const groups = scope === 'layer' ? pruned.map(i => [i]) : [pruned];
  const wanted = recipe.kind === 'magnitude' ? null : await blocksToKeep(recipe, access, blocks);
  for (const group of groups) {
    const present = sum(group.map(i => sum(blocks[i]!.live)));
    const gone =
      recipe.kind === 'magnitude'
        ? roundHalfEven((scope === 'layer' ? (rateOf(recipe, layers[group[0]!]!) ?? 0) : recipe.rate) * present)
        : present - sum(group.map(i => wanted![i]!));
    removeBlocks(
      group.map(i => blocks[i]!),
      gone,
    );
  }
  return kernels.map(({ mask }, i) => (pruned.includes(i) ? blocks[i]!.grid.mask(blocks[i]!.live, mask.size) : mask));
}

/** Blocks that a cut leaves of each layer. */
async function blocksToKeep(
  recipe: Cut,
  access: StructuredAccess,
  blocks: readonly { readonly grid: BlockGrid }[],
): Promise<number[]> {
  const { sparsity } = recipe;
  if (sparsity !== undefined) return blocks.map(({ grid }) => grid.count - roundHalfEven(grid.count * sparsity));
  return (await access.masks(recipe.countsOf)).map((mask, i) => sum(blocks[i]!.grid.live(mask)));
}

function wholeOf(recipe: StructuredRecipe): readonly string[] | undefined {
  return recipe.kind === 'shuffled' ? recipe.whole : undefined;
}

type Weighed = Pick<Kernel, 'name' | 'weights' | 'mask'>;

async function kernelsOf(run: string, access: StructuredAccess): Promise<Weighed[]> {
  const [weights, masks] = [await access.finalKernels(run), await access.masks(run)];
  return access.layers.map(({ name }, i) => ({ name, weights: weights[i]!, mask: masks[i]! }));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

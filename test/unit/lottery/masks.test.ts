import { describe, expect, it } from 'vitest';
import { Mask } from '../../../src/lottery/mask';
import { buildMasks, LayerCollapseError, type MaskAccess } from '../../../src/lottery/masks';
import { couplingOf } from '../../../src/lottery/structured/coupling';
import { layer, trained } from './support';

const layers = [layer('a', [40, 5]), layer('b', [30]), layer('out', [10], true)];
const dense = {
  kernels: trained(layers).map(({ weights }) => weights),
  masks: layers.map(({ size }) => Mask.ones(size)),
};
const sparse = {
  kernels: dense.kernels,
  masks: layers.map(({ size }) => Mask.fromBytes(new Uint8Array(size).map((_, i) => (i % 3 === 0 ? 1 : 0)))),
};

function access(runs: Readonly<Record<string, typeof dense>> = { dense, sparse }): MaskAccess {
  return {
    layers,
    level: 7,
    finalKernels: run => Promise.resolve(runs[run]!.kernels),
    finalWeights: run => Promise.resolve(runs[run]!.kernels),
    coupling: () => couplingOf({ activations: [{ shape: [1], size: 1 }], ops: [], parameters: [] }),
    masks: run => Promise.resolve(runs[run]!.masks),
    // the later a weight stands in its kernel, the more it scores; every layer alike
    score: () => Promise.resolve(layers.map(({ size }) => Float64Array.from({ length: size }, (_, i) => i / size))),
  };
}

const kept = (masks: readonly Mask[]) => masks.map(mask => mask.kept);
const rule = { scope: 'layer', rate: 0.2, outputRate: 0.1, exclude: [], counts: 'exact' } as const;

describe('masks from recipes', () => {
  it('keeps everything at level 0', async () => {
    expect(kept(await buildMasks({ kind: 'ones' }, access()))).toEqual([200, 30, 10]);
  });

  it('prunes one round on the final weights and the mask of a run', async () => {
    const masks = await buildMasks({ kind: 'magnitude', run: 'sparse', ...rule }, access());
    expect(kept(masks)).toEqual([67 - 13, 10 - 2, 4]);
    expect(masks.every((mask, i) => mask.isSubsetOf(sparse.masks[i]!))).toBe(true);
  });

  it('cuts by scores, over all layers or so many in each, to the count of a run or a share', async () => {
    const scored = {
      kind: 'scored',
      criterion: 'magnitude',
      start: { kind: 'file' },
      distribution: 'global',
      exclude: [],
    } as const;
    const half = await buildMasks({ ...scored, sparsity: 0.5 }, access());
    // the upper half of each: scores are places within the layer
    expect(kept(half)).toEqual([100, 15, 5]);
    for (const mask of half) expect(mask.has(0)).toBe(false);
    const counts = await buildMasks({ ...scored, countsOf: 'sparse' }, access());
    const sum = (masks: readonly Mask[]) => kept(masks).reduce((total, one) => total + one, 0);
    expect(sum(counts)).toBe(sum(sparse.masks));
    const uniform = await buildMasks({ ...scored, distribution: 'uniform', sparsity: 0.8 }, access());
    expect(kept(uniform)).toEqual([40, 6, 2]);
    const whole = await buildMasks({ ...scored, exclude: ['a/kernel'], sparsity: 0.1 }, access());
    expect(kept(whole)[0]).toBe(200);
    expect(sum(whole)).toBe(216);
  });

  it('cuts by scores in rounds, each a smaller step of the density', async () => {
    const seen: number[] = [];
    const base = access();
    const masks = await buildMasks(
      {
        kind: 'scored',
        criterion: 'synflow',
        start: { kind: 'file' },
        distribution: 'global',
        exclude: [],
        rounds: 4,
        sparsity: 0.9,
      },
      {
        ...base,
        score: (recipe, current) => {
          seen.push(kept(current).reduce((total, one) => total + one, 0));
          return base.score(recipe, current);
        },
      },
    );
    expect(kept(masks).reduce((total, one) => total + one, 0)).toBe(24);
    expect(seen).toEqual([240, ...[1, 2, 3].map(round => Math.ceil(240 * 0.1 ** (round / 4)))]);
  });

  it('refuses scores that are not a number, and shares that the layers left whole exceed', async () => {
    const recipe = {
      kind: 'scored',
      criterion: 'magnitude',
      start: { kind: 'file' },
      distribution: 'global',
      exclude: ['a/kernel'],
      sparsity: 0.5,
    } as const;
    await expect(buildMasks(recipe, access())).rejects.toThrow('left whole hold 200 weights, more than the 120');
    const nan = {
      ...access(),
      score: () => Promise.resolve(layers.map(({ size }) => new Float64Array(size).fill(NaN))),
    };
    await expect(buildMasks({ ...recipe, sparsity: 0.05 }, nan)).rejects.toThrow('b/kernel are not a number');
  });

  it('cuts once to the counts of another run, over all layers or in each', async () => {
    const recipe = { kind: 'magnitude-to', run: 'dense', countsOf: 'sparse', exclude: [] } as const;
    expect(kept(await buildMasks({ ...recipe, scope: 'layer' }, access()))).toEqual(kept(sparse.masks));
    const global = kept(await buildMasks({ ...recipe, scope: 'global' }, access()));
    expect(global.reduce((a, b) => a + b)).toBe(67 + 10 + 4);
    expect(global).not.toEqual(kept(sparse.masks));
  });

  it('shares the very mask of a run', async () => {
    const masks = await buildMasks({ kind: 'same', run: 'sparse' }, access());
    expect(masks.every((mask, i) => mask.equals(sparse.masks[i]!))).toBe(true);
  });

  it('shuffles positions within each layer: as many kept, elsewhere, by the seed', async () => {
    const shuffled = (seed: number) => buildMasks({ kind: 'shuffled', run: 'sparse', seed }, access());
    const [one, again, other] = [await shuffled(1), await shuffled(1), await shuffled(2)];
    expect(kept(one)).toEqual(kept(sparse.masks));
    expect(one.map(mask => mask.toPacked())).toEqual(again.map(mask => mask.toPacked()));
    expect(one[0]!.equals(other[0]!)).toBe(false);
    expect(one[0]!.equals(sparse.masks[0]!)).toBe(false);
  });

  it('shuffles layers of one shape differently', async () => {
    const twins = [layer('a', [60]), layer('b', [60])];
    const half = Mask.fromBytes(new Uint8Array(60).fill(1, 0, 30));
    const [a, b] = await buildMasks(
      { kind: 'shuffled', run: 'sparse', seed: 0 },
      { ...access(), layers: twins, masks: () => Promise.resolve([half, half]) },
    );
    expect(a!.equals(b!)).toBe(false);
  });

  it('names layer and level where a layer would be left with nothing', async () => {
    const weak = {
      kernels: dense.kernels.map((weights, i) => (i === 1 ? weights.map(w => w / 1e6) : weights)),
      masks: dense.masks,
    };
    const building = buildMasks({ kind: 'magnitude', run: 'weak', ...rule, scope: 'global' }, access({ weak }));
    await expect(building).rejects.toBeInstanceOf(LayerCollapseError);
    await expect(building).rejects.toMatchObject({ layer: 'b', level: 7 });
    await expect(building).rejects.toThrow(/^pruning left no weight of layer "b"/);
  });

  it('refuses weights that are not of the model', async () => {
    const wrong = { kernels: [new Float32Array(3), ...dense.kernels.slice(1)], masks: dense.masks };
    await expect(buildMasks({ kind: 'magnitude', run: 'wrong', ...rule }, access({ wrong }))).rejects.toThrow(
      /run wrong: .* a\/kernel/,
    );
  });
});

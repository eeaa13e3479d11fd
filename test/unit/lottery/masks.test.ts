import { describe, expect, it } from 'vitest';
import { Mask } from '../../../src/lottery/mask';
import { buildMasks, LayerCollapseError, type MaskAccess } from '../../../src/lottery/masks';
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
    masks: run => Promise.resolve(runs[run]!.masks),
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
    await expect(building).rejects.toThrow(/^level 7: .* no weight of layer "b"/);
  });

  it('refuses weights that are not of the model', async () => {
    const wrong = { kernels: [new Float32Array(3), ...dense.kernels.slice(1)], masks: dense.masks };
    await expect(buildMasks({ kind: 'magnitude', run: 'wrong', ...rule }, access({ wrong }))).rejects.toThrow(
      /run wrong: .* a\/kernel/,
    );
  });
});

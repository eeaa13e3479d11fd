import { describe, expect, it } from 'vitest';
import { levelsFor } from '../../../src/lottery/levels';
import { Mask } from '../../../src/lottery/mask';
import { buildMasks, type MaskAccess, type ScoreRequest } from '../../../src/lottery/masks';
import { pruningRule, type PruningInput } from '../../../src/lottery/rule';
import { outputsOf, pruneOutputs } from '../../../src/lottery/wanda';
import type { MaskRecipe } from '../../../src/shared/run';
import { layer, trained } from './support';

const layers = [layer('a', [12, 5]), { ...layer('b', [3, 3, 4, 6]), convolution: true }, layer('out', [6, 3], true)];
const kernels = trained(layers).map(({ weights }) => weights);
const base: PruningInput = { method: 'wanda', scope: 'global', rate: 0.25, exclude: [], counts: 'exact' };
/** Every input has another norm; all weights of an input the same. */
const squares = layers.map(({ size, shape }) =>
  Float64Array.from({ length: size }, (_, i) => (1 + ((Math.floor(i / shape.at(-1)!) * 7) % 11)) ** 2),
);

function access(masks: readonly Mask[], asked: ScoreRequest[] = []): MaskAccess {
  const unused = () => Promise.reject(new Error('not needed'));
  return {
    layers,
    level: 1,
    finalKernels: () => Promise.resolve(kernels),
    finalWeights: unused,
    coupling: () => {
      throw new Error('not needed');
    },
    masks: () => Promise.resolve(masks),
    score: request => {
      asked.push(request);
      return Promise.resolve(squares);
    },
  };
}

const dense = layers.map(({ size }) => Mask.ones(size));
const recipeOf = (input: Partial<PruningInput>): MaskRecipe => ({
  kind: 'magnitude',
  run: 'dense',
  ...pruningRule({ ...base, ...input }, layers),
});
const keptOfOutput = (mask: Mask, outputs: number, output: number): number[] =>
  Array.from({ length: mask.size / outputs }, (_, input) => input * outputs + output).filter(i => mask.has(i));

describe('pruning by Wanda', () => {
  it('takes from each output the weights of the lowest |w| · ‖x‖, as many of each', async () => {
    const asked: ScoreRequest[] = [];
    const masks = await buildMasks(recipeOf({ calibration: 64 }), access(dense, asked));
    expect(asked).toEqual([{ criterion: 'wanda', start: { kind: 'final', run: 'dense' }, examples: 64 }]);
    masks.forEach((mask, l) => {
      const outputs = outputsOf(layers[l]!);
      const inputs = mask.size / outputs;
      for (let output = 0; output < outputs; output++) {
        const kept = keptOfOutput(mask, outputs, output);
        // of 12, 36 and 6 inputs a quarter goes, half to even
        expect(kept).toHaveLength([9, 27, 4][l]!);
        const score = (i: number): number => Math.abs(kernels[l]![i]!) * Math.sqrt(squares[l]![i]!);
        const gone = Array.from({ length: inputs }, (_, input) => input * outputs + output).filter(i => !mask.has(i));
        expect(Math.max(...gone.map(score))).toBeLessThanOrEqual(Math.min(...kept.map(score)));
      }
    });
  });

  it('leaves what the levels count beforehand, round after round', async () => {
    const { kept } = levelsFor({ ...base, scope: 'layer', outputRate: 0.1, levels: 3 }, layers);
    let masks = dense;
    for (const count of kept.slice(1)) {
      const next = await buildMasks(recipeOf({ scope: 'layer', outputRate: 0.1 }), access(masks));
      next.forEach((mask, i) => {
        expect(mask.isSubsetOf(masks[i]!)).toBe(true);
      });
      masks = next;
      expect(masks.reduce((sum, mask) => sum + mask.kept, 0)).toBe(count);
    }
  });

  it('meets the counts of another mask output by output in one cut, or a share', async () => {
    const ticket = await buildMasks(recipeOf({}), access(dense));
    const cut = { kind: 'magnitude-to', run: 'dense', scope: 'layer', exclude: [], wanda: { examples: 8 } } as const;
    const both = { ...access(dense), masks: (run: string) => Promise.resolve(run === 'ticket' ? ticket : dense) };
    const met = await buildMasks({ ...cut, countsOf: 'ticket' }, both);
    expect(met.every((mask, i) => mask.equals(ticket[i]!))).toBe(true);
    const half = await buildMasks({ ...cut, sparsity: 0.5 }, both);
    expect(half.map(mask => mask.kept)).toEqual([30, 108, 9]);
  });

  it('keeps n of each m neighbours by its scores with a pattern', async () => {
    const masks = await buildMasks(recipeOf({ structure: '2:4', rate: 0.5, exclude: ['out'] }), access(dense));
    const outputs = 5;
    for (let output = 0; output < outputs; output++) {
      for (let group = 0; group < 3; group++) {
        const places = [0, 1, 2, 3].map(i => (group * 4 + i) * outputs + output);
        const score = (i: number): number => Math.abs(kernels[0]![i]!) * Math.sqrt(squares[0]![i]!);
        const best = [...places].sort((a, b) => score(b) - score(a)).slice(0, 2);
        expect(places.filter(i => masks[0]!.has(i)).sort()).toEqual(best.sort());
      }
    }
  });

  it('takes the inputs of a depthwise kernel one by one', () => {
    const depthwise = { name: 'd/depthwise_kernel', shape: [3, 3, 4, 2] };
    expect(outputsOf(depthwise)).toBe(8);
    const live = new Uint8Array(72).fill(1);
    pruneOutputs(
      Float64Array.from({ length: 72 }, (_, i) => i),
      live,
      8,
      () => 3,
    );
    // the first three of the nine places of each
    expect([...live]).toEqual(Array.from({ length: 72 }, (_, i) => (i < 24 ? 0 : 1)));
  });

  it.each([
    [{ scope: 'erk' }, 'pruning.scope'],
    [{ counts: 'google' }, 'pruning.counts'],
    [{ structure: 'filters' }, 'pruning.structure'],
    [{ method: 'wanda-variant', structure: '2:4' }, 'pruning.structure'],
    [{ method: 'magnitude', calibration: 5 }, 'pruning.calibration'],
  ] as const)('says where %o has no meaning', (input, field) => {
    const rule = () => pruningRule({ ...base, ...input }, layers);
    expect(rule).toThrow(expect.objectContaining({ field }) as Error);
  });
});

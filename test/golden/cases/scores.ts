/** Scores and masks of Synaptic-Flow's pruners: weights scored k-th lowest and below go, all ties with them. */
import { z } from 'zod';
import { rankByMagnitude } from '../../../src/lottery/magnitude';
import { Mask } from '../../../src/lottery/mask';
import { removeLowest, type Ranked } from '../../../src/lottery/select';
import { passed, type GoldenCase, type Handler } from '../goldenCase';

const schema = z.object({
  hyperparameters: z.object({ pruner: z.string().optional(), densities: z.array(z.number()).optional() }),
  tolerance: z.object({
    suggested_score_atol: z.number().optional(),
    suggested_mask_bits_allowed: z.record(z.string(), z.int()).optional(),
  }),
});

export const scoresAndMasks: Handler = golden => {
  const { hyperparameters, tolerance } = schema.parse(golden.description);
  const { pruner, densities } = hyperparameters;
  if (pruner !== 'mag') return { status: 'pending', reason: `pruner ${pruner ?? '(not named)'} is not implemented` };
  const names = golden.namesUnder('score.');
  const weights = names.map(name => golden.floats(`weight.${name}`));
  names.forEach((name, i) => {
    golden.expectValues(`score.${name}`, weights[i]!.map(Math.abs), tolerance.suggested_score_atol ?? 0);
  });
  for (const density of densities ?? []) {
    const group = `density_${density}`;
    const ranked = names.map((name, i) =>
      rankByMagnitude({ name, weights: weights[i]!, mask: Mask.ones(weights[i]!.length) }),
    );
    keepDensity(ranked, density);
    expectMasks(golden, `mask.${group}.`, names, ranked, tolerance.suggested_mask_bits_allowed?.[group]);
  }
  return passed;
};

export const maskRuleWithTies: Handler = golden => {
  for (const key of Object.keys(z.record(z.string(), z.unknown()).parse(golden.description.results))) {
    const match = /^(.+)\.(global|local)_density_([\d.]+)$/.exec(key);
    if (!match) throw new Error(`result ${key} is not understood`);
    const [, prefix, scope, density] = match as unknown as [string, string, string, string];
    const names = golden.namesUnder(`score.${prefix}.`);
    const ranked = names.map(name => rankByScore(golden.floats(`score.${prefix}.${name}`)));
    for (const group of scope === 'global' ? [ranked] : ranked.map(layer => [layer])) {
      keepDensity(group, Number(density));
    }
    expectMasks(golden, `mask.${key}.`, names, ranked);
  }
  return passed;
};

function keepDensity(layers: readonly Ranked[], density: number): void {
  const total = layers.reduce((sum, { keys }) => sum + keys.length, 0);
  const removed = Math.trunc((1 - density) * total);
  if (removed >= 1) removeLowest(layers, { kind: 'up-to-rank', rank: removed - 1 });
}

/** Orders float32 of either sign as unsigned whole numbers: negative ones with all bits, the others with the sign flipped. */
function rankByScore(scores: Float32Array): Ranked {
  const positiveZeros = scores.map(score => score + 0);
  const keys = new Uint32Array(positiveZeros.buffer).map(bits => (bits >>> 31 === 1 ? ~bits : bits | 0x80000000));
  return { keys, live: new Uint8Array(scores.length).fill(1) };
}

function expectMasks(
  golden: GoldenCase,
  prefix: string,
  names: readonly string[],
  ranked: readonly Ranked[],
  allowed?: number,
): void {
  names.forEach((name, i) => golden.expectMask(`${prefix}${name}`, Mask.fromBytes(ranked[i]!.live), allowed));
}

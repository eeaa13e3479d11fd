/** Scores and masks of the pruners of Synaptic-Flow, and of the original GraSP. */
import { z } from 'zod';
import { Mask } from '../../../src/lottery/mask';
import { grasp, snip, synflow } from '../../../src/training/differentiation/criteria';
import { type GoldenCase, type Handler, type Outcome, passed } from '../goldenCase';
import { NotCovered } from '../pytorch/architecture';
import { keepDensity, keepDensityAsGrasp } from './maskRules';
import { ScoredNetwork } from './scoredNetwork';

const schema = z.object({
  peer: z.object({ repo: z.string() }),
  hyperparameters: z.object({
    pruner: z.string().optional(),
    model_mode: z.string().default('eval'),
    batches: z.array(z.int()).default([]),
    densities: z.array(z.number()),
  }),
  tolerance: z.object({
    suggested_score_atol: z.number(),
    suggested_rel_l2_after_rescaling: z.number().optional(),
    suggested_mask_bits_allowed: z.record(z.string(), z.int()).optional(),
  }),
});
type Case = z.infer<typeof schema>;

export const scoresAndMasks: Handler = async golden => {
  const description = schema.parse(golden.description);
  try {
    return await compare(golden, description, await ScoredNetwork.read(golden));
  } catch (error) {
    if (!(error instanceof NotCovered)) throw error;
    return { status: 'pending', reason: `training plans do not cover ${error.message} yet` };
  }
};

async function compare(golden: GoldenCase, description: Case, network: ScoredNetwork): Promise<Outcome> {
  const { hyperparameters, tolerance } = description;
  const isOriginal = /\/GraSP$/.test(description.peer.repo);
  const pruner = isOriginal ? 'original grasp' : (hyperparameters.pruner ?? '(not named)');
  const scores = await scoresBy(pruner, hyperparameters, network);
  if (!scores) return { status: 'pending', reason: `pruner ${pruner} is not implemented` };
  // the original's largest scores go
  const theirs = isOriginal ? scores.map(values => values.map(score => -score)) : scores;
  const rescaled = tolerance.suggested_rel_l2_after_rescaling;
  if (rescaled === undefined) network.expectScores('score.', theirs, tolerance.suggested_score_atol);
  else network.expectRescaledScores('score.', theirs, rescaled);
  for (const density of hyperparameters.densities) {
    const group = `density_${density}`;
    const masks = (isOriginal ? keepDensityAsGrasp : keepDensity)(scores, density);
    network.expectMasks(`mask.${group}.`, masks, tolerance.suggested_mask_bits_allowed?.[group]);
  }
  for (const group of roundGroups(golden)) {
    const masks = await roundsOfSynflow(network, modeOf(hyperparameters), group);
    network.expectMasks(`mask.${group.name}.`, masks, tolerance.suggested_mask_bits_allowed?.[group.name]);
  }
  return passed;
}

function modeOf({ model_mode }: Pick<Case['hyperparameters'], 'model_mode'>): 'batch' | 'moving' {
  return model_mode.startsWith('train') ? 'batch' : 'moving';
}

/** Null where the pruner is none of these. */
async function scoresBy(
  pruner: string,
  hyperparameters: Case['hyperparameters'],
  network: ScoredNetwork,
): Promise<Float64Array[] | null> {
  const subject = network.subject(modeOf(hyperparameters));
  const batches = (): ReturnType<ScoredNetwork['batches']> => network.batches(hyperparameters.batches);
  switch (pruner) {
    case 'mag':
      return subject.plan.parameters.flatMap(({ prunable }, p) =>
        prunable ? [network.weights[p]!.map(Math.abs)] : [],
      );
    case 'snip':
      return snip(subject, batches());
    case 'grasp':
    case 'original grasp':
      return grasp(subject, batches());
    case 'synflow':
      return synflow(subject);
    default:
      return null;
  }
}

interface Rounds {
  /** E.g. iterative100_density_0.1 */
  readonly name: string;
  readonly rounds: number;
  readonly density: number;
}

function roundGroups(golden: GoldenCase): Rounds[] {
  const names = golden.namesUnder('mask.').flatMap(name => /^iterative\d+_density_(0\.)?\d+/.exec(name)?.[0] ?? []);
  return [...new Set(names)].map(name => {
    const [, rounds, density] = /^iterative(\d+)_density_(.+)$/.exec(name)!;
    return { name, rounds: Number(rounds), density: Number(density) };
  });
}

/** Scored under the masks of the round before, which never come back, by Synaptic-Flow's own rule. */
async function roundsOfSynflow(
  network: ScoredNetwork,
  statistics: 'batch' | 'moving',
  { rounds, density }: Rounds,
): Promise<Uint8Array[]> {
  let weights = network.weights;
  let masks: Uint8Array[] = [];
  for (let round = 1; round <= rounds; round++) {
    masks = keepDensity(await synflow(network.subject(statistics, weights)), density ** (round / rounds));
    weights = network.masked(masks);
  }
  return masks;
}

export const maskRuleWithTies: Handler = golden => {
  for (const key of Object.keys(z.record(z.string(), z.unknown()).parse(golden.description.results))) {
    const match = /^(.+)\.(global|local)_density_([\d.]+)$/.exec(key);
    if (!match) throw new Error(`result ${key} is not understood`);
    const [, prefix, scope, density] = match as unknown as [string, string, string, string];
    const names = golden.namesUnder(`score.${prefix}.`);
    const scores = names.map(name => golden.floats(`score.${prefix}.${name}`));
    const masks =
      scope === 'global'
        ? keepDensity(scores, Number(density))
        : scores.flatMap(layer => keepDensity([layer], Number(density)));
    names.forEach((name, i) => golden.expectMask(`mask.${key}.${name}`, Mask.fromBytes(masks[i]!)));
  }
  return passed;
};

/** Scores and masks of ProsPr: meta-gradients through a few steps of training. */
import { z } from 'zod';
import { Mask } from '../../../src/lottery/mask';
import { pruneByScores } from '../../../src/lottery/scored';
import { prospr } from '../../../src/training/differentiation/criteria';
import { type Handler, passed } from '../goldenCase';
import { NotCovered } from '../pytorch/architecture';
import { ScoredNetwork } from './scoredNetwork';

const variantSchema = z.object({
  num_steps: z.int().min(1),
  inner_lr: z.number(),
  inner_momentum: z.number(),
  method: z.enum(['full', 'first_order']),
  structured: z.literal(false),
  new_data_in_inner: z.boolean(),
});
type Variant = z.infer<typeof variantSchema>;

const schema = z.object({
  hyperparameters: z.object({
    variants: z.record(z.string(), variantSchema),
    batch: z.int().min(1),
    batches: z.int().min(1),
  }),
  tolerance: z.record(z.string(), z.object({ suggested_score_atol: z.number() })),
});

export const prosprScores: Handler = async golden => {
  const { hyperparameters, tolerance } = schema.parse(golden.description);
  const { variants, batch, batches } = hyperparameters;
  try {
    const network = await ScoredNetwork.read(golden);
    const examples = network.batches(new Array<number>(batches).fill(batch));
    for (const [name, variant] of Object.entries(variants)) {
      const scores = await scoresOf(network, examples, variant);
      network.expectScores(`score.${name}.`, scores, tolerance[name]!.suggested_score_atol);
      const prefix = `mask.${name}.density_`;
      const densities = new Set(golden.namesUnder(prefix).map(rest => /^(0\.)?\d+/.exec(rest)![0]));
      for (const density of densities) {
        network.expectMasks(`${prefix}${density}.`, keepLargest(scores, Number(density)));
      }
    }
    return passed;
  } catch (error) {
    if (!(error instanceof NotCovered)) throw error;
    return { status: 'pending', reason: `training plans do not cover ${error.message} yet` };
  }
};

function scoresOf(
  network: ScoredNetwork,
  batches: ReturnType<ScoredNetwork['batches']>,
  { num_steps, inner_lr, inner_momentum, method, new_data_in_inner }: Variant,
): Promise<Float64Array[]> {
  const batchAt = (step: number) => batches[new_data_in_inner ? step % batches.length : 0]!;
  const steps = Array.from({ length: num_steps }, (_, step) => batchAt(step));
  const inner = { learningRate: inner_lr, momentum: inner_momentum, firstOrder: method === 'first_order' };
  return prospr(network.subject('batch'), steps, batchAt(num_steps), inner);
}

/** The ⌈n · (1 − ratio)⌉ largest stay, with the ratio 1 − density as the peer is given it. */
function keepLargest(scores: readonly Float64Array[], density: number): Uint8Array[] {
  const total = scores.reduce((sum, { length }) => sum + length, 0);
  const layers = scores.map(({ length: size }, i) => ({
    name: `layer ${i}`,
    layer: `layer ${i}`,
    shape: [size],
    size,
    prunable: true,
    output: false,
    convolution: false,
  }));
  const cut = { layers: layers.map((_, i) => i), kept: Math.ceil(total * (1 - (1 - density))) };
  const whole = layers.map(({ size }) => Mask.ones(size));
  return pruneByScores(layers, whole, scores, [cut]).map(mask => mask.toBytes());
}

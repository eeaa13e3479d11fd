/** Iterative magnitude pruning as in open_lth: masks level by level from given weights. */
import { z } from 'zod';
import { pruneByMagnitude } from '../../../src/lottery/magnitude';
import { Mask } from '../../../src/lottery/mask';
import { CutError } from '../../../src/lottery/select';
import { passed, type GoldenCase, type Handler } from '../goldenCase';

const hyperparametersSchema = z.object({
  fraction: z.union([z.number(), z.string()]),
  levels: z.int(),
  /** open_lth takes names separated by commas. */
  layers_to_ignore: z.string().nullable(),
});

const levelSchema = z.union([
  z.object({ peer_error: z.string() }),
  z.object({ fraction: z.number().optional(), kept_after: z.int(), per_layer_kept: z.record(z.string(), z.int()) }),
]);
const resultsSchema = z.record(z.string(), levelSchema);
type Results = z.infer<typeof resultsSchema>;

export const iterativeMagnitude: Handler = golden => {
  const { fraction, levels, layers_to_ignore } = hyperparametersSchema.parse(golden.description.hyperparameters);
  const results = resultsSchema.parse(golden.description.results);
  prune(golden, { results, prefix: '', fraction: z.number().parse(fraction), levels, ignored: layers_to_ignore });
  return passed;
};

/** Several small networks in one file, each with a fraction of its own. */
export const iterativeMagnitudeWithTies: Handler = golden => {
  const { levels, layers_to_ignore } = hyperparametersSchema.parse(golden.description.hyperparameters);
  const results = resultsSchema.parse(golden.description.results);
  for (const prefix of new Set(Object.keys(results).map(key => key.replace(/level_\d+$/, '')))) {
    const first = results[`${prefix}level_1`];
    if (!first || !('fraction' in first) || first.fraction === undefined) throw new Error(`${prefix}: no fraction`);
    prune(golden, { results, prefix, fraction: first.fraction, levels, ignored: layers_to_ignore });
  }
  return passed;
};

interface Series {
  readonly results: Results;
  /** Of the names of its tensors and results, e.g. `case_0.`. */
  readonly prefix: string;
  readonly fraction: number;
  readonly levels: number;
  readonly ignored: string | null;
}

function prune(golden: GoldenCase, { results, prefix, fraction, levels, ignored }: Series): void {
  const names = golden.namesUnder(`mask.${prefix}level_1.`);
  const exclude = (ignored ?? '').split(',').filter(name => name !== '');
  const rule = { scope: 'global', rate: fraction, outputRate: fraction, exclude, counts: 'open_lth' } as const;
  let masks: Mask[] | null = null;
  for (let level = 1; level <= levels; level++) {
    const key = `${prefix}level_${level}`;
    const expected = results[key];
    if (!expected) throw new Error(`no result for ${key}`);
    const previous: Mask[] | null = masks;
    const kernels = names.map((name, i) => {
      const weights = weightsAt(golden, prefix, level, name);
      return { name, output: false, weights, mask: previous?.[i] ?? Mask.ones(weights.length) };
    });
    if ('peer_error' in expected) {
      expectCutError(() => pruneByMagnitude(kernels, rule), key);
      return;
    }
    const pruned = pruneByMagnitude(kernels, rule);
    names.forEach((name, i) => {
      golden.expectMask(`mask.${key}.${name}`, pruned[i]!);
      if (pruned[i]!.kept !== expected.per_layer_kept[name]) throw new Error(`${key}: another count for ${name}`);
    });
    masks = pruned;
  }
}

/** Each level has weights of its own, or all share them. */
function weightsAt(golden: GoldenCase, prefix: string, level: number, name: string): Float32Array {
  const own = `weight.${prefix}level_${level}.${name}`;
  return golden.floats(golden.has(own) ? own : `weight.${prefix}${name}`);
}

function expectCutError(prune: () => unknown, key: string): void {
  try {
    prune();
  } catch (error) {
    if (error instanceof CutError) return;
    throw error;
  }
  throw new Error(`${key}: the peer could not prune any further, but this did`);
}

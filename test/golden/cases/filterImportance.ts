/** Scores of filters with their coupling groups, as VainF/Torch-Pruning computes them. */
import { z } from 'zod';
import { couplingOf, type Coupling, type CouplingGroup } from '../../../src/lottery/structured/coupling';
import { groupImportance, type Importance, type ValuesOf } from '../../../src/lottery/structured/importance';
import { passed, type GoldenCase, type Handler, type Outcome } from '../goldenCase';
import { planOf } from '../pytorch/architecture';
import { fromTorch, torchName, torchOrder } from '../pytorch/layouts';
import { relativeTolerance } from '../tolerance';

const variantSchema = z.object({
  p: z.number(),
  group_reduction: z.enum(['mean', 'sum', 'max', 'prod', 'first']).default('mean'),
  normalizer: z.enum(['mean', 'sum', 'max']).nullable().default('mean'),
});
const schema = z.object({
  hyperparameters: z.object({ variants: z.record(z.string(), variantSchema) }),
  tolerance: z.object({ suggested_rtol: z.number() }),
});

export const filterImportance: Handler = (golden): Outcome => {
  const { hyperparameters, tolerance } = schema.parse(golden.description);
  const { plan, inputOrders } = planOf(golden.description.architecture);
  const coupling = couplingOf(plan);
  const values: ValuesOf = parameter => {
    const one = plan.parameters[parameter]!;
    return fromTorch(golden.floats(`weight.${torchName(one)}`), torchOrder(one, inputOrders.get(one.layer)));
  };
  const scoresOf = (variant: string, layer: string): Float64Array => {
    const settings = hyperparameters.variants[variant];
    if (!settings) throw new Error(`no variant ${variant}`);
    return scoresByFilter(coupling, layer, values, {
      power: settings.p,
      reduction: settings.group_reduction,
      normalizer: settings.normalizer,
    });
  };
  for (const key of golden.namesUnder('score.')) {
    const [variant, layer] = split(key);
    golden.expectValues(
      `score.${key}`,
      Float32Array.from(scoresOf(variant, layer)),
      relativeTolerance(golden, `score.${key}`, tolerance.suggested_rtol),
    );
  }
  for (const key of golden.namesUnder('removed.')) checkRemoved(golden, key, scoresOf);
  return passed;
};

/** "p2_default.blocks.0.conv1" */
function split(key: string): [string, string] {
  const dot = key.indexOf('.');
  return [key.slice(0, dot), key.slice(dot + 1)];
}

/** In the order of the layer's output channels. */
function scoresByFilter(coupling: Coupling, layer: string, values: ValuesOf, importance: Importance): Float64Array {
  const root = coupling.kernels.findIndex(kernel => kernel.layer === layer);
  const group = coupling.groups.find(({ producers }) => producers.includes(root));
  if (!group) throw new Error(`the filters of ${layer} cannot go`);
  const scores = groupImportance(coupling, group, values, importance, root);
  return Float64Array.from(coupling.kernels[root]!.outputs, unit => scores[placeOf(group, unit)]!);
}

function placeOf({ units }: CouplingGroup, unit: number): number {
  return units.indexOf(unit);
}

/** Of C filters C − ⌊C · (1 − ratio)⌋ with the lowest scores. */
function checkRemoved(
  golden: GoldenCase,
  key: string,
  scoresOf: (variant: string, layer: string) => Float64Array,
): void {
  const match = /^(.+)_ratio_(\d*\.\d+|\d+)\.(.+)$/.exec(key);
  if (!match) throw new Error(`removed.${key} is not understood`);
  const [, variant, ratio, layer] = match as unknown as [string, string, string, string];
  const scores = scoresOf(variant, layer);
  const count = scores.length - Math.trunc(scores.length * (1 - Number(ratio)));
  const order = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  const removed = order.slice(0, count).sort((a, b) => a - b);
  const expected = Array.from(golden.integers(`removed.${key}`)).sort((a, b) => a - b);
  if (removed.join() !== expected.join()) {
    throw new Error(`removed.${key}: filters ${removed.join(', ')} instead of ${expected.join(', ')}`);
  }
}

/** What a training plan says of a model: its layers in words, its weights, what an example costs. */
import type { ModelFacts } from '../shared/describeMessages';
import { plural } from '../shared/format';
import type { LayersNetwork } from '../training/network';
import { kernelUses } from '../training/plan/kernelUses';
import type { Plan, PlanOp, PlanParameter } from '../training/plan/plan';

/** In the order in which they are told; what only moves values about is not. */
const words: readonly (readonly [kinds: readonly PlanOp['kind'][], one: string])[] = [
  [['conv2d'], 'convolution'],
  [['dense'], 'dense layer'],
  [['batch-normalization', 'layer-normalization'], 'normalisation'],
  [['max-pool', 'average-pool'], 'pool'],
  [['add'], 'sum'],
  [['concatenate'], 'concatenation'],
  [['dropout'], 'dropout'],
];

export function factsOf(plan: Plan): ModelFacts {
  const { ops, parameters } = plan;
  const uses = kernelUses(plan);
  const layers = words.flatMap(([kinds, one]) => {
    const count = ops.filter(({ kind }) => kinds.includes(kind)).length;
    return count === 0 ? [] : [plural(count, one)];
  });
  return {
    layers: layers.join(', '),
    ...countsOf(parameters),
    multiplyAdds: parameters.reduce((total, { name, size }) => total + size * (uses.get(name) ?? 0), 0),
  };
}

/** Of a model that no plan covers. */
export function factsOfLayers({ layers, parameters }: LayersNetwork): ModelFacts {
  const counts = countsOf(parameters);
  // each kernel once; how often a recurrent one is used only TensorFlow knows
  return { layers: plural(layers.length, 'layer'), ...counts, multiplyAdds: counts.prunable };
}

type Parameters = readonly Pick<PlanParameter, 'size' | 'trainable' | 'prunable'>[];

function countsOf(parameters: Parameters): Pick<ModelFacts, 'weights' | 'prunable'> {
  const sum = (of: Parameters): number => of.reduce((total, { size }) => total + size, 0);
  return {
    weights: sum(parameters.filter(({ trainable }) => trainable)),
    prunable: sum(parameters.filter(({ prunable }) => prunable)),
  };
}

/** What a training plan says of a model: its layers in words, its weights, what an example costs. */
import type { ModelFacts } from '../shared/describeMessages';
import { plural } from '../shared/format';
import type { Plan, PlanOp } from '../training/plan/plan';

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

export function factsOf({ ops, parameters, activations }: Plan): ModelFacts {
  const layers = words.flatMap(([kinds, one]) => {
    const count = ops.filter(({ kind }) => kinds.includes(kind)).length;
    return count === 0 ? [] : [plural(count, one)];
  });
  const trained = parameters.filter(({ trainable }) => trainable);
  const sum = (of: Plan['parameters']): number => of.reduce((total, { size }) => total + size, 0);
  return {
    layers: layers.join(', '),
    weights: sum(trained),
    prunable: sum(parameters.filter(({ prunable }) => prunable)),
    multiplyAdds: ops.reduce((total, op) => {
      if (op.kind !== 'dense' && op.kind !== 'conv2d') return total;
      // each value of a convolution's kernel is used once for every pixel that comes out
      const [height = 1, width = 1] = op.kind === 'conv2d' ? activations[op.output]!.shape : [];
      return total + parameters[op.kernel]!.size * height * width;
    }, 0),
  };
}

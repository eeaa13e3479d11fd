/** Built-in models for numbers to predict. */
import type { KerasTopology } from '../topology';
import type { Builtin, LayerJson } from './json';

/** The same model without the softmax that ends it for classes: numbers are predicted as its last layer gives them. */
export function withLinearEnd({ description, topology }: Builtin): Builtin {
  return { description, topology: (inputShape, targets) => linear(topology(inputShape, targets)) };
}

function linear({ config, ...topology }: KerasTopology): KerasTopology {
  const { layers, ...rest } = config as { readonly layers: readonly LayerJson[] };
  const ended = layers.map((layer, i) =>
    i === layers.length - 1 ? { ...layer, config: { ...layer.config, activation: 'linear' } } : layer,
  );
  return { ...topology, config: { ...rest, layers: ended } };
}

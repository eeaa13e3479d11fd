/** Models with layers that no plan covers, as Keras 2 and Keras 3 write them. */
import type { KerasTopology } from '../../../../src/models/topology';

export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export const recurrent = {
  units: 6,
  activation: 'tanh',
  recurrent_activation: 'sigmoid',
  use_bias: true,
  unit_forget_bias: true,
  return_sequences: false,
  return_state: false,
  stateful: false,
};

/** A Sequential with its input's shape in the first layer. */
export function keras2(shape: readonly number[], layers: readonly KerasLayer[]): KerasTopology {
  return {
    class_name: 'Sequential',
    keras_version: '2.15.0',
    config: {
      name: 'sequential',
      layers: layers.map(({ className, name, config }, i) => ({
        class_name: className,
        config: { name, ...(i === 0 && { batch_input_shape: [null, ...shape], dtype: 'float32' }), ...config },
      })),
    },
  };
}

const policy = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
const initializer = (class_name: string) => ({
  module: 'keras.initializers',
  class_name,
  config: { seed: null },
  registered_name: null,
});

/** A Functional model, its layers one after another, with all that Keras 3 adds. */
export function keras3(shape: readonly number[], layers: readonly KerasLayer[]): KerasTopology {
  const tensor = (layer: string) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, ...shape], dtype: 'float32', keras_history: [layer, 0, 0] },
  });
  const entry = {
    module: 'keras.layers',
    class_name: 'InputLayer',
    name: 'entry',
    config: { batch_shape: [null, ...shape], dtype: 'float32', sparse: false, name: 'entry' },
    registered_name: null,
    inbound_nodes: [],
  };
  return {
    class_name: 'Functional',
    keras_version: '3.9.2',
    config: {
      name: 'functional',
      layers: [
        entry,
        ...layers.map(({ className, name, config }, i) => ({
          module: 'keras.layers',
          class_name: className,
          name,
          config: {
            name,
            trainable: true,
            dtype: policy,
            ...(className === 'LSTM' && {
              kernel_initializer: initializer('GlorotUniform'),
              recurrent_initializer: initializer('Orthogonal'),
              bias_initializer: initializer('Zeros'),
              kernel_regularizer: null,
              seed: null,
            }),
            ...config,
          },
          registered_name: null,
          build_config: { input_shape: [null, ...shape] },
          inbound_nodes: [{ args: [tensor(i === 0 ? 'entry' : layers[i - 1]!.name)], kwargs: { mask: null } }],
        })),
      ],
      input_layers: [['entry', 0, 0]],
      output_layers: [[layers.at(-1)!.name, 0, 0]],
    },
  };
}

export const lstm = (name: string, config: Readonly<Record<string, unknown>> = {}): KerasLayer => ({
  className: 'LSTM',
  name,
  config: { ...recurrent, ...config },
});

export const dense = (name: string, units: number, activation = 'linear'): KerasLayer => ({
  className: 'Dense',
  name,
  config: { units, activation, use_bias: true },
});

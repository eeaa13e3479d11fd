/** Keras topologies for tests. */
import type { KerasTopology } from '../../../src/models/topology';
import type { Model } from '../../../src/models/model';

export interface LayerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export const layer = (className: string, config: Record<string, unknown> = {}): LayerJson => ({
  class_name: className,
  config: { name: className.toLowerCase(), ...config },
});

export const dense = (
  name: string,
  units: number,
  activation = 'linear',
  more: Record<string, unknown> = {},
): LayerJson => layer('Dense', { name, units, activation, ...more });

/** The first layer gets the input shape, as TensorFlow.js writes it. */
export function sequential(inputShape: readonly number[], layers: readonly LayerJson[]): KerasTopology {
  const [first, ...others] = layers;
  const shaped = { ...first!, config: { ...first!.config, batch_input_shape: [null, ...inputShape] } };
  return { class_name: 'Sequential', config: { name: 'test', layers: [shaped, ...others] } };
}

/** The same chain as a functional model of TensorFlow.js and Keras 2. */
export function functional(inputShape: readonly number[], layers: readonly LayerJson[]): KerasTopology {
  const input = layer('InputLayer', {
    name: 'in',
    batch_input_shape: [null, ...inputShape],
    dtype: 'float32',
    sparse: false,
  });
  const all = [input, ...layers];
  const name = (index: number): unknown => all[index]!.config['name'];
  return {
    class_name: 'Model',
    config: {
      name: 'test',
      layers: all.map((json, index) => ({
        ...json,
        name: name(index),
        inbound_nodes: index === 0 ? [] : [[[name(index - 1), 0, 0, {}]]],
      })),
      input_layers: [['in', 0, 0]],
      output_layers: [[name(all.length - 1), 0, 0]],
    },
  };
}

/** The same chain as Keras 3 writes it. */
export function keras3(inputShape: readonly number[], layers: readonly LayerJson[]): KerasTopology {
  const all = [layer('InputLayer', { name: 'in', batch_shape: [null, ...inputShape], dtype: 'float32' }), ...layers];
  const name = (index: number): unknown => all[index]!.config['name'];
  const tensor = (index: number): object => ({
    class_name: '__keras_tensor__',
    config: { shape: [null], dtype: 'float32', keras_history: [name(index), 0, 0] },
  });
  return {
    class_name: 'Functional',
    config: {
      layers: all.map((json, index) => ({
        ...json,
        name: name(index),
        inbound_nodes: index === 0 ? [] : [{ args: [tensor(index - 1)], kwargs: {} }],
      })),
      input_layers: ['in', 0, 0],
      output_layers: [name(all.length - 1), 0, 0],
    },
  };
}

export const modelOf = (topology: KerasTopology): Pick<Model, 'topology'> => ({ topology: () => topology });

/** A functional model of TensorFlow.js and Keras 2: layers with the names of those that feed them, the input `in`. */
export function graph(
  inputShape: readonly number[],
  nodes: readonly (readonly [LayerJson, readonly string[]])[],
): KerasTopology {
  const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, ...inputShape], dtype: 'float32' });
  const all: (readonly [LayerJson, readonly string[]])[] = [[input, []], ...nodes];
  return {
    class_name: 'Model',
    config: {
      name: 'test',
      layers: all.map(([json, inputs]) => ({
        ...json,
        name: json.config['name'],
        inbound_nodes: inputs.length === 0 ? [] : [inputs.map(name => [name, 0, 0, {}])],
      })),
      input_layers: [['in', 0, 0]],
      output_layers: [[all.at(-1)![0].config['name'], 0, 0]],
    },
  };
}

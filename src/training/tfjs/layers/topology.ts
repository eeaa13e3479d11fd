/** A model's graph of layers, written again as the JSON that TensorFlow.js reads: Keras 2's. */
import type { KerasTopology, KerasVersion, Layer } from '../../../models/topology';
import { PlanError, type Plan } from '../../plan/plan';
import type { OrderedLayers } from '../../plan/order';
import { configForTensorFlow, snakeCase } from './config';

interface LayerJson {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

/** @param inputShape of an example as the model takes it */
export function topologyForTensorFlow(
  { layers, input, output }: OrderedLayers,
  keras: KerasVersion | null,
  inputShape: readonly number[],
  loss: Plan['loss'],
): KerasTopology {
  const json: LayerJson[] = [];
  // a Sequential need not say where it begins
  const entry = input.className === 'InputLayer' ? input.name : `${input.name}_input`;
  json.push({ class_name: 'InputLayer', name: entry, config: inputConfig(entry, inputShape), inbound_nodes: [] });
  for (const layer of layers) {
    if (layer.name === entry) continue;
    const { name, className } = layer;
    const config = configForTensorFlow({ name, className, keras }, layer.config);
    for (const key of ['batch_input_shape', 'batch_shape', 'input_shape']) Reflect.deleteProperty(config, key);
    json.push({
      class_name: className,
      name,
      config: { ...config, name },
      inbound_nodes: [(layer === input ? [entry] : layer.inputs).map(from => [from, 0, 0, {}])],
    });
  }
  if (loss === 'cross-entropy') json.push(withoutSoftmax(output, json.pop()!));
  return {
    class_name: 'Model',
    config: {
      name: 'network',
      layers: json,
      input_layers: [[entry, 0, 0]],
      output_layers: [[output.name, 0, 0]],
    },
  };
}

function inputConfig(name: string, shape: readonly number[]): Record<string, unknown> {
  return { name, batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false };
}

/** Cross-entropy takes logits: a softmax at the end goes into it; any other function there is a mistake. */
function withoutSoftmax(layer: Layer, json: LayerJson): LayerJson {
  if (layer.className === 'Softmax')
    return { ...json, class_name: 'Activation', config: { name: layer.name, activation: 'linear' } };
  const { activation } = layer.config;
  const name = typeof activation === 'string' ? snakeCase(activation) : 'linear';
  if (name === 'softmax') return { ...json, config: { ...json.config, activation: 'linear' } };
  if (name === 'linear') return json;
  throw new PlanError(
    layer.name,
    `layer "${layer.name}" ends the model in ${name}, but cross-entropy needs softmax or a linear layer there; change it, or the loss to "mean-squared-error"`,
  );
}

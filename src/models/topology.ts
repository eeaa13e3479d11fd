/** Keras' JSON description of a model, as TensorFlow.js, Keras 2 and Keras 3 write it, read into a graph of layers. */
import * as z from 'zod';
import { ExperimentError } from '../shared/experiment';

/** `{ class_name, config }` of a Sequential or Functional model. */
export interface KerasTopology {
  readonly class_name: string;
  readonly config: unknown;
  /** As the file has it beside them: "3.9.2", "2.15.0", "tfjs-layers 4.22.0". */
  readonly keras_version?: string;
}

/** Whose rules a model was written by; TensorFlow.js keeps to those of Keras 2. */
export type KerasVersion = 2 | 3;

export interface Layer {
  readonly name: string;
  /** E.g. `Dense`. */
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers that feed it, in order; empty: an input of the model. */
  readonly inputs: readonly string[];
}

export interface LayerGraph {
  /** In the order of the file. */
  readonly layers: readonly Layer[];
  /** Names of the layers whose outputs are the model's. */
  readonly outputs: readonly string[];
  /** null: nothing in the file tells. */
  readonly keras: KerasVersion | null;
}

const mostLayers = 10_000;
const layerJson = z.looseObject({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.looseObject({ name: z.string().optional() }),
  inbound_nodes: z.array(z.unknown()).optional(),
});
const layersJson = z.array(layerJson).min(1).max(mostLayers);
/** Old Keras wrote a Sequential's config as the bare list of its layers. */
const sequentialJson = z.union([layersJson, z.looseObject({ layers: layersJson })]);
const functionalJson = z.looseObject({ layers: layersJson, output_layers: z.array(z.unknown()).min(1) });

/** @throws ExperimentError (field "model") where it is no Sequential or Functional model */
export function readTopology(topology: KerasTopology): LayerGraph {
  const graph = readGraph(topology);
  return { ...graph, keras: versionOf(topology, graph.layers) };
}

type Graph = Omit<LayerGraph, 'keras'>;

/** By what the file says, else by how it writes the shape of the input, which differs. */
function versionOf({ keras_version: written }: KerasTopology, layers: readonly Layer[]): KerasVersion | null {
  const [, major] = /^(?:tfjs-layers |tf_keras )?(\d+)\./.exec(written ?? '') ?? [];
  if (major !== undefined) return written!.startsWith('tfjs-layers') || Number(major) < 3 ? 2 : 3;
  if (layers.some(({ config }) => 'batch_input_shape' in config)) return 2;
  return layers.some(({ className, config }) => className === 'InputLayer' && 'batch_shape' in config) ? 3 : null;
}

function readGraph(topology: KerasTopology): Graph {
  switch (topology.class_name) {
    case 'Sequential':
      return sequential(parse(sequentialJson, topology.config));
    case 'Functional':
    case 'Model':
      return functional(parse(functionalJson, topology.config));
    default:
      throw new ExperimentError(
        'model',
        `is a "${topology.class_name}" model: only Sequential and Functional Keras models can be read`,
      );
  }
}

function parse<T>(schema: z.ZodType<T>, config: unknown): T {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ExperimentError('model', `is not a Keras model: config.${path.join('.')}: ${message}`);
}

function sequential(config: z.infer<typeof sequentialJson>): Graph {
  const layers: Layer[] = [];
  for (const json of Array.isArray(config) ? config : config.layers) {
    const last = layers.at(-1);
    layers.push(layer(json, last === undefined ? [] : [last.name]));
  }
  return { layers: unique(layers), outputs: [layers.at(-1)!.name] };
}

function functional(config: z.infer<typeof functionalJson>): Graph {
  const layers = config.layers.map(json => {
    const nodes = json.inbound_nodes ?? [];
    const name = json.config.name ?? json.name ?? json.class_name;
    if (nodes.length > 1)
      throw new ExperimentError('model', `layer "${name}" is used more than once, which is not supported`);
    return layer(json, nodes.length === 0 ? [] : feeders(nodes[0]));
  });
  return { layers: unique(layers), outputs: references(config.output_layers) };
}

function layer(json: z.infer<typeof layerJson>, inputs: readonly string[]): Layer {
  const name = json.config.name ?? json.name;
  if (name === undefined) throw new ExperimentError('model', `a ${json.class_name} layer has no name`);
  return { name, className: json.class_name, config: json.config, inputs };
}

function unique(layers: readonly Layer[]): readonly Layer[] {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) throw new ExperimentError('model', `two layers are called "${name}"`);
    names.add(name);
  }
  return layers;
}

/** The layers a node takes its inputs from. */
function feeders(node: unknown): string[] {
  // Keras 2 and TensorFlow.js: [["input_1", 0, 0, {}], …]; Keras 3: { args: [tensor or list of tensors], kwargs }
  if (Array.isArray(node)) return references(node);
  const names: string[] = [];
  const visit = (value: unknown): void => {
    const tensor = kerasTensor.safeParse(value);
    if (tensor.success) names.push(tensor.data.config.keras_history[0]);
    else if (Array.isArray(value)) value.forEach(visit);
  };
  visit(z.looseObject({ args: z.array(z.unknown()) }).safeParse(node).data?.args);
  return names;
}

const reference = z.tuple([z.string(), z.int(), z.int()]).rest(z.unknown());
const kerasTensor = z.looseObject({
  class_name: z.literal('__keras_tensor__'),
  config: z.looseObject({ keras_history: reference }),
});

/** `[["dense", 0, 0], …]`, or as Keras 3 writes a single one: `["dense", 0, 0]`. */
function references(list: readonly unknown[]): string[] {
  const single = reference.safeParse(list);
  if (single.success) return [single.data[0]];
  return list.map(item => {
    const one = reference.safeParse(item);
    if (!one.success) throw new ExperimentError('model', 'is not a Keras model: a reference to a layer cannot be read');
    return one.data[0];
  });
}

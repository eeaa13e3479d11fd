/** Keras' JSON description of a model, as TensorFlow.js, Keras 2 and Keras 3 write it, read into a graph of layers. */
import * as z from 'zod';
import { safeParse } from '../shared/check';
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
const functionalJson = z.looseObject({
  layers: layersJson,
  input_layers: z.array(z.unknown()).optional(),
  output_layers: z.array(z.unknown()).min(1),
});
type LayerJson = z.infer<typeof layerJson>;

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
  if (!nested.has(topology.class_name)) {
    throw new ExperimentError(
      'model',
      `is a "${topology.class_name}" model: only Sequential and Functional Keras models can be read`,
    );
  }
  const flattening = new Flattening();
  const outputs = flattening.add(topology, { prefix: '', feeders: null, isShared: false, depth: 0 });
  return { layers: unique(flattening.flattened), outputs: outputs.map(name => flattening.maker(name)) };
}

/** Of a configuration that is read again for each reference to it. */
const known = new WeakMap<object, unknown>();

/** @param schema always the same for a configuration */
function parse<T>(schema: z.ZodType<T>, config: unknown): T {
  const key = typeof config === 'object' && config !== null ? config : {};
  const before = known.get(key);
  if (before !== undefined) return before as T;
  const result = safeParse(schema, config);
  if (result.success) {
    known.set(key, result.data);
    return result.data;
  }
  const { path, message } = result.error.issues[0]!;
  throw new ExperimentError('model', `is not a Keras model: config.${path.join('.')}: ${message}`);
}

/** Names of what a model makes are known before its layers are: those of a layer's later uses end in their number. */
function nameOf(json: LayerJson, prefix: string, node: number): string {
  const name = json.config.name ?? json.name;
  if (name === undefined) throw new ExperimentError('model', `a ${json.class_name} layer has no name`);
  return `${prefix}${name}${node === 0 ? '' : `:${node}`}`;
}

/** A model that is a layer of another. */
const nested = new Set(['Sequential', 'Functional', 'Model']);

/** Layers that hold no weights, so that each use of one is as good as another layer. */
const weightless: ReadonlySet<string> = new Set([
  ...['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'Identity', 'Dropout', 'Flatten', 'Reshape'],
  ...['MaxPooling2D', 'AveragePooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'ZeroPadding2D'],
  ...['Add', 'Concatenate', 'InputLayer', 'Rescaling'],
]);

interface Place {
  /** Before the names of layers: those of the models around, each with a slash. */
  readonly prefix: string;
  /** What feeds a model within a model; null: it is not within one. */
  readonly feeders: readonly string[] | null;
  /** Within what is used several times. */
  readonly isShared: boolean;
  readonly depth: number;
}

const mostDepth = 16;

/** Puts the layers of models within models where those are: `block/conv`. */
class Flattening {
  private readonly layers: Layer[] = [];
  /** What feeds the inputs of models within. */
  private readonly entries = new Map<string, string>();

  /** With what feeds them, past the inputs of models. */
  get flattened(): Layer[] {
    return this.layers.map(layer => ({ ...layer, inputs: layer.inputs.map(name => this.maker(name)) }));
  }

  maker(name: string): string {
    let maker = name;
    // an input feeds another in models within models; in a circle they would for ever
    for (let i = 0; i <= mostDepth; i++) maker = this.entries.get(maker) ?? maker;
    return maker;
  }

  /** @returns the layers that make the model's outputs */
  add({ class_name: kind, config }: KerasTopology, place: Place): string[] {
    if (place.depth > mostDepth)
      throw new ExperimentError('model', `holds models in each other more than ${mostDepth} deep`);
    return kind === 'Sequential'
      ? this.sequential(parse(sequentialJson, config), place)
      : this.functional(parse(functionalJson, config), place);
  }

  private sequential(config: z.infer<typeof sequentialJson>, place: Place): string[] {
    let last = place.feeders;
    for (const json of listOf(config)) last = this.layer(json, last ?? [], 0, place);
    return [...(last ?? [])];
  }

  private functional(
    { layers, input_layers: inputs, output_layers: outputs }: z.infer<typeof functionalJson>,
    place: Place,
  ): string[] {
    const byName = new Map(layers.map(json => [json.config.name ?? json.name, json]));
    const makers = ([name, node, tensor]: Reference): string => {
      const json = byName.get(name);
      // what is not there is told with the layer that takes it
      return json ? (endsOf(json, place.prefix, countOf(json) > node ? node : 0)[tensor] ?? name) : name;
    };
    const entries = place.feeders ? references(inputs ?? []).map(([name]) => name) : [];
    for (const json of layers) {
      for (let node = 0; node < countOf(json); node++) {
        const entry = entries.indexOf(json.config.name ?? json.name ?? '');
        const feeders = entry >= 0 ? place.feeders!.slice(entry, entry + 1) : feedersOf(json, node).map(makers);
        this.layer(json, feeders, node, { ...place, isShared: place.isShared || countOf(json) > 1 });
      }
    }
    return references(outputs).map(makers);
  }

  /** @returns what makes its outputs */
  private layer(json: LayerJson, inputs: readonly string[], node: number, place: Place): string[] {
    const name = nameOf(json, place.prefix, node);
    const { class_name: className } = json;
    if (this.layers.length >= mostLayers) throw new ExperimentError('model', `has more than ${mostLayers} layers`);
    if (nested.has(className) && 'layers' in json.config) {
      return this.add(json, { ...place, prefix: `${name}/`, feeders: inputs, depth: place.depth + 1 });
    }
    if (place.isShared && !weightless.has(className)) {
      throw new ExperimentError(
        'model',
        `layer "${name}" (${className}) is used more than once: weights that two places share cannot be trained here; give each its own`,
      );
    }
    // the input of a model within a model is what feeds that
    if (className === 'InputLayer' && inputs.length > 0) this.entries.set(name, inputs[0]!);
    else this.layers.push({ name, className, config: json.config, inputs });
    return [name];
  }
}

function listOf(config: z.infer<typeof sequentialJson>): readonly LayerJson[] {
  return Array.isArray(config) ? config : config.layers;
}

/** How often a layer is used; one without inputs once. */
function countOf({ inbound_nodes: nodes }: LayerJson): number {
  return Math.max(1, nodes?.length ?? 0);
}

/** The layers that make what a layer, or a model that is one, gives. */
function endsOf(json: LayerJson, prefix: string, node: number, depth = 0): string[] {
  const name = nameOf(json, prefix, node);
  if (!nested.has(json.class_name) || !('layers' in json.config) || depth > mostDepth) return [name];
  if (json.class_name === 'Sequential') {
    const last = listOf(parse(sequentialJson, json.config)).at(-1)!;
    return endsOf(last, `${name}/`, 0, depth + 1);
  }
  const { layers, output_layers: outputs } = parse(functionalJson, json.config);
  return references(outputs).flatMap(([inner, innerNode, tensor]) => {
    const maker = layers.find(one => (one.config.name ?? one.name) === inner);
    return maker
      ? (endsOf(maker, `${name}/`, countOf(maker) > innerNode ? innerNode : 0, depth + 1)[tensor] ?? [])
      : [];
  });
}

function unique(layers: readonly Layer[]): readonly Layer[] {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) throw new ExperimentError('model', `two layers are called "${name}"`);
    names.add(name);
  }
  return layers;
}

/** What a layer takes its inputs from where it is used for the nth time. */
function feedersOf({ inbound_nodes: nodes }: LayerJson, use: number): Reference[] {
  const node = nodes?.[use];
  if (node === undefined) return [];
  // Keras 2 and TensorFlow.js: [["input_1", 0, 0, {}], …]; Keras 3: { args: [tensor or list of tensors], kwargs }
  if (Array.isArray(node)) return references(node);
  const found: Reference[] = [];
  const visit = (value: unknown): void => {
    const tensor = safeParse(kerasTensor, value);
    if (tensor.success) found.push(tensor.data.config.keras_history);
    else if (Array.isArray(value)) value.forEach(visit);
  };
  visit(safeParse(z.looseObject({ args: z.array(z.unknown()) }), node).data?.args);
  return found;
}

const place = z.int().min(0);
/** Name of a layer, number of its use, number of its output. */
const reference = z.tuple([z.string(), place, place]).rest(z.unknown());
type Reference = z.infer<typeof reference>;
const kerasTensor = z.looseObject({
  class_name: z.literal('__keras_tensor__'),
  config: z.looseObject({ keras_history: reference }),
});

/** `[["dense", 0, 0], …]`, or as Keras 3 writes a single one: `["dense", 0, 0]`. */
function references(list: readonly unknown[]): Reference[] {
  const single = safeParse(reference, list);
  if (single.success) return [single.data];
  return list.map(item => {
    const one = safeParse(reference, item);
    if (!one.success) throw new ExperimentError('model', 'is not a Keras model: a reference to a layer cannot be read');
    return one.data;
  });
}

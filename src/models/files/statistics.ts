/** What a Normalization layer was adapted to is among its weights, though nobody trains it: here it is part of the definition. */
import type { NamedWeight } from '../model';
import type { KerasTopology } from '../topology';

type Json = Readonly<Record<string, unknown>>;
type Weights = ReadonlyMap<string, NamedWeight>;

const mostDepth = 16;
const mostStatistics = 65_536;

/** @returns the same where there is nothing to put in */
export function withStatistics(topology: KerasTopology, weights: Weights | null): KerasTopology {
  if (weights === null) return topology;
  const config = filled(topology.config, weights, '', 0);
  return config === topology.config ? topology : { ...topology, config };
}

/** A model's configuration with those of its layers, and of models within it. */
function filled(config: unknown, weights: Weights, prefix: string, depth: number): unknown {
  const layers = isRecord(config) ? config['layers'] : config;
  if (!Array.isArray(layers) || depth > mostDepth) return config;
  const list = layers.map((layer: unknown) => filledLayer(layer, weights, prefix, depth));
  if (list.every((layer, i) => layer === layers[i])) return config;
  return isRecord(config) ? { ...config, layers: list } : list;
}

function filledLayer(layer: unknown, weights: Weights, prefix: string, depth: number): unknown {
  if (!isRecord(layer) || !isRecord(layer['config'])) return layer;
  const { config } = layer;
  const name = `${prefix}${String(config['name'] ?? layer['name'])}`;
  if (layer['class_name'] !== 'Normalization') {
    const inner = filled(config, weights, `${name}/`, depth + 1);
    return inner === config ? layer : { ...layer, config: inner };
  }
  const [mean, variance] = ['mean', 'variance'].map(which => listOf(weights, `${name}/${which}`));
  if (!mean || !variance || (config['mean'] ?? null) !== null) return layer;
  return { ...layer, config: { ...config, mean, variance } };
}

function listOf(weights: Weights, name: string): readonly number[] | null {
  const suffix = [...weights.keys()].filter(key => key === name || key.endsWith(`/${name}`));
  const data = suffix.length === 1 ? weights.get(suffix[0]!)!.data : null;
  return data && data.length <= mostStatistics ? [...data] : null;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A model's configuration as Keras writes it: JSON in the attribute `model_config` or in `config.json`. */
import { beyondBounds } from '../jsonBounds';

export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Of a model within the model. */
  readonly layers: readonly KerasLayer[];
}

const mostDepth = 64;
const mostValues = 2_000_000;

/** @returns the layers of the model; null where it is no such configuration, or one beyond bounds */
export function parseKerasConfig(json: string): readonly KerasLayer[] | null {
  if (beyondBounds(new TextEncoder().encode(json), mostDepth, mostValues) !== null) return null;
  try {
    return layersOf(JSON.parse(json));
  } catch {
    return null;
  }
}

function layersOf(model: unknown): readonly KerasLayer[] | null {
  const config = field(model, 'config');
  // Keras 2.2 and before gave the layers of a Sequential as a bare list
  const list = Array.isArray(config) ? (config as readonly unknown[]) : field(config, 'layers');
  return Array.isArray(list) ? list.map(layerOf) : null;
}

function layerOf(layer: unknown): KerasLayer {
  const config = field(layer, 'config');
  const name = field(config, 'name') ?? field(layer, 'name');
  const className = field(layer, 'class_name');
  return {
    name: typeof name === 'string' ? name : '',
    className: typeof className === 'string' ? className : '',
    config: isRecord(config) ? config : {},
    layers: layersOf(layer) ?? wrapped(config),
  };
}

/** TimeDistributed, Bidirectional and their like hold one layer. */
function wrapped(config: unknown): readonly KerasLayer[] {
  const inner = field(config, 'layer');
  return isRecord(inner) ? [layerOf(inner)] : [];
}

function field(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

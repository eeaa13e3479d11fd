/** A model with another number of outputs: as it is for other classes. */
import type { KerasTopology } from './topology';

interface LayerJson {
  readonly class_name?: unknown;
  readonly name?: unknown;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** By class, what of its configuration says how many outputs a layer has. */
const widths: Readonly<Record<string, string>> = {
  Dense: 'units',
  Conv1D: 'filters',
  Conv2D: 'filters',
  SeparableConv2D: 'filters',
};

/**
 * @param layer the one that gives the outputs; within a model that is a layer `block/output`
 * @returns null where that layer cannot be made wider or narrower
 */
export function withOutputs(topology: KerasTopology, layer: string, outputs: number): KerasTopology | null {
  const config = configWith(topology.config, layer, outputs, '');
  return config === null ? null : { ...topology, config };
}

/** @returns null where there is no such layer in it */
function configWith(config: unknown, layer: string, outputs: number, prefix: string): unknown {
  const list = Array.isArray(config) ? config : (config as { readonly layers?: unknown } | null)?.layers;
  if (!Array.isArray(list)) return null;
  for (const [i, json] of (list as readonly LayerJson[]).entries()) {
    const changed = layerWith(json, layer, outputs, prefix);
    if (changed === null) continue;
    const layers = [...(list as readonly LayerJson[])];
    layers[i] = changed;
    return Array.isArray(config) ? layers : { ...(config as object), layers };
  }
  return null;
}

function layerWith(json: LayerJson, layer: string, outputs: number, prefix: string): LayerJson | null {
  const name = `${prefix}${String(json.config?.['name'] ?? json.name)}`;
  if (name === layer) {
    const width = widths[String(json.class_name)];
    return width === undefined ? null : { ...json, config: { ...json.config, [width]: outputs } };
  }
  if (!layer.startsWith(`${name}/`)) return null;
  const config = configWith(json.config, layer, outputs, `${name}/`);
  return config === null ? null : { ...json, config: config as Record<string, unknown> };
}

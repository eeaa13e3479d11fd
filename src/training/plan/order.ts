/** In which order the layers of a model are lowered. */
import type { Layer, LayerGraph } from '../../models/topology';
import { PlanError } from './plan';

export interface OrderedLayers {
  /** Each after those that feed it, otherwise as the file has them; the only one without inputs is `input`. */
  readonly layers: readonly Layer[];
  readonly input: Layer;
  readonly output: Layer;
}

/**
 * The layers that lead to the model's output.
 * @throws PlanError where there are several inputs or outputs, a layer is missing, or layers feed each other in a circle
 */
export function orderLayers({ layers, outputs }: LayerGraph): OrderedLayers {
  const byName = new Map(layers.map(layer => [layer.name, layer]));
  if (outputs.length !== 1) {
    throw new PlanError(
      outputs.at(-1)!,
      `the model's outputs are "${outputs.join('", "')}", but training plans cover only models with one output`,
    );
  }
  const output = named(byName, outputs[0]!, 'the model');
  const needed = leadingTo(byName, output);
  const inputs = layers.filter(layer => needed.has(layer) && layer.inputs.length === 0);
  if (inputs.length > 1) {
    const names = inputs.map(({ name }) => `"${name}"`).join(', ');
    throw new PlanError(
      inputs[1]!.name,
      `the model has several inputs, ${names}, but training plans cover only models with one`,
    );
  }
  const ordered = sorted(layers.filter(layer => needed.has(layer)));
  return { layers: ordered, input: inputs[0]!, output };
}

function named(byName: ReadonlyMap<string, Layer>, name: string, taker: string): Layer {
  const found = byName.get(name);
  if (found !== undefined) return found;
  throw new PlanError(name, `${taker} takes what layer "${name}" makes, but the model has no such layer`);
}

function leadingTo(byName: ReadonlyMap<string, Layer>, output: Layer): ReadonlySet<Layer> {
  const found = new Set([output]);
  // a set gives the layers that are added meanwhile too
  for (const layer of found) {
    for (const name of layer.inputs) found.add(named(byName, name, `layer "${layer.name}"`));
  }
  return found;
}

function sorted(layers: readonly Layer[]): readonly Layer[] {
  const placed = new Set<string>();
  const order: Layer[] = [];
  let waiting = layers;
  while (waiting.length > 0) {
    const later: Layer[] = [];
    for (const layer of waiting) {
      if (layer.inputs.every(name => placed.has(name))) {
        placed.add(layer.name);
        order.push(layer);
      } else later.push(layer);
    }
    if (later.length === waiting.length) {
      const names = later.map(({ name }) => `"${name}"`);
      throw new PlanError(
        later[0]!.name,
        `the layers ${names.slice(0, 10).join(', ')} feed each other in a circle or wait for one; only graphs without circles can be trained`,
      );
    }
    waiting = later;
  }
  return order;
}

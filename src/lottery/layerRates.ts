/** Rates of single layers: by name, by pattern, or by what a layer is for. */
import { kindOf } from '../checkpoints/rolesNames';
import { ExperimentError, type PruningConfig } from '../shared/experiment';
import type { PrunableLayer } from './layers';

type LayerRate = NonNullable<PruningConfig['rates']>[number];
type Named = Pick<PrunableLayer, 'name' | 'layer' | 'shape' | 'output' | 'convolution'>;

/**
 * The rate of each layer that an entry fits; of several entries the first.
 * @throws ExperimentError (`pruning.rates`) where an entry fits no layer: it is misspelt, or meant for another model
 */
export function layerRates(entries: readonly LayerRate[], layers: readonly Named[]): ReadonlyMap<string, number> {
  entries.forEach((entry, i) => {
    if (layers.some(layer => fits(entry, layer))) return;
    const what = 'layers' in entry ? `no layer is named "${entry.layers}"` : `no layer is of the role "${entry.role}"`;
    const known = layers.map(({ layer }) => layer).join(', ');
    throw new ExperimentError(`pruning.rates[${i}]`, `${what}; the model has ${known || 'none with prunable weights'}`);
  });
  return new Map(
    layers.flatMap(layer => {
      const entry = entries.find(one => fits(one, layer));
      return entry ? [[layer.name, entry.rate] as const] : [];
    }),
  );
}

function fits(entry: LayerRate, layer: Named): boolean {
  if ('layers' in entry) return [layer.layer, layer.name].some(name => matches(entry.layers, name));
  switch (entry.role) {
    case 'output':
      return layer.output;
    case 'convolution':
      return layer.convolution;
    case 'head':
      return layer.output || kindOf(layer.name, layer.shape) === 'head';
    case 'embedding':
    case 'attention':
    case 'feed-forward':
    case 'dense':
      return !layer.output && kindOf(layer.name, layer.shape) === entry.role;
  }
}

/** `*` stands for any text, all else for itself. Linear in both: no pattern is a regular expression. */
function matches(pattern: string, name: string): boolean {
  const [first, ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  const last = rest.pop()!;
  if (!name.startsWith(first!) || !name.endsWith(last) || name.length < first!.length + last.length) return false;
  let from = first!.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

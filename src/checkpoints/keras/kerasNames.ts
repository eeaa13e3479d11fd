/**
 * Names that people recognise, and the classes of layers, for the three ways in which Keras has laid weights out in HDF5:
 * `model_weights/<layer>/<weight name>` (Keras 2, and 3 for .h5), the same without `model_weights` (weights alone), and
 * `layers/<class>_<number>/vars/<number>` (Keras 3). keras/src/legacy/saving/legacy_h5_format.py, keras/src/saving/saving_lib.py
 */
import type { KerasLayer } from './kerasConfig';
import { isKnownLayer, toSnakeCase, variableNames } from './kerasVariables';

export interface NamedDataset {
  readonly name: string;
  /** Class of the layer, where it is known. */
  readonly layer: string | null;
  /** Place of the layer in the model; Infinity where it is not known. */
  readonly place: number;
}

export type KerasLayout = 'legacy' | 'paths' | 'none';

export interface NamingContext {
  readonly layout: KerasLayout;
  readonly layers: readonly KerasLayer[];
  /** The attribute `name` of groups, by path. */
  readonly groupNames: Readonly<Record<string, string>>;
}

/** By the paths of the datasets, in their order. Names are unique where paths are. */
export function nameDatasets(paths: readonly string[], context: NamingContext): NamedDataset[] {
  const variables = new Map<string, number>();
  for (const path of paths) variables.set(groupOf(path), (variables.get(groupOf(path)) ?? 0) + 1);
  const named = paths.map(path => nameOf(path, variables, context));
  const counts = new Map<string, number>();
  for (const name of [...named.map(({ name }) => name), ...paths]) counts.set(name, (counts.get(name) ?? 0) + 1);
  // a name that two would have, or that is another's path, is given to none
  return named.map((dataset, i) => {
    const most = dataset.name === paths[i] ? 2 : 1;
    return counts.get(dataset.name)! > most ? { ...dataset, name: paths[i]! } : dataset;
  });
}

/** The group that a dataset lies in. */
function groupOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Datasets in each group. */
type Variables = ReadonlyMap<string, number>;

function nameOf(path: string, variables: Variables, context: NamingContext): NamedDataset {
  if (context.layout === 'legacy') return legacyName(path, context.layers);
  if (context.layout === 'paths') return pathName(path, variables, context);
  return { name: path, layer: null, place: Infinity };
}

function legacyName(path: string, layers: readonly KerasLayer[]): NamedDataset {
  const parts = path.replace(/^model_weights\//, '').split('/');
  const place = placesByName(layers).get(parts[0]!) ?? Infinity;
  const found = layers[place];
  const layer = found ? innermost(found, parts) : null;
  // the layer's own name comes twice: once as the group of the layer, once within the name of the weight
  const rest = parts.length > 2 && parts[0] === parts[1] ? parts.slice(1) : parts;
  return {
    name: rest.join('/').replace(/:0$/, ''),
    layer: layer?.className ?? null,
    place,
  };
}

const knownNames = new WeakMap<readonly KerasLayer[], ReadonlyMap<string, number>>();

function placesByName(layers: readonly KerasLayer[]): ReadonlyMap<string, number> {
  let places = knownNames.get(layers);
  if (!places) {
    places = new Map(layers.map(({ name }, index) => [name, index]));
    knownNames.set(layers, places);
  }
  return places;
}

/** The layer within nested models that the parts of a path lead to. */
function innermost(layer: KerasLayer, parts: readonly string[]): KerasLayer {
  for (const part of parts.slice(1)) {
    const inner = layer.layers.find(({ name }) => name === part);
    if (inner) return innermost(inner, parts.slice(parts.indexOf(part)));
  }
  return layer;
}

/** `layers` is where a model keeps its layers; `vars` where a layer keeps its own variables. */
function pathName(path: string, variables: Variables, context: NamingContext): NamedDataset {
  const parts = path.split('/');
  if (parts.at(-2) !== 'vars' || parts[0] === 'optimizer') return { name: path, layer: null, place: Infinity };
  const owner = parts.slice(0, -2);
  const { layer, place } = follow(owner, context.layers);
  const type = layer ? toSnakeCase(layer.className) : (owner.at(-1) ?? '').replace(/_\d+$/, '');
  const count = variables.get(groupOf(path)) ?? 0;
  const variable = variableNames(type, count, layer?.config)?.[Number(parts.at(-1))] ?? `vars/${parts.at(-1)!}`;
  const shown: string[] = [];
  for (const [i, part] of owner.entries()) {
    if (part === 'layers') continue;
    const own = context.groupNames[[...owner.slice(0, i + 1), 'vars'].join('/')];
    const { layer: known } = follow(owner.slice(0, i + 1), context.layers);
    shown.push(own ?? (known?.name ? known.name : part));
  }
  return { name: [...shown, variable].join('/'), layer: layer?.className ?? snakeClass(type), place };
}

/** Classes as far as roles and axes ask for them, where only the group tells. */
function snakeClass(type: string): string | null {
  return isKnownLayer(type) ? type : null;
}

/** Follows `layers/<class>_<number>` through the configuration: in each model classes are counted in the order of layers. */
function follow(
  parts: readonly string[],
  model: readonly KerasLayer[],
): { readonly layer: KerasLayer | null; readonly place: number } {
  let [layers, layer, place]: [readonly KerasLayer[], KerasLayer | null, number] = [model, null, Infinity];
  for (let i = 0; i + 1 < parts.length && parts[i] === 'layers'; i += 2) {
    const index = storeNames(layers).get(parts[i + 1]!);
    if (index === undefined) return { layer: null, place };
    layer = layers[index]!;
    if (i === 0) place = index;
    layers = layer.layers;
    if (i + 2 >= parts.length) return { layer, place };
  }
  // what lies within a layer, a cell or a projection, is of another class
  return { layer: null, place };
}

/** Indices of layers by the names that their model stores them under. */
const known = new WeakMap<readonly KerasLayer[], ReadonlyMap<string, number>>();

function storeNames(layers: readonly KerasLayer[]): ReadonlyMap<string, number> {
  let names = known.get(layers);
  if (!names) {
    const used = new Map<string, number>();
    names = new Map(
      layers.map(({ className }, index) => {
        const name = toSnakeCase(className);
        const before = used.get(name) ?? 0;
        used.set(name, before + 1);
        return [before === 0 ? name : `${name}_${before}`, index];
      }),
    );
    known.set(layers, names);
  }
  return names;
}

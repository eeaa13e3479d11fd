/** What the datasets of an HDF5 file are as tensors: names, roles, order, ties. */
import type { TensorInfo, TensorRole } from '../../shared/inspection';
import { bytesPerElement } from '../dtypes';
import { describeTensor, guessConvention } from '../roles';
import type { Hdf5Contents, Hdf5Dataset } from './hdf5Protocol';
import { parseKerasConfig, type KerasLayer } from './kerasConfig';
import { nameDatasets, type KerasLayout, type NamedDataset } from './kerasNames';

export interface Described {
  readonly format: string;
  /** In the order of the model where it is known. */
  readonly datasets: readonly Hdf5Dataset[];
  readonly tensors: readonly TensorInfo[];
  readonly metadata: readonly (readonly [string, string])[];
}

const formats = { legacy: 'Keras (.h5)', paths: 'Keras weights (.weights.h5)', none: 'HDF5' } as const;

export function describeContents(contents: Hdf5Contents, given: readonly KerasLayer[] | null): Described {
  const { file, groups } = contents.attributes;
  const paths = contents.datasets.map(({ path }) => path);
  const layout = layoutOf(paths, file);
  const layers = given ?? parseKerasConfig(file.model_config ?? '') ?? namedLayers(file.layer_names);
  const names = nameDatasets(paths, { layout, layers, groupNames: groups });
  const weightPlaces = new Map(contents.attributes.weights.map((path, i) => [path, i]));
  const order = contents.datasets
    .map((dataset, i) => ({ dataset, named: names[i]!, weight: weightPlaces.get(dataset.path) ?? Infinity }))
    .sort((a, b) => compare(a.named.place, b.named.place) || compare(a.weight, b.weight));
  const shapes = new Map(order.map(({ dataset, named }) => [named.name, dataset.shape]));
  const convention = layout === 'none' ? guessConvention(shapes.keys()) : 'keras';
  const first = new Map<number, string>();
  const tensors = order.map(({ dataset, named }) => {
    const { shape, type, address, error } = dataset;
    const tiedTo = address < 0 ? null : (first.get(address) ?? null);
    if (address >= 0 && tiedTo === null) first.set(address, named.name);
    const role = roleOf(dataset.path, named, layout);
    return describeTensor({
      name: named.name,
      dtype: type?.dtype ?? 'unknown',
      shape,
      bytes: type && tiedTo === null ? shape.reduce((count, size) => count * size, bytesPerElement[type.dtype]) : 0,
      convention,
      ...(named.layer !== null && { layer: named.layer }),
      ...(role && { role }),
      tiedTo,
      error,
      shapeOf: name => shapes.get(name),
    });
  });
  const metadata = (['keras_version', 'backend'] as const).flatMap(key => {
    const value = file[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { format: formats[layout], datasets: order.map(({ dataset }) => dataset), tensors, metadata };
}

function layoutOf(paths: readonly string[], file: Readonly<Record<string, string>>): KerasLayout {
  if (file.model_config !== undefined || file.layer_names !== undefined) return 'legacy';
  if (paths.some(path => path.startsWith('model_weights/'))) return 'legacy';
  return paths.some(path => /(^|\/)vars\/\d+$/.test(path)) ? 'paths' : 'none';
}

/** Files of weights alone tell the order of the layers, and nothing else. */
function namedLayers(list = ''): readonly KerasLayer[] {
  return list === '' ? [] : list.split('\n').map(name => ({ name, className: '', config: {}, layers: [] }));
}

/** Infinity − Infinity is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** What Keras keeps beside weights and statistics; null: its name, type and shape say it. */
function roleOf(path: string, { name }: NamedDataset, layout: KerasLayout): TensorRole | null {
  if (layout === 'none') return null;
  if (/(^|\/)optimizer(_weights|\/vars)?(\/|$)/.test(path)) return 'optimizer';
  if (/(^|\/)(\w*seed_generator\w*|loss_tracker|\w*metrics?)(\/|$)/.test(path)) return 'other';
  return /(^|\/)seed_generator_state$/.test(name) ? 'other' : null;
}

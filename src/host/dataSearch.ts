/** What among the files of a folder looks like data to train on, by their names alone. Pure. */
import path from 'node:path';
import { usualArrayNames } from '../shared/arrayNames';
import type { DataConfig } from '../shared/dataConfig';

/** For searches: everything but images, of which there may be very many. */
export const dataPattern =
  '**/{train-images*ubyte*,data_batch_*.bin*,train.bin*,test.bin*,*.npz,*.npy,*.csv,*.tsv,*.csv.gz,*.tsv.gz,*.parquet,*.safetensors}';
export const imagePattern = '**/*.{png,jpg,jpeg,PNG,JPG,JPEG}';

const table = /\.(csv|tsv)(\.gz)?$/i;
const image = /\.(png|jpe?g)$/i;
/** Fewer are rather icons than data. */
const fewestImages = 10;

/**
 * Configurations of data sets, those of the plainest meaning first; whether they hold what they seem to is to be looked at.
 * @param files absolute paths
 * @returns with absolute paths
 */
export function dataIn(files: readonly string[]): DataConfig[] {
  const folders = byFolder(files);
  return [
    ...[...folders].flatMap(([folder, names]) => knownSets(folder, names)),
    ...[...folders].flatMap(([folder, names]) => arrays(folder, names)),
    ...[...folders].flatMap(([folder, names]) => parquets(folder, names)),
    ...imageFolders(folders),
    ...[...folders].flatMap(([folder, names]) => tables(folder, names)),
  ];
}

type Folders = ReadonlyMap<string, ReadonlySet<string>>;

/** Names by folder, the folders least deep first. */
function byFolder(files: readonly string[]): Folders {
  const folders = new Map<string, Set<string>>();
  for (const file of [...files].sort()) {
    const folder = path.dirname(file);
    const names = folders.get(folder);
    if (names) names.add(path.basename(file));
    else folders.set(folder, new Set([path.basename(file)]));
  }
  const depth = (folder: string): number => folder.split(path.sep).length;
  return new Map([...folders].sort(([a], [b]) => depth(a) - depth(b)));
}

function knownSets(directory: string, names: ReadonlySet<string>): DataConfig[] {
  const has = (pattern: RegExp): boolean => [...names].some(name => pattern.test(name));
  const found: DataConfig[] = [];
  if (has(/^train-images[-.]idx3-ubyte(\.gz)?$/)) found.push({ format: 'idx', directory });
  if (has(/^data_batch_.*\.bin(\.gz)?$/)) found.push({ format: 'cifar10', directory });
  if (has(/^train\.bin(\.gz)?$/) && has(/^test\.bin(\.gz)?$/)) {
    found.push({ format: 'cifar100', directory, labels: 'fine' });
  }
  return found;
}

function arrays(folder: string, names: ReadonlySet<string>): DataConfig[] {
  const found: DataConfig[] = [...names]
    .filter(name => /\.npz$/i.test(name))
    .map(name => ({ format: 'npz', file: path.join(folder, name) }));
  // most files of this kind hold weights: only those that say so are taken for data
  for (const name of names) {
    if (/(data|train|mnist|cifar)[^/]*\.safetensors$/i.test(name)) {
      found.push({ format: 'safetensors', file: path.join(folder, name) });
    }
  }
  const at = (name: string): string => path.join(folder, `${name}.npy`);
  const set = usualArrayNames.find(([inputs, labels]) => names.has(`${inputs}.npy`) && names.has(`${labels}.npy`));
  if (set) {
    const [inputs, labels, testInputs, testLabels] = set;
    const tested = names.has(`${testInputs}.npy`) && names.has(`${testLabels}.npy`);
    const test = tested ? { testInputs: at(testInputs), testLabels: at(testLabels) } : {};
    const files = { trainingInputs: at(inputs), trainingLabels: at(labels), ...test };
    found.push({ format: 'npy', files });
  }
  return found;
}

/** A folder of splits, as the Hugging Face hub names them, or each file by itself. */
function parquets(folder: string, names: ReadonlySet<string>): DataConfig[] {
  const own = [...names].filter(name => /\.parquet$/i.test(name));
  const places = own.some(name => /^train/i.test(name)) ? [folder] : own.map(name => path.join(folder, name));
  return places.map(place => ({ format: 'parquet', path: place, ignore: [], colour: 'rgb' }));
}

/** Each table, one to test on with the one to train on. */
function tables(folder: string, names: ReadonlySet<string>): DataConfig[] {
  const own = [...names].filter(name => table.test(name));
  const counterpart = (name: string): string => name.replace(/train(ing)?/i, 'test');
  const pairs = new Map(
    own.map(name => [name, counterpart(name)] as const).filter(([a, b]) => a !== b && names.has(b)),
  );
  const tests = new Set(pairs.values());
  return own
    .filter(name => !tests.has(name))
    .map(name => {
      const testName = pairs.get(name);
      const testFile = testName === undefined ? {} : { testFile: path.join(folder, testName) };
      return { format: 'csv', file: path.join(folder, name), ignore: [], ...testFile };
    });
}

/** Folders with two or more folders of images, or whose train/ is such a folder. */
function imageFolders(folders: Folders): DataConfig[] {
  const roots = new Map<string, { classes: number; images: number }>();
  for (const [folder, names] of folders) {
    const images = [...names].filter(name => image.test(name)).length;
    if (images === 0) continue;
    const parent = path.dirname(folder);
    const divided = /^(train|test|val|validation)$/.test(path.basename(parent));
    // the classes of train/ and test/ are the same
    if (divided && path.basename(parent) !== 'train') continue;
    const root = divided ? path.dirname(parent) : parent;
    const known = roots.get(root);
    roots.set(root, { classes: 1 + (known?.classes ?? 0), images: images + (known?.images ?? 0) });
  }
  return [...roots]
    .filter(([, { classes, images }]) => classes >= 2 && images >= fewestImages)
    .map(([directory]) => ({ format: 'images', directory, size: 32, colour: 'rgb' }));
}

/** The same configuration with each of its paths as `change` makes it. */
export function withPaths(config: DataConfig, change: (file: string) => string): DataConfig {
  switch (config.format) {
    case 'digits':
      return config;
    case 'idx':
    case 'cifar10':
    case 'cifar100':
    case 'images':
      return { ...config, directory: change(config.directory) };
    case 'npz':
    case 'safetensors':
      return { ...config, file: change(config.file) };
    case 'parquet':
      return { ...config, path: change(config.path) };
    case 'csv':
      return {
        ...config,
        file: change(config.file),
        ...(config.testFile !== undefined && { testFile: change(config.testFile) }),
      };
    case 'npy': {
      const { trainingInputs, trainingLabels, testInputs, testLabels } = config.files;
      return {
        ...config,
        files: {
          trainingInputs: change(trainingInputs),
          trainingLabels: change(trainingLabels),
          ...(testInputs !== undefined && { testInputs: change(testInputs) }),
          ...(testLabels !== undefined && { testLabels: change(testLabels) }),
        },
      };
    }
  }
}

/** As an experiment file in `folder` names it: relative where that can be, with forward slashes. */
export function writtenFrom(folder: string): (file: string) => string {
  return file => {
    const relative = path.relative(folder, file);
    // of another drive there is no relative path
    const written = path.isAbsolute(relative) ? file : relative === '' ? '.' : relative;
    return written.split(path.sep).join('/');
  };
}

/** The file or folder that stands for the data: what a list shows and what experiments are named after. */
export function placeOf(config: DataConfig): string {
  switch (config.format) {
    case 'digits':
      return 'digits';
    case 'idx':
    case 'cifar10':
    case 'cifar100':
    case 'images':
      return config.directory;
    case 'npz':
    case 'safetensors':
    case 'csv':
      return config.file;
    case 'npy':
      return config.files.trainingInputs;
    case 'parquet':
      return config.path;
  }
}

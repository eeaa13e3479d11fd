/** Which column of a Parquet file is what. */
import { ExperimentError, type DataConfig } from '../../shared/experiment';
import { DataError } from '../dataset';
import { mostFeatures } from '../numpyArrays';
import type { ParquetFile } from './metadata';
import type { Column } from './schema';

export type ParquetConfig = Extract<DataConfig, { format: 'parquet' }>;

export interface Roles {
  /** PNG or JPEG bytes; null: the features are the inputs. */
  readonly image: Column | null;
  readonly label: Column;
  /** Columns of numbers, one a feature. */
  readonly features: readonly Column[];
  /** Of the classes, as the Hugging Face library notes them; null: it does not. */
  readonly classNames: readonly string[] | null;
}

const usualImages = ['image', 'img'];
const usualLabels = ['label', 'labels', 'fine_label', 'class', 'target', 'y'];
const mostNames = 65_536;
/** Columns that a message lists at most. */
const mostListed = 12;

/** @throws ExperimentError where the experiment names a column that is not there, DataError where none can be what is needed */
export function findRoles(parquet: ParquetFile, config: ParquetConfig): Roles {
  const { file, columns } = parquet;
  const image = findImage(parquet, config);
  const label = findLabel(parquet, config);
  const classNames = classNamesOf(parquet, label);
  if (image) return { image, label, features: [], classNames };
  const tops = new Set(columns.map(({ path }) => path[0]!));
  const unknown = config.ignore.find(name => !tops.has(name));
  if (unknown !== undefined) throw notThere('data.ignore', unknown, columns);
  const features = columns.filter(column => column !== label && !config.ignore.includes(column.path[0]!));
  for (const column of features) {
    const what = whyNoFeature(column);
    if (what === null) continue;
    const name = JSON.stringify(column.path.join('.'));
    throw new DataError(
      file,
      `column ${name} holds ${what}, no numbers; leave it out by "data.ignore", or name the column with images in "data.image"`,
    );
  }
  if (features.length === 0) throw new DataError(file, 'has no column of numbers, or of images, beside the labels');
  if (features.length > mostFeatures) {
    throw new DataError(file, `has ${features.length} columns; up to ${mostFeatures} can be used`);
  }
  return { image, label, features, classNames };
}

/** The same columns in another file. @throws DataError where it has others */
export function findAgain({ file, columns }: ParquetFile, roles: Roles): Pick<Roles, 'image' | 'label' | 'features'> {
  const again = (wanted: Column): Column => {
    const name = wanted.path.join('.');
    const found = columns.find(({ path }) => path.join('.') === name);
    if (found?.content === wanted.content && !found.repeated) return found;
    throw new DataError(
      file,
      `has no column ${JSON.stringify(name)} as the first file has it; are these one data set?`,
    );
  };
  return { image: roles.image && again(roles.image), label: again(roles.label), features: roles.features.map(again) };
}

function findImage({ file, columns }: ParquetFile, config: ParquetConfig): Column | null {
  const holds = (name: string): Column | undefined =>
    columns.find(
      ({ path, content, repeated }) =>
        path[0] === name && content === 'bytes' && !repeated && (path.length === 1 || path[1] === 'bytes'),
    );
  if (config.image !== undefined) {
    const found = holds(config.image);
    if (found) return found;
    if (!columns.some(({ path }) => path[0] === config.image)) throw notThere('data.image', config.image, columns);
    throw new DataError(
      file,
      `column ${JSON.stringify(config.image)} holds no bytes of images, nor a structure with such`,
    );
  }
  return usualImages.map(holds).find(column => column !== undefined) ?? null;
}

function findLabel({ file, columns }: ParquetFile, config: ParquetConfig): Column {
  const named = (name: string): Column | undefined =>
    columns.find(({ path }) => path.length === 1 && path[0]!.toLowerCase() === name.toLowerCase());
  const label =
    config.label === undefined
      ? usualLabels.map(named).find(column => column !== undefined)
      : columns.find(({ path }) => path.length === 1 && path[0] === config.label);
  if (!label) {
    if (config.label !== undefined) throw notThere('data.label', config.label, columns);
    throw new DataError(
      file,
      `has no column label, only ${listed(columns)}; say in "data.label" which holds the classes`,
    );
  }
  if ((label.content !== 'number' && label.content !== 'text') || label.repeated) {
    throw new DataError(
      file,
      `column ${JSON.stringify(label.path[0])} holds neither numbers nor text; is another column meant ("data.label")?`,
    );
  }
  return label;
}

function whyNoFeature({ content, repeated, path }: Column): string | null {
  if (repeated) return 'lists';
  if (path.length > 1) return 'structures';
  if (content === 'number') return null;
  return typeof content === 'object' ? content.other : content;
}

function notThere(field: string, name: string, columns: readonly Column[]): ExperimentError {
  return new ExperimentError(field, `there is no column ${JSON.stringify(name)}, only ${listed(columns)}`);
}

function listed(columns: readonly Column[]): string {
  const names = [...new Set(columns.map(({ path }) => path[0]!))];
  const shown = names.slice(0, mostListed).map(name => JSON.stringify(name.slice(0, 80)));
  return shown.join(', ') + (names.length > mostListed ? `, … (${names.length} columns)` : '');
}

/** `{"info": {"features": {"label": {"names": […], "_type": "ClassLabel"}}}}` under the key `huggingface`. */
function classNamesOf({ notes }: ParquetFile, label: Column): readonly string[] | null {
  const text = notes.get('huggingface');
  if (text === undefined || label.content !== 'number') return null;
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return null;
  }
  const names = ['info', 'features', label.path[0]!, 'names'].reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined,
    note,
  );
  const sound = Array.isArray(names) && names.length >= 2 && names.length <= mostNames;
  return sound && names.every(name => typeof name === 'string') ? names : null;
}

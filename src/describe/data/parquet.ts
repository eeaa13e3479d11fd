/** Looks at Parquet: footers, the labels of the first file, and the images or rows at its beginning. */
import { CheckpointError } from '../../checkpoints/checkpointError';
import { DataError } from '../../data/dataset';
import { readImage } from '../../data/imageFile';
import { encodedImages } from '../../data/parquet/images';
import { LabelCollector, numberClasses, toClasses } from '../../data/parquet/labels';
import type { ParquetFile } from '../../data/parquet/metadata';
import { readPages } from '../../data/parquet/pages';
import { findRoles, type ParquetConfig, type Roles } from '../../data/parquet/roles';
import { findShards, withParquet } from '../../data/parquet/shards';
import { imagesToShow, pixelSize, sizeFor, type EncodedFile } from './imageSize';
import { mostInputBytes, type Examples, type Look } from './looked';

/** Labels that are read: the first file of a split holds more than that only where images are tiny. */
const mostLabels = 4 * 2 ** 20;
/** Footers that are read one by one; of more files the number of rows is an estimate. */
const mostFooters = 100;
const rowsShown = 64;

export async function lookAtParquet(
  given: ParquetConfig,
  place: string,
  wanted: readonly number[] | null,
): Promise<Look> {
  try {
    const shards = await findShards(place);
    const first = shards.training[0]!;
    const { config, roles, labels, columns } = await withParquet(first, parquet => readHead(parquet, given));
    const names = roles.classNames ?? null;
    const classes = numberClasses(labels, names);
    const training = await rowsOf(shards.training);
    // without data to test on, those to validate on are
    const [validation, test] = shards.test.length > 0 ? [shards.validation, shards.test] : [[], shards.validation];
    const shown = roles.image
      ? await pictures(config, shards.training, roles, wanted)
      : { config, inputShape: [roles.features.length], examples: columns };
    const numbers = toClasses(labels, classes);
    return {
      ...shown,
      classes: Math.max(2, classes.size),
      classNames: names ?? [...classes.keys()].map(String),
      task: 'classification',
      training: training.rows,
      validation: validation.length > 0 ? (await rowsOf(validation)).rows : null,
      test: test.length > 0 ? (await rowsOf(test)).rows : null,
      exact: training.exact,
      labels: numbers,
      examples: { ...shown.examples, labelAt: i => numbers[i]! },
      notes: config.ignore.length > 0 ? [`Left out, since they hold no numbers: ${config.ignore.join(', ')}.`] : [],
    };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DataError(error.file, error.message.slice(error.file.length + 2));
  }
}

type Shown = Omit<Examples, 'labelAt'>;

async function readHead(parquet: ParquetFile, given: ParquetConfig) {
  const config = withoutText(parquet, given);
  const roles = findRoles(parquet, config);
  const read = Math.min(parquet.rows, mostLabels);
  if (read === 0) throw new DataError(parquet.file, 'holds no rows');
  if (parquet.rows > mostLabels) {
    throw new DataError(parquet.file, `has ${parquet.rows} rows; write files of up to ${mostLabels}`);
  }
  const collector = new LabelCollector(parquet.file, roles.label.path[0]!, read);
  await collector.add(parquet, roles.label);
  const columns = roles.image ? null : await firstRows(parquet, roles);
  return { config, roles, labels: collector.values(), columns: columns ?? nothing };
}

const nothing: Shown = { count: 0, columns: null, valuesAt: () => Promise.resolve(new Float32Array(0)) };

/** Columns that are neither numbers, labels nor images left out, where the experiment does not say what is what. */
function withoutText({ columns }: ParquetFile, config: ParquetConfig): ParquetConfig {
  const others = columns.filter(({ path, content, repeated }) => path.length > 1 || content !== 'number' || repeated);
  const isImage = others.some(({ path }) => path[0] === 'image' || path[0] === 'img');
  if (config.image !== undefined || isImage) return config;
  const usual = /^(label|labels|fine_label|class|target|y)$/i;
  const ignored = others
    .map(({ path }) => path[0]!)
    .filter(name => (config.label === undefined ? !usual.test(name) : name !== config.label));
  return { ...config, ignore: [...new Set([...config.ignore, ...ignored])] };
}

async function rowsOf(files: readonly string[]): Promise<{ readonly rows: number; readonly exact: boolean }> {
  const read = files.slice(0, mostFooters);
  let rows = 0;
  for (const file of read) rows += await withParquet(file, parquet => Promise.resolve(parquet.rows));
  return { rows: Math.round((rows * files.length) / read.length), exact: read.length === files.length };
}

async function pictures(
  given: ParquetConfig,
  files: readonly string[],
  roles: Roles,
  wanted: readonly number[] | null,
): Promise<{ readonly config: ParquetConfig; readonly inputShape: readonly number[]; readonly examples: Shown }> {
  const images: EncodedFile[] = [];
  let bytes = 0;
  for await (const { file, bytes: encoded } of encodedImages(files, roles)) {
    const copy = Buffer.from(encoded!);
    images.push({ file, read: () => Promise.resolve(copy) });
    bytes += copy.length;
    if (images.length >= imagesToShow || bytes >= mostInputBytes) break;
  }
  const config = { ...given, ...(await sizeFor(images, wanted)) };
  const size = pixelSize(config.size, config.colour);
  return {
    config,
    inputShape: [size.height, size.width, size.channels],
    examples: {
      count: images.length,
      columns: null,
      valuesAt: async i => {
        const { file, read } = images[i]!;
        const pixels = new Uint8Array(size.height * size.width * size.channels);
        readImage(file, await read(), size, pixels);
        return pixels;
      },
    },
  };
}

async function firstRows(parquet: ParquetFile, { features }: Roles): Promise<Shown> {
  const count = Math.min(rowsShown, parquet.groups[0]?.rows ?? 0);
  const rows = Array.from({ length: count }, () => new Float32Array(features.length));
  for (const [feature, column] of features.entries()) {
    for await (const { values, present } of readPages(parquet, column, 0)) {
      // gaps are told where the data is loaded
      for (let row = 0, at = 0; row < count; row++) {
        const isThere = present?.[row] !== 0;
        rows[row]![feature] = isThere && values instanceof Float64Array ? values[at]! : Number.NaN;
        if (isThere) at++;
      }
      break;
    }
  }
  return {
    count,
    columns: features.map(({ path }) => path.join('.')),
    valuesAt: i => Promise.resolve(rows[i]!),
  };
}

/**
 * Data sets in Parquet: sets of images as the Hugging Face hub stores them (a column of PNG or JPEG bytes, a column with the
 * class, any number of files a split), and tables of numbers.
 */
import { createHash } from 'node:crypto';
import { CheckpointError } from '../checkpoints/checkpointError';
import { DataError, type DataSource, type Split } from './dataset';
import { decode, type Size } from './imageFile';
import { identify, loadImages, type EncodedSplit } from './imageSplits';
import { packLabels } from './labels';
import { encodedImages, imageCount } from './parquet/images';
import { LabelCollector, numberClasses, toClasses, type LabelValues } from './parquet/labels';
import { findAgain, findRoles, type ParquetConfig, type Roles } from './parquet/roles';
import { findShards, withParquet } from './parquet/shards';
import { featureRows } from './parquet/table';
import { storeInputs, type Storage } from './storage';

/** Raised whenever the same files give other values. */
const tableVariant = 1;

/** A split as its files have it. */
interface ShardedSplit {
  readonly files: readonly string[];
  readonly rows: number;
  readonly labels: LabelValues;
  readonly identity: string;
}

/**
 * @param place a file, or a folder of them
 * @throws DataError that names the file, ExperimentError where the experiment names a column that is not there
 */
export async function readParquet(place: string, config: ParquetConfig, storage: Storage): Promise<DataSource> {
  try {
    return await readSplits(place, config, storage);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DataError(error.file, error.message.slice(error.file.length + 2));
  }
}

async function readSplits(place: string, config: ParquetConfig, storage: Storage): Promise<DataSource> {
  const shards = await findShards(place);
  const roles = await withParquet(shards.training[0]!, parquet => Promise.resolve(findRoles(parquet, config)));
  const training = await readLabels(place, shards.training, roles);
  const classes = numberClasses(training.labels, roles.classNames);
  const encoded = [training];
  // without data to test on, those to validate on are
  const own = shards.test.length > 0 ? [shards.validation, shards.test] : [[], shards.validation];
  for (const files of own) encoded.push(await readLabels(place, files, roles));
  const labels = encoded.map(split => packLabels(toClasses(split.labels, classes), classes.size));
  const there = encoded.flatMap((split, i) => (split.rows > 0 ? [{ split, labels: labels[i]! }] : []));
  const read = roles.image
    ? await readImages(place, there, roles, config, storage)
    : await readTable(place, there, roles, storage);
  const splits = encoded.map(split => (split.rows > 0 ? read.splits.shift()! : null));
  return {
    inputShape: read.inputShape,
    classes: Math.max(2, classes.size),
    labelNames: roles.classNames ?? [...classes.keys()].map(String),
    training: splits[0]!,
    validation: splits[1]!,
    test: splits[2]!,
  };
}

async function readLabels(place: string, files: readonly string[], roles: Roles): Promise<ShardedSplit> {
  let rows = 0;
  for (const file of files) rows += await withParquet(file, parquet => Promise.resolve(parquet.rows));
  if (files.length > 0 && rows === 0) throw new DataError(files[0]!, 'holds no rows');
  const collector = new LabelCollector(files[0] ?? place, roles.label.path[0]!, rows);
  for (const file of files) {
    await withParquet(file, parquet => collector.add(parquet, findAgain(parquet, roles).label));
  }
  return { files, rows, labels: collector.values(), identity: await identify(files) };
}

interface LabelledSplit {
  readonly split: ShardedSplit;
  readonly labels: Uint8Array | Int32Array;
}

interface Read {
  readonly inputShape: readonly number[];
  readonly splits: Split[];
}

async function readImages(
  place: string,
  there: readonly LabelledSplit[],
  roles: Roles,
  config: ParquetConfig,
  storage: Storage,
): Promise<Read> {
  const size = await sizeOf(there[0]!.split, roles, config);
  const column = roles.image!.path.join('.');
  const encoded = there.map(({ split, labels }): EncodedSplit => ({
    count: imageCount(place, split.rows),
    labels,
    identity: JSON.stringify([split.identity, column]),
    images: () => encodedImages(split.files, roles),
  }));
  const splits = await loadImages(place, encoded, size, storage);
  return { inputShape: [size.height, size.width, size.channels], splits };
}

/** As the experiment says, else that of the first image. */
async function sizeOf({ files }: ShardedSplit, roles: Roles, { size, colour }: ParquetConfig): Promise<Size> {
  const channels = colour === 'grey' ? 1 : 3;
  if (typeof size === 'number') return { height: size, width: size, channels };
  if (size !== undefined) return { height: size[0], width: size[1], channels };
  for await (const { file, bytes } of encodedImages(files, roles)) {
    const { height, width } = decode(file, Buffer.from(bytes!));
    return { height, width, channels };
  }
  throw new DataError(files[0]!, 'holds no rows');
}

async function readTable(
  place: string,
  there: readonly LabelledSplit[],
  roles: Roles,
  storage: Storage,
): Promise<Read> {
  const features = roles.features.length;
  const total = there.reduce((sum, { split }) => sum + split.rows, 0) * features * 4;
  const splits: Split[] = [];
  for (const { split, labels } of there) {
    const columns = roles.features.map(column => column.path.join('.'));
    const key = createHash('sha256').update(JSON.stringify({ tableVariant, columns, identity: split.identity }));
    const inputs = await storeInputs(
      place,
      {
        key: key.digest('hex').slice(0, 32),
        type: 'float32',
        count: split.rows,
        bytesPerExample: features * 4,
        make: append => featureRows(split.files, roles, append),
      },
      // small tables are read as fast from Parquet itself
      total > storage.memory ? storage : { ...storage, cache: null },
      total <= storage.memory,
    );
    splits.push({ count: split.rows, labels, ...inputs });
  }
  return { inputShape: [features], splits };
}

/**
 * The binary versions of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label, or of a
 * coarse and a fine one, and 32×32 pixels, one plane a colour.
 */
import path from 'node:path';
import { DataError, type DataSource, type StoredInputs, type StoredPart } from './dataset';
import { announcedByGzip, isGzip, largestFile, listFolder, readBounded, readHead, unzip } from './files';
import type { ByteSplit, ImageFiles } from './mnist';
import { interleave } from './numpyArrays';
import type { Storage } from './storage';
import { inputPieces, storedPart } from './stored';

const side = 32;
const plane = side * side;
const channels = 3;
const image = channels * plane;

export interface Version {
  readonly name: string;
  /** Of the files of a split: all whose name begins so. */
  readonly prefixes: { readonly training: string; readonly test: string };
  /** For messages. */
  readonly examples: { readonly training: string; readonly test: string };
  /** Bytes of labels before each image, and which of them is the class. */
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classes: number;
  readonly labelNames?: readonly string[];
}

export const cifar10: Version = {
  name: 'CIFAR-10',
  prefixes: { training: 'data_batch_', test: 'test_batch' },
  examples: { training: 'data_batch_1.bin', test: 'test_batch.bin' },
  labelBytes: 1,
  labelAt: 0,
  classes: 10,
  // as batches.meta.txt beside the files has them
  labelNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
};

export const cifar100 = (labels: 'fine' | 'coarse'): Version => ({
  name: 'CIFAR-100',
  prefixes: { training: 'train', test: 'test' },
  examples: { training: 'train.bin', test: 'test.bin' },
  labelBytes: 2,
  labelAt: labels === 'coarse' ? 0 : 1,
  classes: labels === 'coarse' ? 20 : 100,
});

/**
 * Reads `data_batch_*.bin` and `test_batch*.bin`, plain or gzipped, each in the order of their names.
 * @throws DataError that names the file, or the folder
 */
export function readCifar10(directory: string, storage: Storage): Promise<ImageFiles> {
  return readVersion(directory, cifar10, storage);
}

/**
 * Reads `train.bin` and `test.bin`, plain or gzipped.
 * @param labels the 100 fine classes, or the 20 coarse ones
 * @throws DataError that names the file, or the folder
 */
export function readCifar100(directory: string, labels: 'fine' | 'coarse', storage: Storage): Promise<DataSource> {
  return readVersion(directory, cifar100(labels), storage);
}

async function readVersion(directory: string, version: Version, { memory }: Storage): Promise<ImageFiles> {
  const files = await findBatches(directory, version);
  const isLarge = (await plainBytes([...files.training, ...files.test])) > memory;
  const read = isLarge ? storeSplit : readSplit;
  const [training, test] = [await read(files.training, version), await read(files.test, version)];
  const { classes, labelNames } = version;
  return { inputShape: [side, side, channels], classes, ...(labelNames && { labelNames }), training, test };
}

/** Paths of the files of both splits. @throws DataError that names the folder, or the file that is missing */
export async function findBatches(
  directory: string,
  version: Version,
): Promise<Readonly<Record<'training' | 'test', readonly string[]>>> {
  const companions = version.labelBytes === 1 ? 'its companions' : version.examples.test;
  const there = await listFolder(directory, `${version.examples.training} and ${companions}`);
  return { training: find(directory, there, version, 'training'), test: find(directory, there, version, 'test') };
}

async function readSplit(files: readonly string[], version: Version): Promise<ByteSplit> {
  const record = version.labelBytes + image;
  const batches: Uint8Array[] = [];
  let bytes = 0;
  for (const file of files) {
    const batch = await readBatch(file, version);
    bytes += batch.length;
    if (bytes > largestFile) {
      throw new DataError(file, `brings the data to ${bytes} bytes; up to ${largestFile} bytes can be used`);
    }
    batches.push(batch);
  }
  const count = bytes / record;
  const inputs = new Uint8Array(count * image);
  const labels = new Uint8Array(count);
  let example = 0;
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at += record) {
      labels[example] = batch[at + version.labelAt]!;
      inputs.set(batch.subarray(at + version.labelBytes, at + record), example * image);
      example++;
    }
  }
  interleave(inputs, count, channels, plane);
  return { count, inputs, labels };
}

/** Bytes of the files together; 0 where one is gzipped, and so has to be decoded. */
async function plainBytes(files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    const { head, size } = await readHead(file, 2);
    if (isGzip(head)) return 0;
    bytes += size;
  }
  return bytes;
}

/** As `readSplit`, but the images stay in their files. */
async function storeSplit(files: readonly string[], version: Version): Promise<ByteSplit> {
  const stride = version.labelBytes + image;
  const parts: StoredPart[] = [];
  const labels: Uint8Array[] = [];
  for (const file of files) {
    const records = { type: 'uint8', bytesPerExample: version.labelBytes, planes: 1, rows: null } as const;
    const { size } = await readHead(file, 0);
    if (size === 0) throw new DataError(file, 'is empty; fetch it again');
    if (size % stride !== 0) throw notWhole(file, size, version);
    const part = await storedPart(file, { offset: version.labelBytes, stride, count: size / stride });
    parts.push(part);
    // the labels alone are read as if they were the inputs
    const split = { count: part.count, inputs: new Uint8Array(0), labels: new Uint8Array(0) };
    let first = 0;
    for (const piece of inputPieces({ ...split, stored: { ...records, parts: [{ ...part, offset: 0 }] } })) {
      const some = Uint8Array.from(
        { length: piece.length / version.labelBytes },
        (_, i) => piece[i * version.labelBytes + version.labelAt]!,
      );
      const wrong = some.findIndex(label => label >= version.classes);
      if (wrong >= 0) throw noClass(file, first + wrong, some[wrong]!, version);
      labels.push(some);
      first += some.length;
    }
  }
  const stored: StoredInputs = { type: 'uint8', bytesPerExample: image, planes: channels, parts, rows: null };
  const all = Uint8Array.from(Buffer.concat(labels));
  return { count: all.length, inputs: new Uint8Array(0), labels: all, stored };
}

function noClass(file: string, record: number, label: number, { name, classes }: Version): DataError {
  return new DataError(
    file,
    `label ${record} is ${label}, but ${name} has the classes 0 to ${classes - 1}; is this another data set?`,
  );
}

/** The records of a file, checked. */
async function readBatch(file: string, version: Version): Promise<Uint8Array> {
  const record = version.labelBytes + image;
  const bytes = await readBounded(file);
  const zipped = isGzip(bytes);
  const size = zipped ? announcedByGzip(bytes) : bytes.length;
  if (size === 0) throw new DataError(file, 'is empty; fetch it again');
  if (size % record !== 0) throw notWhole(file, size, version);
  if (size > largestFile) {
    throw new DataError(file, `announces ${size} bytes; files of up to ${largestFile} bytes can be used`);
  }
  const decoded = zipped ? await unzip(file, bytes, size) : bytes;
  if (decoded.length < size) throw notWhole(file, decoded.length, version);
  for (let at = 0; at < decoded.length; at += record) {
    const label = decoded[at + version.labelAt]!;
    if (label >= version.classes) throw noClass(file, at / record, label, version);
  }
  return decoded;
}

function notWhole(file: string, size: number, { name, labelBytes }: Version): DataError {
  return new DataError(
    file,
    `is truncated, or not in the binary version of ${name}: ${size} bytes are no whole number of records of ${labelBytes + image}; fetch it again`,
  );
}

/** Files of a split, one for each stem, plain before gzipped, in the order of their numbers. */
function find(
  directory: string,
  there: ReadonlySet<string>,
  { name: version, prefixes, examples, labelBytes }: Version,
  split: 'training' | 'test',
): string[] {
  // CIFAR-100 comes in one file for each split, CIFAR-10 in several
  const more = labelBytes === 1 ? String.raw`[\w-]*` : '';
  const names = new RegExp(String.raw`^(?<stem>${prefixes[split]}${more})\.bin(?:\.gz)?$`);
  const byStem = new Map<string, string>();
  for (const name of [...there].sort()) {
    const stem = names.exec(name)?.groups?.['stem'];
    // "x.bin" sorts before "x.bin.gz"
    if (stem !== undefined && !byStem.has(stem)) byStem.set(stem, name);
  }
  if (byStem.size === 0) {
    const example = examples[split];
    throw new DataError(
      path.join(directory, example),
      `there is no such file, nor ${example}.gz, in ${directory}; put the binary version of ${version} there or correct "data.directory"`,
    );
  }
  const stems = [...byStem.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return stems.map(stem => path.join(directory, byStem.get(stem)!));
}

/**
 * The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label and 32×32 pixels, one
 * plane a colour.
 */
import path from 'node:path';
import { DataError } from './dataset';
import { announcedByGzip, isGzip, largestFile, listFolder, readBounded, unzip } from './files';
import type { ByteSplit, ImageFiles } from './mnist';

const side = 32;
const plane = side * side;
const channels = 3;
const image = channels * plane;
const record = 1 + image;
const classes = 10;
const names = /^(?<stem>(?:data|test)_batch[\w-]*)\.bin(?:\.gz)?$/;

/**
 * Reads `data_batch_*.bin` and `test_batch*.bin`, plain or gzipped, each in the order of their names.
 * @throws DataError that names the file, or the folder
 */
export async function readCifar10(directory: string): Promise<ImageFiles> {
  const there = await listFolder(directory, 'data_batch_1.bin and its companions');
  const [training, test] = [
    await readBatches(directory, there, 'data_batch_'),
    await readBatches(directory, there, 'test_batch'),
  ];
  return { inputShape: [side, side, channels], classes, training, test };
}

async function readBatches(directory: string, there: ReadonlySet<string>, prefix: string): Promise<ByteSplit> {
  const batches: Uint8Array[] = [];
  let bytes = 0;
  for (const file of find(directory, there, prefix)) {
    const batch = await readBatch(file);
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
      labels[example] = batch[at]!;
      interleave(batch.subarray(at + 1, at + record), inputs.subarray(example * image, (example + 1) * image));
      example++;
    }
  }
  return { count, inputs, labels };
}

/** Planes of colours → pixels with their colours side by side. */
function interleave(planes: Uint8Array, pixels: Uint8Array): void {
  for (let pixel = 0; pixel < plane; pixel++) {
    pixels[channels * pixel] = planes[pixel]!;
    pixels[channels * pixel + 1] = planes[plane + pixel]!;
    pixels[channels * pixel + 2] = planes[2 * plane + pixel]!;
  }
}

/** The records of a file, checked. */
async function readBatch(file: string): Promise<Uint8Array> {
  const bytes = await readBounded(file);
  const zipped = isGzip(bytes);
  const size = zipped ? announcedByGzip(bytes) : bytes.length;
  if (size === 0) throw new DataError(file, 'is empty; fetch it again');
  if (size % record !== 0) throw notWhole(file, size);
  if (size > largestFile) {
    throw new DataError(file, `announces ${size} bytes; files of up to ${largestFile} bytes can be used`);
  }
  const decoded = zipped ? await unzip(file, bytes, size) : bytes;
  if (decoded.length < size) throw notWhole(file, decoded.length);
  for (let at = 0; at < decoded.length; at += record) {
    if (decoded[at]! >= classes) {
      throw new DataError(
        file,
        `label ${at / record} is ${decoded[at]!}, but CIFAR-10 has the classes 0 to ${classes - 1}; is this another data set?`,
      );
    }
  }
  return decoded;
}

function notWhole(file: string, size: number): DataError {
  return new DataError(
    file,
    `is truncated, or not in the binary version of CIFAR-10: ${size} bytes are no whole number of records of ${record}; fetch it again`,
  );
}

/** Files whose name begins so, one for each stem, plain before gzipped. */
function find(directory: string, there: ReadonlySet<string>, prefix: string): string[] {
  const byStem = new Map<string, string>();
  for (const name of [...there].sort()) {
    const stem = names.exec(name)?.groups?.['stem'];
    // "x.bin" sorts before "x.bin.gz"
    if (stem?.startsWith(prefix) && !byStem.has(stem)) byStem.set(stem, name);
  }
  if (byStem.size === 0) {
    const example = prefix === 'test_batch' ? 'test_batch.bin' : 'data_batch_1.bin';
    throw new DataError(
      path.join(directory, example),
      `there is no such file, nor ${example}.gz, in ${directory}; put the binary version of CIFAR-10 there or correct "data.directory"`,
    );
  }
  const stems = [...byStem.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return stems.map(stem => path.join(directory, byStem.get(stem)!));
}

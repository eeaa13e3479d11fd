/** Values of NumPy arrays as inputs and labels, read piece by piece and checked while they are. */
import type { ByteSource } from '../checkpoints/checkpoint';
import type { NpyHeader } from '../checkpoints/numpyHeader';
import { readNpyValues, runsAsIs } from '../checkpoints/numpyValues';
import { DataError, type Split } from './dataset';
import { mostClasses } from './labels';
import { numbersRemedy } from './task';

/** An array in a file, opened. */
export interface ArrayFile {
  readonly file: string;
  /** Before messages where the file holds several: its name and a colon. */
  readonly label: string;
  readonly source: ByteSource;
  readonly header: NpyHeader;
  /** Where the source begins in the file, in bytes; null: its bytes do not stand there as they are. */
  readonly begin: number | null;
  readonly close: () => Promise<void>;
}

/** Bytes of the inputs of one split at most, as they lie in memory. */
export const largestInputs = 2 ** 31;
/** Features of a vector at most: mean and deviation of each stand in the report. */
export const mostFeatures = 65_536;
/** Channels of an image at most that tell the axis of the channels. */
const fewChannels = 4;
const valuesAtOnce = 2 ** 20;

export interface Inputs extends Pick<Split, 'count' | 'inputs' | 'stored'> {
  /** Of one example, channels last. */
  readonly shape: readonly number[];
}

/** As they lie in memory: bytes stay bytes, all else becomes float32. */
export function inputBytes({ count, dtype }: NpyHeader): number {
  return count * (dtype === 'U8' ? 1 : 4);
}

/**
 * Reads N×features, N×height×width or N×height×width×channels (or channels first): bytes stay bytes, all else becomes
 * float32.
 * @throws DataError, CheckpointError
 */
export async function readInputs(array: ArrayFile, channels: 'first' | 'last' | undefined): Promise<Inputs> {
  const { shape, count, planes } = shapeOfInputs(array, channels);
  if (inputBytes(array.header) > largestInputs) {
    throw new DataError(
      array.file,
      `${array.label}holds ${array.header.count} values; up to ${largestInputs} bytes of inputs can be held in memory: lower "data.memory"`,
    );
  }
  const inputs = array.header.dtype === 'U8' ? await readBytes(array) : await readFloats(array);
  if (planes !== null) interleave(inputs, count, planes, shape[0]! * shape[1]!);
  return { shape, count, inputs };
}

/** Of one example, channels last, and how many there are; `planes`: of channels that come first, null: they come last. */
interface ShapeOfInputs {
  readonly shape: readonly number[];
  readonly count: number;
  readonly planes: number | null;
}

/** From the header alone. @throws DataError where the array cannot be inputs */
export function shapeOfInputs(array: ArrayFile, channels: 'first' | 'last' | undefined): ShapeOfInputs {
  const { header } = array;
  const [count, ...axes] = header.shape;
  const fail = (reason: string): never => {
    throw new DataError(array.file, array.label + reason);
  };
  if (count === undefined || axes.length < 1 || axes.length > 3) {
    return fail(
      `has the shape [${header.shape.join(', ')}]; inputs are N×features, N×height×width or N×height×width×channels`,
    );
  }
  if (header.count === 0) return fail(`is empty: its shape is [${header.shape.join(', ')}]`);
  if (axes.length === 1 && axes[0]! > mostFeatures) {
    return fail(`has ${axes[0]!} features; up to ${mostFeatures} can be used`);
  }
  if (axes.length < 3) return { shape: axes.length === 1 ? axes : [...axes, 1], count, planes: null };
  const [first, rows, last] = axes as [number, number, number];
  const isFirst = channels === 'first' || (channels === undefined && last > fewChannels && first <= fewChannels);
  return isFirst ? { shape: [rows, last, first], count, planes: first } : { shape: axes, count, planes: null };
}

async function readBytes({ source, header }: ArrayFile): Promise<Uint8Array> {
  if (!runsAsIs(header)) return Uint8Array.from(await readNpyValues(source, header, 0, header.count));
  const values = new Uint8Array(header.count);
  for (let at = 0; at < values.length; at += valuesAtOnce) {
    const length = Math.min(valuesAtOnce, values.length - at);
    values.set(await source.read(header.dataStart + at, length), at);
  }
  return values;
}

async function readFloats(array: ArrayFile): Promise<Float32Array> {
  const values = new Float32Array(array.header.count);
  await eachFloats(array, (piece, at) => {
    values.set(piece, at);
  });
  return values;
}

/** All values in order as float32. @throws DataError where one is not finite, CheckpointError */
export async function eachFloats(
  array: ArrayFile,
  take: (piece: Float32Array, at: number) => Promise<void> | void,
): Promise<void> {
  const { header, file, label } = array;
  await eachPiece(array, async (piece, at) => {
    const floats = piece instanceof Float32Array ? piece : Float32Array.from(piece);
    // also what float32 cannot hold
    let wrong = 0;
    while (wrong < floats.length && Number.isFinite(floats[wrong])) wrong++;
    if (wrong < floats.length) {
      throw new DataError(
        file,
        `${label}the value at [${placeOf(at + wrong, header.shape).join(', ')}] is ${piece[wrong]!}, not a finite float32; ` +
          'replace it, or remove its example',
      );
    }
    await take(floats, at);
  });
}

/** The examples that labels are for. */
interface Labelled {
  readonly name: string;
  readonly count: number;
}

/** @param wanted what labels may be, in words @returns values of each label */
function labelWidth({ file, label, header }: ArrayFile, inputs: Labelled, wanted: string): number {
  const [count, width = 1] = header.shape;
  if (count === undefined || header.shape.length > 2 || width < 1 || width > mostClasses) {
    throw new DataError(file, `${label}has the shape [${header.shape.join(', ')}]; ${wanted}`);
  }
  if (count !== inputs.count) {
    throw new DataError(file, `${label}holds ${count} labels, but ${inputs.name} holds ${inputs.count} examples`);
  }
  return width;
}

/** Numbers to predict as they are, [examples × targets]. @throws DataError, CheckpointError */
export async function readTargets(array: ArrayFile, inputs: Labelled): Promise<Float32Array> {
  labelWidth(array, inputs, 'numbers to predict are N, or N×targets');
  return readFloats(array);
}

/** Whether some value is no whole number: then these are no classes. @throws CheckpointError */
export async function holdsFractions(array: ArrayFile): Promise<boolean> {
  let found = false;
  await eachPiece(array, piece => {
    found ||= piece.some(value => Number.isFinite(value) && !Number.isInteger(value));
  });
  return found;
}

/** Class numbers. @throws DataError, CheckpointError */
export async function readLabels(array: ArrayFile, inputs: Labelled): Promise<Int32Array> {
  const { file, label } = array;
  const fail = (reason: string): never => {
    throw new DataError(file, `${label}${reason}; ${numbersRemedy}`);
  };
  const { count } = inputs;
  const width = labelWidth(array, inputs, 'labels are N class numbers, or N×classes one-hot');
  const labels = new Int32Array(count);
  if (width === 1) {
    await eachPiece(array, (piece, at) => {
      for (let i = 0; i < piece.length; i++) {
        const value = piece[i]!;
        if (!Number.isInteger(value) || value < 0 || value >= mostClasses) {
          fail(`label ${at + i} is ${value}; labels are whole numbers from 0, one for each class`);
        }
        labels[at + i] = value;
      }
    });
    return labels;
  }
  const ones = new Uint8Array(count);
  await eachPiece(array, (piece, at) => {
    for (let i = 0; i < piece.length; i++) {
      const value = piece[i]!;
      if (value === 0) continue;
      const row = Math.floor((at + i) / width);
      if (value !== 1 || ones[row] !== 0) {
        fail(
          `label ${row} is not one-hot: it has ${value === 1 ? 'more than one 1' : String(value)}; save class numbers`,
        );
      }
      ones[row] = 1;
      labels[row] = (at + i) % width;
    }
  });
  const none = ones.indexOf(0);
  if (none >= 0) fail(`label ${none} is not one-hot: it has no 1; save class numbers`);
  return labels;
}

/** All values in order. A column-major array comes whole: each piece of it would read the file anew. */
export async function eachPiece(
  { source, header }: ArrayFile,
  take: (piece: Float32Array | Float64Array, at: number) => Promise<void> | void,
): Promise<void> {
  const most = runsAsIs(header) ? valuesAtOnce : header.count;
  for (let at = 0; at < header.count; at += most) {
    await take(await readNpyValues(source, header, at, Math.min(at + most, header.count)), at);
  }
}

function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

/** Planes of channels → pixels with their channels side by side, example by example, in place. */
export function interleave(inputs: Uint8Array | Float32Array, count: number, planes: number, plane: number): void {
  const size = planes * plane;
  for (let example = 0; example < count; example++) {
    const pixels = inputs.subarray(example * size, (example + 1) * size);
    const copy = pixels.slice();
    for (let pixel = 0, out = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < planes; channel++) pixels[out++] = copy[channel * plane + pixel]!;
    }
  }
}

/**
 * The weight manifest of TensorFlow.js: groups of weights, each with the shard files that hold their values one after
 * another. `WeightsManifestConfig` in https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
import { limits } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { bytesPerElement, type Dtype } from '../dtypes';
import { isRecord } from '../safetensorsHeader';
import { readQuantization, type Quantization } from './quantization';

export interface ManifestGroup {
  /** Relative to the folder of the manifest, as they stand there. */
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

export interface ManifestWeight {
  readonly name: string;
  /** As safetensors names it, or as the manifest does. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly quantization: Quantization | null;
  /** State of the optimiser, which TensorFlow.js saves where it is asked to. */
  readonly optimizer: boolean;
  /** In its group; 'strings' where only the values themselves tell, null where nothing does. */
  readonly bytes: number | 'strings' | null;
  /** Why it has no values, whatever the shards hold. */
  readonly error: string | null;
}

/** Of `DataType`, and what older and newer writers store besides. */
const types: Readonly<Record<string, Dtype>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};
const shownCharacters = 100;

/** @throws CheckpointError where the structure is not that of a manifest; what is wrong with one weight stands there */
export function readManifest(value: unknown, file: string): readonly ManifestGroup[] {
  const fail = (at: string, reason: string): never => {
    throw new CheckpointError(file, `its weight manifest cannot be read: ${at} ${reason}`);
  };
  if (!Array.isArray(value)) return fail('it', 'is not a list of groups');
  let tensors = 0;
  return value.map((group: unknown, g): ManifestGroup => {
    if (!isRecord(group)) return fail(`group ${g}`, 'is not an object');
    const { paths, weights } = group;
    if (!Array.isArray(paths) || !paths.every(path => typeof path === 'string')) {
      return fail(`group ${g}`, 'has no list of file names in "paths"');
    }
    const long = paths.find(path => path.length > limits.nameLength);
    if (long !== undefined) fail(`group ${g}`, `names a file of more than ${limits.nameLength} characters`);
    if (!Array.isArray(weights)) return fail(`group ${g}`, 'has no list in "weights"');
    tensors += weights.length;
    if (tensors > limits.tensors) fail('it', `names more than ${limits.tensors} weights, which are the limit`);
    return {
      paths,
      weights: weights.map((weight: unknown, w) => {
        const name = isRecord(weight) ? weight['name'] : undefined;
        if (!isRecord(weight) || typeof name !== 'string') return fail(`weight ${w} of group ${g}`, 'has no name');
        if (name.length > limits.nameLength) {
          fail(`weight ${w} of group ${g}`, `has a name of more than ${limits.nameLength} characters`);
        }
        return readWeight(name, weight);
      }),
    };
  });
}

function readWeight(name: string, weight: Record<string, unknown>): ManifestWeight {
  const { dtype, shape, quantization: given } = weight;
  const optimizer = weight['group'] === 'optimizer';
  const bad = (error: string, type = 'unknown', sizes: readonly number[] = []): ManifestWeight => {
    return { name, dtype: type, shape: sizes, quantization: null, optimizer, bytes: null, error };
  };
  if (typeof dtype !== 'string') return bad('the manifest gives it no dtype');
  if (!isSizes(shape) || shape.length > limits.rank) return bad('its shape is not a list of whole numbers ≥ 0');
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(16 * count)) return bad(`its shape [${shape.join(', ')}] is beyond all memory`);
  const fixed = { name, shape, optimizer, quantization: null };
  if (dtype === 'string') {
    return { ...fixed, dtype, bytes: 'strings', error: 'text, which has no statistics' };
  }
  if (dtype === 'complex64') {
    return { ...fixed, dtype: 'C64', bytes: 8 * count, error: 'complex numbers are not decoded' };
  }
  if (!Object.hasOwn(types, dtype)) return bad(`its dtype ${shown(dtype)} is not known`, 'unknown', shape);
  const type = types[dtype]!;
  if (given === undefined || given === null)
    return { ...fixed, dtype: type, bytes: count * bytesPerElement[type], error: null };
  const quantization = readQuantization(given, type);
  if (typeof quantization === 'string') return bad(quantization, type, shape);
  return {
    ...fixed,
    // halves are float16 and nothing else; of whole numbers the type says how many there are
    dtype: quantization.dtype === 'F16' ? 'F16' : `Q${quantization.dtype}`,
    quantization: quantization.dtype === 'F16' ? null : quantization,
    bytes: count * bytesPerElement[quantization.dtype],
    error: null,
  };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && (size as number) >= 0);
}

function shown(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text);
}

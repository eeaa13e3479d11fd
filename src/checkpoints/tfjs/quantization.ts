/**
 * Weights that a converter quantised (`--quantize_uint8`, `--quantize_uint16`, `--quantize_float16`).
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/python/tensorflowjs/quantization.py
 */
import { bytesPerElement, decode, type Dtype } from '../dtypes';
import { isRecord } from '../safetensorsHeader';

export interface Quantization {
  /** Of what is stored. */
  readonly dtype: 'U8' | 'U16' | 'F16';
  /** value = stored × scale + min; 1 and 0 for F16. */
  readonly scale: number;
  readonly min: number;
  /** The values are whole numbers again. */
  readonly rounded: boolean;
}

/** @returns or why it is none */
export function readQuantization(value: unknown, type: Dtype): Quantization | string {
  if (!isRecord(value)) return 'its quantization is not an object';
  const { dtype, scale, min } = value;
  if (type !== 'F32' && type !== 'I32') return `quantised weights are float32 or int32 here, not ${type}`;
  if (dtype === 'float16' && type === 'F32') return { dtype: 'F16', scale: 1, min: 0, rounded: false };
  if (dtype !== 'uint8' && dtype !== 'uint16') return 'its quantization is none of uint8, uint16 and float16';
  if (!isFinite(scale) || !isFinite(min))
    return 'its quantization has no finite scale and min, so that it has no values';
  return { dtype: dtype === 'uint8' ? 'U8' : 'U16', scale, min, rounded: type === 'I32' };
}

function isFinite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function storedBytes({ dtype }: Quantization): number {
  return bytesPerElement[dtype];
}

/** Computed in float64 and rounded once, as TensorFlow.js does: 0 comes out only where it does there. */
export function dequantise(
  { dtype, scale, min, rounded }: Quantization,
  bytes: Uint8Array,
): Float32Array | Float64Array {
  const stored = decode(dtype, bytes);
  const values = rounded ? new Float64Array(stored.length) : new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]! * scale + min;
    values[i] = rounded ? Math.round(value) : value;
  }
  return values;
}

/** What a pruned network takes to store and to compute, in the definitions of docs/science.md. No times: those are measured. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LayerWorth, LevelWorth, MultiplyAdds, StorageBytes } from '../shared/worth';

export interface WorthKernel {
  readonly name: string;
  /** Outputs last, as the plan has it; the matrix [outputs × the rest] is what COO and CSR store. */
  readonly shape: readonly number[];
  /** Masked: 0 where a weight is pruned. */
  readonly weights: Float32Array;
  readonly kept: number;
  /** How often each weight is used for one example; null where no plan tells. */
  readonly uses: number | null;
}

/** Of a float32 value, and of an index as SciPy takes them for matrices of this size. */
const [valueBytes, indexBytes] = [4, 4];
/** zlib's own default. */
const gzipLevel = 6;

const forms = ['dense', 'gzip', 'coo', 'csr', 'bitmask'] as const satisfies readonly (keyof StorageBytes)[];

/** @param others parameters that are never pruned: dense in every form */
export async function sizesOf(
  kernels: readonly WorthKernel[],
  others: readonly Float32Array[],
): Promise<Pick<LevelWorth, 'bytes' | 'multiplyAdds' | 'layers'>> {
  const layers: LayerWorth[] = [];
  // one after another: of a large network only one kernel is held twice
  for (const kernel of kernels) {
    layers.push({ name: kernel.name, bytes: await kernelBytes(kernel), multiplyAdds: multiplyAddsOf(kernel) });
  }
  const around: StorageBytes[] = [];
  for (const values of others) around.push(await denseBytes(values));
  const counted = layers.map(({ multiplyAdds }) => multiplyAdds).filter(one => one !== null);
  return {
    bytes: totalBytes([...layers.map(({ bytes }) => bytes), ...around]),
    multiplyAdds:
      counted.length < layers.length
        ? null
        : { dense: sum(counted.map(one => one.dense)), effective: sum(counted.map(one => one.effective)) },
    layers,
  };
}

async function kernelBytes({ shape, weights, kept }: WorthKernel): Promise<StorageBytes> {
  const outputs = shape.at(-1) ?? 1;
  return {
    dense: weights.length * valueBytes,
    gzip: await gzipBytes(weights),
    coo: kept * (valueBytes + 2 * indexBytes),
    csr: kept * (valueBytes + indexBytes) + (outputs + 1) * indexBytes,
    bitmask: kept * valueBytes + Math.ceil(weights.length / 8),
  };
}

async function denseBytes(values: Float32Array): Promise<StorageBytes> {
  const dense = values.length * valueBytes;
  return { dense, gzip: await gzipBytes(values), coo: dense, csr: dense, bitmask: dense };
}

function multiplyAddsOf({ weights, kept, uses }: WorthKernel): MultiplyAdds | null {
  return uses === null ? null : { dense: weights.length * uses, effective: kept * uses };
}

/** In a thread of Node's pool. */
async function gzipBytes({ buffer, byteOffset, byteLength }: Float32Array): Promise<number> {
  return (await promisify(gzip)(new Uint8Array(buffer, byteOffset, byteLength), { level: gzipLevel })).length;
}

function totalBytes(parts: readonly StorageBytes[]): StorageBytes {
  const [dense, compressed, coo, csr, bitmask] = forms.map(form => sum(parts.map(bytes => bytes[form])));
  return { dense: dense!, gzip: compressed!, coo: coo!, csr: csr!, bitmask: bitmask! };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What nobody tells who prunes, and everybody finds out: said beside the figures. */
export function worthStatement(executor: string): string {
  const own =
    executor === 'wasm'
      ? 'The times here are those of this project’s wasm kernels, which skip pruned weights once few enough are left.'
      : `The times here are those of "${executor}", which multiplies by the zeros as well.`;
  return (
    'Unstructured zeros make no dense kernel faster: a GPU multiplies by 0 as fast as by any other number, and a file that ' +
    `stores every weight stays as large as it was. Bytes are saved by a form that leaves zeros out, time by kernels that skip them. ${own}`
  );
}

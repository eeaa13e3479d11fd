/**
 * Types of tensors by their numbers (`enum ggml_type`), and how many bytes a block of values takes.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, sizes:
 * https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py
 */
import type { Dtype } from '../dtypes';
import { iq4xs, q2k, q3k, q4k, q5k, q6k, q8k, tq1of0, tq2of0 } from './blocks256';
import { iq4nl, mxfp4, q4of0, q4of1, q5of0, q5of1, q8of0, type BlockDecoder } from './blocks32';

export type GgmlType = { readonly name: string; readonly values: number; readonly bytes: number } & (
  | { readonly kind: 'plain'; readonly name: Dtype }
  | { readonly kind: 'blocks'; readonly decode: BlockDecoder }
  | { readonly kind: 'listed'; readonly why: string }
);

const plain = (name: Dtype, bytes: number): GgmlType => ({ kind: 'plain', name, values: 1, bytes });
const blocks = (name: string, values: number, bytes: number, decode: BlockDecoder): GgmlType => {
  return { kind: 'blocks', name, values, bytes, decode };
};
const listed = (name: string, values: number, bytes: number, why: string): GgmlType => {
  return { kind: 'listed', name, values, bytes, why };
};

const anew = '`llama-quantize --allow-requantize model.gguf model-f16.gguf F16` writes a file that can be read';
const tables = (name: string): string =>
  `values of type ${name} come from the tables of its quantiser, which are not carried here: ${anew}`;
const young = (name: string): string => `values of type ${name} are not decoded: ${anew}`;
const inner = 'Q8_1 is meant for computing and not for files, and had two layouts';

export const ggmlTypes: ReadonlyMap<number, GgmlType> = new Map([
  [0, plain('F32', 4)],
  [1, plain('F16', 2)],
  [2, blocks('Q4_0', 32, 18, q4of0)],
  [3, blocks('Q4_1', 32, 20, q4of1)],
  [6, blocks('Q5_0', 32, 22, q5of0)],
  [7, blocks('Q5_1', 32, 24, q5of1)],
  [8, blocks('Q8_0', 32, 34, q8of0)],
  [9, listed('Q8_1', 32, 36, inner)],
  [10, blocks('Q2_K', 256, 84, q2k)],
  [11, blocks('Q3_K', 256, 110, q3k)],
  [12, blocks('Q4_K', 256, 144, q4k)],
  [13, blocks('Q5_K', 256, 176, q5k)],
  [14, blocks('Q6_K', 256, 210, q6k)],
  [15, blocks('Q8_K', 256, 292, q8k)],
  [16, listed('IQ2_XXS', 256, 66, tables('IQ2_XXS'))],
  [17, listed('IQ2_XS', 256, 74, tables('IQ2_XS'))],
  [18, listed('IQ3_XXS', 256, 98, tables('IQ3_XXS'))],
  [19, listed('IQ1_S', 256, 50, tables('IQ1_S'))],
  [20, blocks('IQ4_NL', 32, 18, iq4nl)],
  [21, listed('IQ3_S', 256, 110, tables('IQ3_S'))],
  [22, listed('IQ2_S', 256, 82, tables('IQ2_S'))],
  [23, blocks('IQ4_XS', 256, 136, iq4xs)],
  [24, plain('I8', 1)],
  [25, plain('I16', 2)],
  [26, plain('I32', 4)],
  [27, plain('I64', 8)],
  [28, plain('F64', 8)],
  [29, listed('IQ1_M', 256, 56, tables('IQ1_M'))],
  [30, plain('BF16', 2)],
  [34, blocks('TQ1_0', 256, 54, tq1of0)],
  [35, blocks('TQ2_0', 256, 66, tq2of0)],
  [39, blocks('MXFP4', 32, 17, mxfp4)],
  [40, listed('NVFP4', 64, 36, young('NVFP4'))],
  [41, listed('Q1_0', 128, 18, young('Q1_0'))],
]);

/** Types that ggml gave up; their files have to be made again from the model. */
const removed: ReadonlyMap<number, string> = new Map([
  [4, 'Q4_2'],
  [5, 'Q4_3'],
  [31, 'Q4_0_4_4'],
  [32, 'Q4_0_4_8'],
  [33, 'Q4_0_8_8'],
  [36, 'IQ4_NL_4_4'],
  [37, 'IQ4_NL_4_8'],
  [38, 'IQ4_NL_8_8'],
]);

/** Why a type is none that can be listed with a size. */
export function unknownType(type: number): string {
  const name = removed.get(type);
  return name === undefined
    ? `its type ${type} is not known: it is newer than this reader, or the file is damaged`
    : `its type ${name} was removed from GGUF: convert the original model again`;
}

/** @returns values of whole blocks. @param bytes a whole number of blocks */
export function decodeBlocks({ values, bytes: size }: GgmlType, decode: BlockDecoder, bytes: Uint8Array): Float32Array {
  const count = bytes.length / size;
  const out = new Float32Array(count * values);
  for (let block = 0; block < count; block++) decode(bytes, block * size, out, block * values);
  return out;
}

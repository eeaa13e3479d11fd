/** A safetensors file like a transformer's, of any size, written in pieces. */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface GeneratedFile {
  readonly bytes: number;
  readonly zeros: number;
}

type Dtype = 'F32' | 'BF16';

const width = 1024;
/** Matrices of a block in a transformer of this width, as PyTorch names them. */
const matrices: readonly (readonly [string, number, number])[] = [
  ['attn.q_proj', width, width],
  ['attn.k_proj', width, width],
  ['attn.v_proj', width, width],
  ['attn.o_proj', width, width],
  ['mlp.up_proj', 4 * width, width],
  ['mlp.down_proj', width, 4 * width],
];

/** @param bytes about so many; half of the weights are 0, so that every counter has something to count */
export function writeCheckpoint(file: string, bytes: number, dtype: Dtype): GeneratedFile {
  const size = dtype === 'F32' ? 4 : 2;
  const perBlock = matrices.reduce((sum, [, rows, columns]) => sum + rows * columns * size, 0);
  const blocks = Math.max(1, Math.round(bytes / perBlock));
  const header: Record<string, unknown> = {};
  let end = 0;
  for (let block = 0; block < blocks; block++) {
    for (const [name, rows, columns] of matrices) {
      const begin = end;
      end += rows * columns * size;
      header[`layers.${block}.${name}.weight`] = { dtype, shape: [rows, columns], data_offsets: [begin, end] };
    }
  }
  const text = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const descriptor = openSync(file, 'w');
  try {
    writeSync(descriptor, length);
    writeSync(descriptor, text);
    const { piece, zeros } = weights(dtype);
    for (let done = 0; done < end; done += piece.length) writeSync(descriptor, piece.subarray(0, end - done));
    return { bytes: 8 + text.length + end, zeros: (zeros * end) / piece.length };
  } finally {
    closeSync(descriptor);
  }
}

/** As many as the smallest matrix has, so that every matrix is whole pieces: Gaussian, half of them pruned at random. */
function weights(dtype: Dtype): { piece: Uint8Array; zeros: number } {
  const count = width * width;
  const values = new Float32Array(count);
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  for (let i = 0; i < count; i++) {
    const gaussian = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    values[i] = random() < 0.5 ? 0 : 0.02 * gaussian;
  }
  const words = new Uint16Array(values.buffer);
  // the upper half of a float32
  const shortened = Uint16Array.from({ length: count }, (_, i) => words[2 * i + 1]!);
  const zeros = values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
  return { piece: new Uint8Array(dtype === 'F32' ? values.buffer : shortened.buffer), zeros };
}

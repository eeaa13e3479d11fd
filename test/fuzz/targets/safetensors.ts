import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../../src/checkpoints/safetensors';
import type { Random } from '../../../src/shared/random';
import { damageBytes } from '../bytes';
import { damageJson } from '../json';
import { demand, reading, type Target } from '../target';

const file = 'final.safetensors';

export function checkpoint(random: Random): Uint8Array {
  const tensors: NamedTensor[] = Array.from({ length: random.nextBelow(4) }, (_, i) => {
    const shape = Array.from({ length: random.nextBelow(4) }, () => random.nextBelow(4));
    const size = shape.reduce((product, n) => product * n, 1);
    const name = `dense_${i}/kernel`;
    if (i === 0) return { name, shape, dtype: 'F32', data: new Float32Array(size).fill(i + 0.5) };
    return i === 1
      ? { name, shape, dtype: 'I32', data: new Int32Array(size).fill(i) }
      : { name, shape, dtype: 'U8', data: new Uint8Array(size).fill(1) };
  });
  return encodeSafetensors(tensors, random.nextBelow(2) === 0 ? { format: 'test' } : undefined);
}

/** Damages bytes anywhere, or the header alone, with its length right. */
export function damageCheckpoint(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.nextBelow(2) === 0) return damageBytes(bytes, random, [{ offset: 0, bytes: 8, littleEndian: true }]);
  const start = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
  const header: unknown = JSON.parse(Buffer.from(bytes.subarray(8, start)).toString());
  const damaged = damageJson(header, random);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(damaged.length));
  return Buffer.concat([length, damaged, bytes.subarray(start)]);
}

export const safetensorsTarget: Target = {
  name: 'safetensors',
  sound: random => ({ [file]: checkpoint(random) }),
  damaged: random => ({ [file]: damageCheckpoint(checkpoint(random), random) }),
  read: files =>
    reading([CheckpointError], file, () => {
      for (const { shape, data } of decodeSafetensors(files[file]!, file).tensors.values()) {
        demand(data.length === shape.reduce((product, n) => product * n, 1), 'as many values as the shape says');
      }
    }),
};

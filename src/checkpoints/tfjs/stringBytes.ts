import { CheckpointError } from '../checkpointError';
import type { GroupBytes } from './groupBytes';

const windowBytes = 256 * 1024;

/**
 * Bytes that a weight of texts takes: each has its length before it, 4 bytes little-endian. Texts are passed over, not kept.
 * `decodeWeights` in https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/io_utils.ts
 * @returns or why they cannot be counted
 */
export async function stringBytes(group: GroupBytes, begin: number, count: number): Promise<number | string> {
  // also bounds the time: each text takes 4 bytes of a file
  if (begin + 4 * count > group.size) return `its ${count} texts do not fit into the shards of its group`;
  let window = new Uint8Array(0);
  let start = begin;
  let at = begin;
  for (let i = 0; i < count; i++) {
    if (at + 4 > start + window.length) {
      const length = Math.min(windowBytes, group.size - at);
      if (length < 4) return 'its texts end behind the shards of its group';
      try {
        window = Uint8Array.from(await group.read(at, length));
      } catch (error) {
        if (error instanceof CheckpointError) return error.message;
        throw error;
      }
      start = at;
    }
    at += 4 + new DataView(window.buffer).getUint32(at - start, true);
  }
  return at <= group.size ? at - begin : 'its texts end behind the shards of its group';
}

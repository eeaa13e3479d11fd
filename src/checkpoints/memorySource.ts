import type { ByteSource } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { checkRange } from './source';
import { pathBeside } from './sourcePath';

let sources = 0;

/**
 * Bytes in memory as a source, for tests and for files that come from nowhere on disk.
 * @param siblings files beside it, by their path relative to its folder
 */
export function memorySource(
  name: string,
  bytes: Uint8Array,
  siblings: Readonly<Record<string, Uint8Array>> = {},
): ByteSource {
  const identity = `memory:${sources++}:${name}`;
  return {
    name,
    size: bytes.length,
    identity,
    read(offset, length, signal) {
      return Promise.resolve().then(() => {
        signal?.throwIfAborted();
        checkRange({ name, size: bytes.length }, offset, length);
        return bytes.subarray(offset, offset + length);
      });
    },
    beside(relative) {
      return Promise.resolve().then(() => {
        const key = pathBeside(name, relative);
        const sibling = Object.hasOwn(siblings, key) ? siblings[key] : undefined;
        if (!sibling) throw new CheckpointError(key, 'there is no such file');
        return memorySource(key, sibling, siblings);
      });
    },
    close: () => Promise.resolve(),
  };
}

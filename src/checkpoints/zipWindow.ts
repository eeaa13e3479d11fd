import type { ByteSource } from './checkpoint';
import { checkRange } from './source';

/** Part of a source as one of its own; the whole stays its owner's to close. @param name for messages */
export function windowOf(whole: ByteSource, name: string, start: number, size: number): ByteSource {
  return {
    name,
    size,
    identity: `${whole.identity}@${start}+${size}`,
    async read(offset, length, signal) {
      checkRange({ name, size }, offset, length);
      return whole.read(start + offset, length, signal);
    },
    beside: path => whole.beside(path),
    close: () => Promise.resolve(),
  };
}

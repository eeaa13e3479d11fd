/** Persistent ids: ('storage', type, key, location, count), in the legacy format with a view behind. Source: torch/serialization.py. */
import type { PickleValue } from './pickleValue';
import { Storage } from './records';
import { namedType, type TorchType } from './torchTypes';

/** Characters; keys are addresses or numbers. */
const keyLimit = 100;

/** Storages of one file by their keys. */
export class Storages {
  /** By key: the type and count that the file gives the whole storage. */
  readonly roots = new Map<string, { readonly type: TorchType; readonly count: number }>();

  /** @returns null where it is no storage of a known type */
  readonly resolve = (id: PickleValue): Storage | null => {
    if (!Array.isArray(id) || id[0] !== 'storage' || id.length < 5) return null;
    const [, named, key, , count, view] = id;
    const type = namedType(named);
    const name = keyOf(key);
    if (!type || name === null || typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return null;
    if (!this.roots.has(name)) this.roots.set(name, { type, count });
    if (!Array.isArray(view)) return new Storage(name, type, count, 0);
    // (key of the view, where it begins, its length), in values
    const [, offset, length] = view;
    const whole = (n: PickleValue | undefined): n is number =>
      typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;
    return whole(offset) && whole(length) ? new Storage(name, type, length, offset) : null;
  };
}

/** Keys are text, or numbers in very old files. */
export function keyOf(key: PickleValue | undefined): string | null {
  if (typeof key === 'string') return key.length <= keyLimit ? key : null;
  return typeof key === 'number' || (typeof key === 'bigint' && BigInt.asUintN(64, key) === key) ? String(key) : null;
}

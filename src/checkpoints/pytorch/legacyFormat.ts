/**
 * PyTorch before 1.6 (and `_use_new_zipfile_serialization=False`): five pickles, then the storages one behind the other,
 * each after its count of values in eight bytes. Bare pickles with tensors or NumPy arrays are read alike.
 * Source: torch/serialization.py `_legacy_save`, torch/csrc/serialization.cpp. Values are little-endian on every machine.
 */
import { type ByteSource, type Checkpoint, type FormatReader, limits } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { Constructors } from './constructors';
import { PickleTruncated } from './pickleMachine';
import type { PickleHost, PickleValue } from './pickleValue';
import { keyOf, Storages } from './storageId';
import { type Location, TensorError } from '../values/tensorValues';
import { torchCheckpoint } from './torchCheckpoint';
import { unpickle } from './unpickler';

/** 0x1950a86a20f9469cfc6c as LONG1 holds it. */
const magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** How far the magic number can be from the start: after PROTO, FRAME and LONG1. */
const magicWithin = 16;
const firstWindow = 2 ** 20;
/** A pickle of protocol 2 to 5 begins with PROTO; those of 0 and 1 with what they hold. */
const proto = 0x80;
const oldBeginnings = new Set(['(', ']', '}', ')', 'c'].map(character => character.charCodeAt(0)));

const holdsMagic = (head: Uint8Array): boolean => {
  for (let at = 0; at < magicWithin; at++) if (magic.every((byte, i) => head[at + i] === byte)) return true;
  return false;
};

/** What the tar format of 2016 begins with: a file header that names one of its four members. */
const isOldTar = (head: Uint8Array): boolean => {
  const text = (from: number, to: number): string => new TextDecoder('latin1').decode(head.subarray(from, to));
  return text(257, 262) === 'ustar' && /^(sys_info|pickle|tensors|storages)\0/.test(text(0, 100));
};

export const pytorchLegacy: FormatReader = {
  name: 'PyTorch (legacy pickle)',

  recognises(head, source) {
    if (holdsMagic(head) || isOldTar(head)) return true;
    const modern = head[0] === proto && head[1]! <= 5;
    const old = oldBeginnings.has(head[0]!) && /\.(pkl|pickle|pth?|th|bin|ckpt|tar)$/i.test(source.name);
    return (modern || old) && looksLikePickle(head);
  },

  async open(source) {
    const start = await source.read(0, Math.min(source.size, 512));
    if (isOldTar(start)) {
      throw new CheckpointError(
        source.name,
        "PyTorch's tar format of before 0.2 (2017), which is not read: load it with PyTorch and save it anew with torch.save",
      );
    }
    return holdsMagic(start) ? openLegacy(source) : openBare(source);
  },
};

/** Runs over the head: no pickle has an error before its first bytes end, and a few of its opcodes must be there. */
function looksLikePickle(head: Uint8Array): boolean {
  try {
    unpickle(head, 'head', new Constructors(() => null));
    return true;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return error instanceof PickleTruncated;
  }
}

/** Pickles one behind the other at the start of a file, read in a window that grows as they need it. */
class PickleSequence {
  private window = new Uint8Array(0);
  position = 0;

  constructor(private readonly source: ByteSource) {}

  /** @param makeHost a fresh one each time, because a pickle may be begun anew with more bytes */
  async next<Host extends PickleHost>(
    makeHost: () => Host,
  ): Promise<{ readonly value: PickleValue; readonly host: Host }> {
    let needed = this.window.length === 0 ? firstWindow : this.window.length;
    for (;;) {
      await this.grow(needed);
      const host = makeHost();
      try {
        const { value, end } = unpickle(this.window, this.source.name, host, this.position);
        this.position = end;
        return { value, host };
      } catch (error) {
        const limit = Math.min(this.source.size, limits.structureBytes);
        if (!(error instanceof PickleTruncated) || this.window.length >= limit) throw this.refusal(error);
        needed = Math.min(limit, Math.max(error.needed, 4 * this.window.length));
        if (error.needed > limit) throw this.refusal(error);
      }
    }
  }

  private refusal(error: unknown): unknown {
    if (!(error instanceof PickleTruncated) || this.source.size <= limits.structureBytes) return error;
    return new CheckpointError(
      this.source.name,
      `its pickle goes on beyond ${limits.structureBytes} bytes, more than is read into memory: save it with torch.save, or as safetensors or .npz`,
    );
  }

  private async grow(length: number): Promise<void> {
    const wanted = Math.min(this.source.size, length);
    if (wanted > this.window.length) this.window = new Uint8Array(await this.source.read(0, wanted));
  }
}

const plain = (): Constructors => new Constructors(() => null);

async function openLegacy(source: ByteSource): Promise<Checkpoint> {
  const pickles = new PickleSequence(source);
  const { value: number } = await pickles.next(plain);
  if (number !== magicNumber) throw new CheckpointError(source.name, 'its magic number is damaged: copy it again');
  const { value: version } = await pickles.next(plain);
  if (version !== protocolVersion) {
    throw new CheckpointError(
      source.name,
      `its legacy format has no version ${protocolVersion}, the only one that is known`,
    );
  }
  await pickles.next(plain); // sys_info: sizes of C types where it was written, which no value depends on
  let storages = new Storages();
  const { value: root, host } = await pickles.next(() => {
    storages = new Storages();
    return new Constructors(storages.resolve);
  });
  const { value: keys } = await pickles.next(plain);
  if (!Array.isArray(keys)) throw new CheckpointError(source.name, 'its list of storages is damaged: copy it again');
  const locations = await locate(source, pickles.position, keys, storages);
  return torchCheckpoint({
    format: 'PyTorch (legacy pickle)',
    source,
    root,
    unknown: host.unknown,
    notes: [],
    metadata: [],
    locate({ key }) {
      const location = locations.get(key);
      if (location === undefined) throw new TensorError(`its storage ${key} is not in the file`);
      if (typeof location === 'string') throw new TensorError(location);
      return location;
    },
  });
}

/** Walks over the storages: where one ends, the next begins, so that none after a damaged one can be found. */
async function locate(
  source: ByteSource,
  start: number,
  keys: readonly PickleValue[],
  storages: Storages,
): Promise<ReadonlyMap<string, Location | string>> {
  const locations = new Map<string, Location | string>();
  let position = start;
  let broken: string | null = null;
  for (const item of keys) {
    const key = keyOf(item);
    const root = key === null ? undefined : storages.roots.get(key);
    if (broken === null && (key === null || !root)) broken = 'a storage before it is of an unknown type';
    if (broken === null && position + 8 > source.size)
      broken = `the file ends at byte ${source.size}, before its storage`;
    if (key === null) continue;
    if (broken !== null || !root) {
      locations.set(key, broken ?? 'unknown');
      continue;
    }
    const header = await source.read(position, 8);
    const count = Number(new DataView(header.buffer, header.byteOffset, 8).getBigUint64(0, true));
    const length = count * root.type.bytes;
    const offset = position + 8;
    if (count !== root.count) {
      broken = `storage ${key} at byte ${position} has ${count} values, and the pickle says ${root.count}`;
      locations.set(key, broken);
    } else if (offset + length > source.size) {
      broken = `storage ${key} goes on to byte ${offset + length}, and the file ends at ${source.size}: it is cut short`;
      locations.set(key, broken);
    } else {
      locations.set(key, { source, offset, length, bigEndian: false });
      position = offset + length;
    }
  }
  return locations;
}

async function openBare(source: ByteSource): Promise<Checkpoint> {
  const pickles = new PickleSequence(source);
  const { value, host } = await pickles.next(plain);
  return torchCheckpoint({
    format: 'Python pickle',
    source,
    root: value,
    unknown: host.unknown,
    notes:
      pickles.position < source.size ? [`${source.size - pickles.position} bytes follow its pickle: not read.`] : [],
    metadata: [],
    locate: () => {
      throw new TensorError('its values are not in the file');
    },
  });
}

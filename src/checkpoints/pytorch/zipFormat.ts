/**
 * PyTorch's zip format and TorchScript archives: one folder with `data.pkl` and the storages as `data/<key>`.
 * Source: torch/serialization.py `_save`, caffe2/serialize/inline_container.cc. Code in an archive is never read.
 */
import { type ByteSource, type Checkpoint, type FormatReader, limits } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { openZip, type Zip, zipSignature } from '../zip';
import { Constructors } from './constructors';
import { Storages } from './storageId';
import { type Location, TensorError } from '../values/tensorValues';
import { torchCheckpoint } from './torchCheckpoint';
import { unpickle } from './unpickler';

/** Of a pickle that something else than PyTorch has packed. */
const deflatedBytes = 64 * 2 ** 20;

/** Of the small text records beside the pickle. */
const recordBytes = 1_024;

/** The folder of the archive that the pickle lies in, with its slash; null: there is none. */
function rootOf(zip: Zip): string | null {
  const pickles = zip.entries.map(({ name }) => name).filter(name => /(^|\/)data\.pkl$/.test(name));
  const depth = (name: string): number => name.split('/').length;
  const nearest = pickles.sort((a, b) => depth(a) - depth(b))[0];
  return nearest === undefined ? null : nearest.slice(0, -'data.pkl'.length);
}

async function textRecord(zip: Zip, name: string): Promise<string | null> {
  if (!zip.entry(name)) return null;
  return new TextDecoder().decode(await zip.readAll(name, recordBytes)).trim();
}

export const pytorchZip: FormatReader = {
  name: 'PyTorch (zip)',

  async recognises(head, source) {
    if (!zipSignature.every((byte, i) => head[i] === byte)) return false;
    try {
      return rootOf(await openZip(source)) !== null;
    } catch (error) {
      // a damaged archive: the names in its first bytes tell whose it is
      if (!(error instanceof CheckpointError)) throw error;
      return new TextDecoder('latin1').decode(head.subarray(30, 300)).includes('/data.pkl');
    }
  },

  async open(source: ByteSource): Promise<Checkpoint> {
    const zip = await openZip(source);
    const root = rootOf(zip);
    if (root === null) throw new CheckpointError(source.name, 'an archive without data.pkl: no PyTorch checkpoint');
    const byteorder = await textRecord(zip, `${root}byteorder`);
    if (byteorder !== null && byteorder !== 'little' && byteorder !== 'big') {
      throw new CheckpointError(
        source.name,
        `its byteorder is ${JSON.stringify(byteorder)}; "little" or "big" are known`,
      );
    }
    const script = zip.entries.some(({ name }) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`));
    const storages = new Storages();
    const constructors = new Constructors(storages.resolve);
    // torch.save stores it as it is; one that is deflated could be a thousand times as long as the file
    const stored = zip.entry(`${root}data.pkl`)!.stored;
    const pickle = await zip.readAll(`${root}data.pkl`, stored ? limits.structureBytes : deflatedBytes);
    const { value } = unpickle(pickle, source.name, constructors);
    const locations = await locate(zip, `${root}data/`, storages, byteorder === 'big');
    return torchCheckpoint({
      format: script ? 'PyTorch (TorchScript)' : 'PyTorch (zip)',
      source,
      root: value,
      unknown: constructors.unknown,
      notes: script ? ['A TorchScript archive: its code was not read, only its tensors.'] : [],
      metadata: [],
      locate({ key }) {
        const location = locations.get(key);
        if (location === undefined) throw new TensorError(`its storage ${key} is not in the archive`);
        if (typeof location === 'string') throw new TensorError(location);
        return location;
      },
    });
  },
};

/** Where every storage that the pickle names lies, or why it cannot be read. */
async function locate(
  zip: Zip,
  folder: string,
  storages: Storages,
  bigEndian: boolean,
): Promise<ReadonlyMap<string, Location | string>> {
  const locations = new Map<string, Location | string>();
  for (const [key, { type, count }] of storages.roots) {
    const name = folder + key;
    const entry = zip.entry(name);
    if (!entry) continue;
    try {
      const { source, offset, length } = (await zip.raw(name)) ?? {
        source: await zip.source(name),
        offset: 0,
        length: entry.size,
      };
      locations.set(
        key,
        length < count * type.bytes
          ? `its storage ${key} has ${length} bytes, and the pickle says ${count * type.bytes}`
          : { source, offset, length, bigEndian },
      );
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      locations.set(key, error.message);
    }
  }
  return locations;
}

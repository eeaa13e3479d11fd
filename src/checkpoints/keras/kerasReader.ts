/** Keras 3's .keras: a zip archive of the configuration and an HDF5 file of weights. keras/src/saving/saving_lib.py */
import type { FormatReader } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { openZip, type Zip, zipSignature } from '../zip';
import { openHdf5 } from './hdf5Checkpoint';
import { inflatedHdf5, storedHdf5 } from './hdf5Source';
import { parseKerasConfig } from './kerasConfig';

const [weights, config, metadata] = ['model.weights.h5', 'config.json', 'metadata.json'];
const mostConfigBytes = 16 * 2 ** 20;

export const kerasReader: FormatReader = {
  name: 'Keras (.keras)',
  async recognises(head, source) {
    if (!zipSignature.every((byte, i) => head[i] === byte)) return false;
    try {
      const zip = await openZip(source);
      return zip.entry(weights) !== null || (zip.entry(config) !== null && zip.entry(metadata) !== null);
    } catch (error) {
      // a damaged archive: the names in its first bytes tell whose it is
      if (!(error instanceof CheckpointError)) throw error;
      return /^(metadata\.json|config\.json|model\.weights\.h5)/.test(
        new TextDecoder('latin1').decode(head.subarray(30, 60)),
      );
    }
  },
  async open(source) {
    const zip = await openZip(source);
    if (!zip.entry(weights)) {
      throw new CheckpointError(source.name, `an archive without ${weights}: Keras has saved its weights elsewhere`);
    }
    const notes: string[] = [];
    const layers = parseKerasConfig((await text(zip, config, notes)) ?? '');
    const stored = await zip.raw(weights);
    const hdf5 = stored ? await storedHdf5(stored) : await inflatedHdf5(await zip.source(weights));
    return openHdf5(hdf5, {
      source,
      layers,
      metadata: versionsOf((await text(zip, metadata, notes)) ?? ''),
      notes,
      format: 'Keras (.keras)',
    });
  },
};

/** Null where it is not there or cannot be read: the weights can be shown without. */
async function text(zip: Zip, name: string, notes: string[]): Promise<string | null> {
  if (!zip.entry(name)) return null;
  try {
    return new TextDecoder().decode(await zip.readAll(name, mostConfigBytes));
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    notes.push(`${name} cannot be read, so that names of layers are those of their groups: ${error.message}`);
    return null;
  }
}

const mostMetadata = 1_000;

function versionsOf(json: string): (readonly [string, string])[] {
  if (json.length > mostMetadata) return [];
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null) return [];
    return Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  } catch {
    return [];
  }
}

/** The configuration of a model that Keras has saved whole: how its layers hang together. */
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { readHead } from '../source';
import { openZip, zipSignature } from '../zip';
import { storedHdf5 } from './hdf5Source';
import { Hdf5Thread } from './hdf5Thread';

const mostBytes = 16 * 2 ** 20;
const entry = 'config.json';

/**
 * @param source stays the caller's to close
 * @returns JSON of unknown content; null where the file has none: it holds weights only
 * @throws CheckpointError where it is neither a .keras archive nor HDF5, or is damaged
 */
export async function readModelConfig(source: ByteSource): Promise<string | null> {
  const head = await readHead(source);
  if (zipSignature.every((byte, i) => head[i] === byte)) {
    const zip = await openZip(source);
    return zip.entry(entry) ? new TextDecoder().decode(await zip.readAll(entry, mostBytes)) : null;
  }
  const { file } = await storedHdf5({ source, offset: 0, length: source.size });
  const { thread, contents } = await Hdf5Thread.open(file).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CheckpointError(source.name, `its HDF5 structure cannot be read: ${reason}`);
  });
  await thread.release();
  return contents.attributes.file['model_config'] ?? null;
}

import type { ByteSource } from '../checkpoint';
import { pathBeside } from '../sourcePath';

/** Files of a checkpoint, as its reader asks for them: the key is the path relative to the folder of the first. */
export type FilesOf = Map<string, ByteSource>;

/**
 * A file that notes which others are opened beside it, and stays open though its reader is done with it: it is still to be
 * copied. `closeFiles` closes them all.
 * @param relative its own path relative to the folder of the first
 */
export function recordingSource(source: ByteSource, relative: string, files: FilesOf): ByteSource {
  files.set(relative, source);
  return {
    name: source.name,
    size: source.size,
    identity: source.identity,
    ...(source.path !== undefined && { path: source.path }),
    read: (offset, length, signal) => source.read(offset, length, signal),
    async beside(path) {
      const folder = relative.includes('/') ? relative.replace(/[^/]*$/, '') : '';
      return recordingSource(await source.beside(path), folder + pathBeside(source.name, path), files);
    },
    close: () => Promise.resolve(),
  };
}

export async function closeFiles(files: FilesOf): Promise<void> {
  for (const source of files.values()) await source.close();
}

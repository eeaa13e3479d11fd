import { CheckpointError } from './checkpointError';

/**
 * A path that a file names for a part of itself (shard, external data), held to the file's own folder or below.
 * Both separators count on every system, so that one file means the same everywhere.
 * @returns its segments joined by "/", without "." and empty ones
 * @throws CheckpointError where it is absolute, climbs out, names a stream or device, or is empty
 */
export function pathBeside(file: string, relative: string): string {
  const refuse = (reason: string): never => {
    throw new CheckpointError(file, `it names the file ${JSON.stringify(relative.slice(0, 200))}, which ${reason}`);
  };
  if (relative.includes('\0')) refuse('holds a NUL character');
  if (/^[\\/]/.test(relative)) refuse('is an absolute path: only files in its own folder are read');
  // drive letters, alternate data streams and URLs
  if (relative.includes(':')) refuse('holds a colon: only files in its own folder are read');
  const segments = relative.split(/[\\/]/).filter(segment => segment !== '' && segment !== '.');
  if (segments.includes('..')) refuse('leads out of its folder: only files in its own folder are read');
  if (segments.length === 0) refuse('is no file name');
  return segments.join('/');
}

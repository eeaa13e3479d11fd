import { CheckpointError } from './checkpointError';

/** What file systems take: characters of a name, and of a path. */
const [mostOfName, mostOfPath] = [255, 4096];

/**
 * A path that a file names for a part of itself (shard, external data), held to the file's own folder or below.
 * Both separators count on every system, so that one file means the same everywhere. Links are followed, and held to the
 * folder, where the file is opened (`source.ts`).
 * @returns its segments joined by "/", without "." and empty ones
 * @throws CheckpointError where it is absolute, climbs out, names a stream or device, is empty, too long, or another name
 *   on another system
 */
export function pathBeside(file: string, relative: string): string {
  const refuse = (reason: string): never => {
    throw new CheckpointError(file, `it names the file ${JSON.stringify(relative.slice(0, 200))}, which ${reason}`);
  };
  const ownFolder = `only files in its own folder are read: put it there, and name it without the way`;
  if (relative.includes('\0')) refuse('holds a NUL character');
  if (relative.length > mostOfPath) refuse(`goes on for ${relative.length} characters: no path is as long`);
  if (/[\x01-\x1f\x7f]/.test(relative)) refuse('holds a control character: rename it');
  if (/^[\\/]/.test(relative)) refuse(`is an absolute path: ${ownFolder}`);
  // drive letters, alternate data streams and URLs
  if (relative.includes(':')) refuse(`holds a colon: ${ownFolder}`);
  const segments = relative.split(/[\\/]/).filter(segment => segment !== '' && segment !== '.');
  if (segments.includes('..')) refuse(`leads out of its folder: ${ownFolder}`);
  if (segments.length === 0) refuse('is no file name');
  if (segments.some(segment => /[. ]$/.test(segment)))
    refuse('ends in a dot or space, which Windows leaves out: rename it');
  if (segments.some(({ length }) => length > mostOfName)) refuse(`has more than ${mostOfName} characters: rename it`);
  return segments.join('/');
}

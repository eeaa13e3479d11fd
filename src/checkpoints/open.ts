/** Any checkpoint: the first reader that recognises a file opens it. */
import type { ByteSource, Checkpoint, FormatReader } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { describeContent } from './openContent';
import { readHead } from './source';

/** Strict signatures first, guesses last: where two could take a file, the one that asks more of it comes first. */
export const readers: readonly FormatReader[] = [];

/**
 * @param source stays open: the checkpoint closes it
 * @throws CheckpointError where no reader recognises it, saying what it is instead; whatever its reader throws
 */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  const head = await readHead(source);
  for (const reader of readers) {
    if (await reader.recognises(head, source)) return reader.open(source);
  }
  throw new CheckpointError(source.name, describeContent(head));
}

/** A model of TensorFlow.js opened as a checkpoint, and the weights that tests of it are about. */
import type { Checkpoint } from '../../src/checkpoints/checkpoint';
import { memorySource } from '../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../src/checkpoints/open';
import { text } from './checkpoints';
import { weight } from './tfjsModels';

export const kernel = weight('hidden/kernel', [2, 3], [1, 2, 3, 4, 5, 6]);
export const bias = weight('hidden/bias', [3], [7, 8, 9]);

/** @param shards by their names, as files beside the model */
export function openTfjs(
  json: Uint8Array | string,
  shards: Readonly<Record<string, Uint8Array>> = {},
  name = 'model.json',
): Promise<Checkpoint> {
  return openCheckpoint(memorySource(name, typeof json === 'string' ? text(json) : json, shards));
}

export function errorsOf({ tensors }: Checkpoint): (string | null)[] {
  return tensors.map(({ error }) => error);
}

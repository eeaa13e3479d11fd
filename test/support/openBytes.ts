/** A checkpoint out of bytes, its tensors by their names. */
import { expect } from 'vitest';
import type { Checkpoint } from '../../src/checkpoints/checkpoint';
import { memorySource } from '../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../src/checkpoints/open';

export const openBytes = (bytes: Uint8Array, name = 'model.pt'): Promise<Checkpoint> =>
  openCheckpoint(memorySource(name, bytes));

export async function valuesOf(checkpoint: Checkpoint, name: string): Promise<number[]> {
  const index = checkpoint.tensors.findIndex(tensor => tensor.name === name);
  expect(index, `${name} among ${checkpoint.tensors.map(tensor => tensor.name).join(', ')}`).toBeGreaterThanOrEqual(0);
  return Array.from(await checkpoint.values(index, 0, checkpoint.tensors[index]!.count));
}

export const namesOf = ({ tensors }: Checkpoint, role?: string): string[] =>
  tensors.filter(tensor => role === undefined || tensor.role === role).map(({ name }) => name);

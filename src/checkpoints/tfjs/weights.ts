/** Where each weight of a manifest lies: shards are opened, weights follow one another. */
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { pathBeside } from '../sourcePath';
import { GroupBytes, type Shard } from './groupBytes';
import type { ManifestGroup, ManifestWeight } from './manifest';
import { stringBytes } from './stringBytes';

/** A file stays open for each. */
const maximumShards = 1000;

export interface PlacedWeight extends Omit<ManifestWeight, 'bytes'> {
  readonly group: GroupBytes;
  /** 0 where they are not known. */
  readonly bytes: number;
  /** In its group; 0 where it is not known. */
  readonly begin: number;
}

export interface PlacedWeights {
  /** In the order of the manifest, each name once. */
  readonly weights: readonly PlacedWeight[];
  readonly notes: readonly string[];
  /** All that was opened. */
  readonly sources: readonly ByteSource[];
}

/** @throws CheckpointError where there are too many shards; those that were opened are closed then */
export async function placeWeights(source: ByteSource, groups: readonly ManifestGroup[]): Promise<PlacedWeights> {
  const shards = groups.reduce((count, { paths }) => count + paths.length, 0);
  if (shards > maximumShards) {
    throw new CheckpointError(source.name, `it names ${shards} shards, and ${maximumShards} are the limit`);
  }
  const sources: ByteSource[] = [];
  const notes: string[] = [];
  const taken = new Set<string>();
  const placed: PlacedWeight[] = [];
  try {
    for (const group of groups) {
      const opened: Shard[] = [];
      for (const path of group.paths) opened.push(await openShard(source, path, taken));
      sources.push(...opened.flatMap(shard => shard.source ?? []));
      notes.push(...opened.flatMap(({ error }) => (error === null ? [] : [`A shard cannot be read: ${error}`])));
      placed.push(...(await placeGroup(source.name, group, opened, notes)));
    }
  } catch (error) {
    for (const shard of sources) await shard.close();
    throw error;
  }
  return { weights: once(placed), notes, sources };
}

/** @param taken files that hold other bytes already: a byte is part of one weight */
async function openShard(source: ByteSource, path: string, taken: Set<string>): Promise<Shard> {
  try {
    const held = pathBeside(source.name, path);
    if (taken.has(held)) return { path, source: null, error: `${held} stands twice in the manifest of ${source.name}` };
    taken.add(held);
    return { path, source: await source.beside(path), error: null };
  } catch (error) {
    if (error instanceof CheckpointError) return { path, source: null, error: error.message };
    throw error;
  }
}

async function placeGroup(
  file: string,
  { weights, paths }: ManifestGroup,
  shards: readonly Shard[],
  notes: string[],
): Promise<PlacedWeight[]> {
  let known: number | null = 0;
  for (const { bytes } of weights) known = known === null || typeof bytes !== 'number' ? null : known + bytes;
  const group = new GroupBytes(file, shards, known);
  const placed: PlacedWeight[] = [];
  let begin = 0;
  /** Why the place of whatever follows is not known. */
  let lost: string | null = null;
  for (const weight of weights) {
    if (lost !== null) {
      placed.push({ ...weight, group, begin: 0, bytes: Number(weight.bytes) || 0, error: weight.error ?? lost });
      continue;
    }
    const length =
      weight.bytes === 'strings'
        ? await stringBytes(group, begin, countOf(weight.shape))
        : (weight.bytes ?? weight.error);
    const size = typeof length === 'number' ? length : 0;
    placed.push({ ...weight, group, begin, bytes: size, error: weight.error ?? group.problem(begin, size) });
    begin += size;
    if (typeof length !== 'number') {
      lost = `its place is not known, because it lies behind ${JSON.stringify(weight.name.slice(0, 100))}: ${length ?? ''}`;
    }
  }
  const left = group.size - begin;
  if (lost === null && left > 0) notes.push(`${left} bytes behind the last weight of ${paths.at(-1)!} are left out`);
  return placed;
}

/** The first weight of each name, as unreadable where there are others: two readers could see two of them. */
function once(weights: readonly PlacedWeight[]): PlacedWeight[] {
  const counts = new Map<string, number>();
  for (const { name } of weights) counts.set(name, (counts.get(name) ?? 0) + 1);
  const seen = new Set<string>();
  return weights.flatMap(weight => {
    if (seen.has(weight.name)) return [];
    seen.add(weight.name);
    const many = counts.get(weight.name)! > 1;
    return [many ? { ...weight, error: 'its name stands more than once in the manifest' } : weight];
  });
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/**
 * Checkpoints in shards: `model.safetensors.index.json` and `pytorch_model.bin.index.json` name for each tensor the file
 * beside them that holds it. https://huggingface.co/docs/transformers/big_models
 */
import type { TensorInfo } from '../shared/inspection';
import {
  type ByteSource,
  type Checkpoint,
  type FormatReader,
  limits,
  type RawRange,
  type StoredPlaces,
} from './checkpoint';
import { CheckpointError } from './checkpointError';
import { beyondBounds } from './jsonBounds';
import { duplicateKey } from './jsonKeys';
import { describeTensor } from './roles';
import { isRecord } from './safetensorsHeader';

/** A file stays open for each. */
const maximumShards = 1000;
const maximumIndexBytes = 100_000_000;

/** @param openShard opens any checkpoint that is no index itself: an index that names itself would never end */
export function shardedIndexReader(openShard: (source: ByteSource) => Promise<Checkpoint>): FormatReader {
  return {
    name: 'index of shards',
    recognises(head) {
      const text = new TextDecoder().decode(head);
      return /^\s*\{/.test(text) && text.includes('"weight_map"');
    },
    async open(source) {
      const { shardOf, metadata } = await readIndex(source);
      const files = [...new Set(shardOf.values())];
      if (files.length > maximumShards) {
        throw new CheckpointError(source.name, `it names ${files.length} shards, and ${maximumShards} are the limit`);
      }
      const shards = new Map<string, Shard>();
      for (const file of files) shards.set(file, await openOne(source, file, openShard));
      await source.close();
      return new ShardedCheckpoint(source, shardOf, shards, metadata);
    },
  };
}

/** What one shard gives, or why it gives nothing. */
type Shard =
  { readonly checkpoint: Checkpoint; readonly indexOf: ReadonlyMap<string, number> } | { readonly error: string };

async function openOne(
  source: ByteSource,
  file: string,
  openShard: (source: ByteSource) => Promise<Checkpoint>,
): Promise<Shard> {
  try {
    const shard = await source.beside(file);
    try {
      const checkpoint = await openShard(shard);
      return { checkpoint, indexOf: new Map(checkpoint.tensors.map(({ name }, i) => [name, i])) };
    } catch (error) {
      await shard.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof CheckpointError) return { error: error.message };
    throw error;
  }
}

async function readIndex(
  source: ByteSource,
): Promise<{ shardOf: ReadonlyMap<string, string>; metadata: readonly (readonly [string, string])[] }> {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.name, reason);
  };
  if (source.size > maximumIndexBytes) fail(`${source.size} bytes, and ${maximumIndexBytes} are the limit of an index`);
  const json = await source.read(0, source.size);
  const beyond = beyondBounds(json, 8, 4 * limits.tensors);
  if (beyond !== null) fail(`the index ${beyond}`);
  let text = '';
  let index: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    index = JSON.parse(text);
  } catch {
    fail('the index is not valid JSON in UTF-8');
  }
  const duplicate = duplicateKey(text);
  if (duplicate !== null) fail(`the index holds the name ${JSON.stringify(duplicate.slice(0, 100))} twice`);
  if (!isRecord(index) || !isRecord(index.weight_map)) return fail('its weight_map is not an object');
  const entries = Object.entries(index.weight_map);
  if (entries.length > limits.tensors) fail(`${entries.length} tensors, and ${limits.tensors} are the limit`);
  const shardOf = new Map<string, string>();
  for (const [name, file] of entries) {
    if (name.length > limits.nameLength) {
      return fail(`the name ${JSON.stringify(name.slice(0, 100))}… has more than ${limits.nameLength} characters`);
    }
    if (typeof file !== 'string') return fail(`its weight_map names no file for ${JSON.stringify(name)}`);
    if (file.length > limits.nameLength) {
      return fail(`the file name ${JSON.stringify(file.slice(0, 100))}… has more than ${limits.nameLength} characters`);
    }
    shardOf.set(name, file);
  }
  const metadata = isRecord(index.metadata) ? Object.entries(index.metadata) : [];
  return { shardOf, metadata: metadata.map(([key, value]) => [key, asText(value)] as const) };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Place {
  readonly shard: Checkpoint;
  readonly index: number;
}

class ShardedCheckpoint implements Checkpoint {
  readonly format: string;
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Checkpoint['metadata'];
  readonly notes: readonly string[];
  readonly bytes: number;
  /** Of each tensor; null where its shard does not give it. */
  private readonly found: readonly (Place | null)[];
  private readonly checkpoints: readonly Checkpoint[];

  constructor(
    private readonly source: ByteSource,
    shardOf: ReadonlyMap<string, string>,
    shards: ReadonlyMap<string, Shard>,
    metadata: Checkpoint['metadata'],
  ) {
    const tensors: TensorInfo[] = [];
    const places: (Place | null)[] = [];
    for (const [name, file] of shardOf) {
      const shard = shards.get(file)!;
      const index = 'error' in shard ? undefined : shard.indexOf.get(name);
      if ('error' in shard || index === undefined) {
        const error = 'error' in shard ? shard.error : `${file} does not hold it, though the index says so`;
        tensors.push(describeTensor({ name, dtype: 'unknown', shape: [], bytes: 0, convention: 'torch', error }));
        places.push(null);
      } else {
        tensors.push(shard.checkpoint.tensors[index]!);
        places.push({ shard: shard.checkpoint, index });
      }
    }
    this.tensors = tensors;
    this.found = places;
    const opened = [...shards].flatMap(([file, shard]) =>
      'error' in shard ? [] : [[file, shard.checkpoint] as const],
    );
    this.checkpoints = opened.map(([, checkpoint]) => checkpoint);
    this.format = `${this.checkpoints[0]?.format ?? 'index of shards'}, ${shards.size} ${shards.size === 1 ? 'shard' : 'shards'}`;
    this.metadata = [...metadata, ...(this.checkpoints[0]?.metadata ?? [])];
    this.bytes = this.checkpoints.reduce((sum, { bytes }) => sum + bytes, source.size);
    this.notes = [...notesOf(opened, shardOf), ...missing(shards)];
  }

  raw(index: number): RawRange | null {
    const place = this.found[index];
    return place ? place.shard.raw(place.index) : null;
  }

  places(index: number): StoredPlaces | null {
    const place = this.found[index];
    return place?.shard.places?.(place.index) ?? null;
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    const place = this.found[index];
    if (place) return place.shard.values(place.index, begin, end, signal);
    const { name, error } = this.tensors[index]!;
    throw new CheckpointError(this.source.name, `tensor ${JSON.stringify(name)}: ${error!}`);
  }

  async close(): Promise<void> {
    for (const checkpoint of this.checkpoints) await checkpoint.close();
  }
}

function notesOf(
  opened: readonly (readonly [string, Checkpoint])[],
  shardOf: ReadonlyMap<string, string>,
): readonly string[] {
  return opened.flatMap(([file, { notes, tensors }]) => {
    const extra = tensors.filter(({ name }) => shardOf.get(name) !== file).length;
    const left = extra > 0 ? [`${file} holds ${extra} tensors that the index does not name: left out`] : [];
    return [...left, ...notes.map(note => `${file}: ${note}`)];
  });
}

function missing(shards: ReadonlyMap<string, Shard>): readonly string[] {
  return [...shards.values()].flatMap(shard => ('error' in shard ? [`A shard cannot be read: ${shard.error}`] : []));
}

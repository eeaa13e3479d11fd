/**
 * Statistics that have been counted before, by the identity of the file (path, size, time of change) and the tensor's
 * name: in memory, and in a small folder of one JSON file a checkpoint.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { Checkpoint } from '../checkpoints/checkpoint';
import { histogramBins, type TensorStatistics } from '../shared/inspection';

/** Another one where the numbers of older files would mean something else. */
const version = 1;
const mostFilesOnDisk = 200;
const mostBytesOfFile = 64 * 2 ** 20;
const mostCheckpointsInMemory = 32;

const count = z.number().int().nonnegative();
const statistics: z.ZodType<TensorStatistics> = z.strictObject({
  count,
  zeros: count,
  nans: count,
  infinities: count,
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  mean: z.number().nullable(),
  std: z.number().nullable(),
  histogram: z.array(count).length(histogramBins),
  deadOutputs: z.strictObject({ dead: count, total: count }).nullable(),
  deadInputs: z.strictObject({ dead: count, total: count }).nullable(),
  patterns: z.array(z.strictObject({ n: count, m: count, groups: count, compliant: count })),
  emptyBlocks: z.strictObject({ empty: count, total: count }).nullable(),
});

/** `of`: identity of the bytes that were counted (a shard's, not its index's) and the tensor's description. */
const stored = z.strictObject({
  version: z.literal(version),
  identity: z.string(),
  tensors: z.record(z.string(), z.strictObject({ of: z.string(), statistics })),
});

type Entries = Map<string, { readonly of: string; readonly statistics: TensorStatistics }>;

interface Known {
  readonly entries: Entries;
  unsaved: boolean;
}

export class StatisticsCache {
  private readonly checkpoints = new Map<string, Promise<Known>>();

  /** @param directory null: only in memory */
  constructor(private readonly directory: string | null) {}

  /** Null where it must be counted. */
  async get(identity: string, checkpoint: Checkpoint, index: number): Promise<TensorStatistics | null> {
    const entry = (await this.known(identity)).entries.get(checkpoint.tensors[index]!.name);
    return entry?.of === contentOf(identity, checkpoint, index) ? entry.statistics : null;
  }

  async set(identity: string, checkpoint: Checkpoint, index: number, value: TensorStatistics): Promise<void> {
    const known = await this.known(identity);
    known.entries.set(checkpoint.tensors[index]!.name, {
      of: contentOf(identity, checkpoint, index),
      statistics: value,
    });
    known.unsaved = true;
  }

  /**
   * Writes what is new of one checkpoint to disk.
   * @throws Error where the folder cannot be written to
   */
  async save(identity: string): Promise<void> {
    const known = await this.known(identity);
    if (!this.directory || !known.unsaved) return;
    known.unsaved = false;
    const text = JSON.stringify({ version, identity, tensors: Object.fromEntries(known.entries) });
    if (text.length > mostBytesOfFile) return;
    await mkdir(this.directory, { recursive: true });
    const file = this.fileOf(this.directory, identity);
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, text);
    await rename(temporary, file);
    await this.removeOldest(this.directory);
  }

  private known(identity: string): Promise<Known> {
    const before = this.checkpoints.get(identity);
    const known = before ?? this.load(identity);
    // what was asked for last goes last
    this.checkpoints.delete(identity);
    this.checkpoints.set(identity, known);
    const [oldest] = this.checkpoints.keys();
    if (this.checkpoints.size > mostCheckpointsInMemory) this.checkpoints.delete(oldest!);
    return known;
  }

  private async load(identity: string): Promise<Known> {
    const entries: Entries = new Map();
    if (this.directory) {
      try {
        const file = this.fileOf(this.directory, identity);
        if ((await stat(file)).size > mostBytesOfFile) throw new Error('too long');
        const content = stored.parse(JSON.parse(await readFile(file, 'utf8')));
        if (content.identity === identity) {
          for (const [name, entry] of Object.entries(content.tensors)) entries.set(name, entry);
        }
      } catch {
        // not there, or not ours: counted anew
      }
    }
    return { entries, unsaved: false };
  }

  private fileOf(directory: string, identity: string): string {
    return path.join(directory, `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.json`);
  }

  private async removeOldest(directory: string): Promise<void> {
    const names = (await readdir(directory)).filter(name => /^[0-9a-f]{32}\.json(\.\d+\.tmp)?$/.test(name));
    if (names.length <= mostFilesOnDisk) return;
    const files = await Promise.all(
      names.map(async name => {
        const file = path.join(directory, name);
        // another process may have removed it meanwhile
        const age = await stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        );
        return { file, age };
      }),
    );
    files.sort((a, b) => b.age - a.age);
    await Promise.all(files.slice(mostFilesOnDisk).map(({ file }) => rm(file, { force: true })));
  }
}

/** What must be the same for statistics to hold. */
function contentOf(identity: string, checkpoint: Checkpoint, index: number): string {
  const { dtype, shape, outputAxis, inputAxis } = checkpoint.tensors[index]!;
  const bytes = checkpoint.raw(index)?.source.identity ?? identity;
  return JSON.stringify([bytes, dtype, shape, outputAxis, inputAxis]);
}

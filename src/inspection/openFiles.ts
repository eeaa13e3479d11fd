/** The checkpoints that are open, and whether their files are still what they were. */
import { stat } from 'node:fs/promises';
import type { ByteSource, Checkpoint } from '../checkpoints/checkpoint';
import { CheckpointError } from '../checkpoints/checkpointError';
import { memorySource } from '../checkpoints/memorySource';
import { openCheckpoint } from '../checkpoints/open';
import { fileIdentity, openFile } from '../checkpoints/source';
import type { InspectorSource } from '../shared/inspectorMessages';

/** File systems of remote machines tell of no changes, so all are asked now and then. */
const watchMilliseconds = 2_000;
const mostFiles = 256;

export interface OpenFile {
  readonly name: string;
  readonly identity: string;
  readonly checkpoint: Checkpoint;
  /** Aborted when the file is given up. */
  readonly closed: AbortSignal;
  /** Keeps the file open while the work runs, even if it is given up meanwhile. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

export type ChangeListener = (file: number, reason: 'changed' | 'removed') => void;

export class OpenFiles {
  private readonly files = new Map<number, Entry>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly onChange: ChangeListener) {
    this.timer = setInterval(() => void this.lookForChanges(), watchMilliseconds);
    this.timer.unref();
  }

  /** @throws CheckpointError where the source is no checkpoint that can be read */
  async open(id: number, source: InspectorSource): Promise<OpenFile> {
    if (this.files.size >= mostFiles) {
      throw new Error(`${mostFiles} checkpoints are open already: close some of their editors`);
    }
    const bytes =
      'path' in source
        ? await openFile(source.path)
        : { ...memorySource(source.name, source.bytes), identity: source.identity };
    const entry = new Entry(bytes, await checkpointOf(bytes));
    this.files.set(id, entry);
    return entry;
  }

  /** @throws Error where there is none of this number */
  get(id: number): OpenFile {
    const entry = this.files.get(id);
    if (!entry) throw new Error('this file is not open any more');
    return entry;
  }

  async close(id: number): Promise<void> {
    const entry = this.files.get(id);
    this.files.delete(id);
    await entry?.close();
  }

  async closeAll(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([...this.files.keys()].map(id => this.close(id)));
  }

  /** Told once of each file. */
  private async lookForChanges(): Promise<void> {
    await Promise.all(
      [...this.files].map(async ([id, entry]) => {
        const reason = await entry.change();
        if (reason && this.files.get(id) === entry) this.onChange(id, reason);
      }),
    );
  }
}

async function checkpointOf(source: ByteSource): Promise<Checkpoint> {
  try {
    return await openCheckpoint(source);
  } catch (error) {
    await source.close().catch(() => undefined);
    throw error;
  }
}

class Entry implements OpenFile {
  readonly name: string;
  readonly identity: string;
  readonly closed: AbortSignal;
  private readonly controller = new AbortController();
  /** Identities by path: the file itself, and shards that have been read. */
  private readonly watched = new Map<string, string>();
  private users = 0;
  private told = false;
  private unused: (() => void) | null = null;

  constructor(
    source: ByteSource,
    readonly checkpoint: Checkpoint,
  ) {
    this.name = source.name;
    this.identity = source.identity;
    this.closed = this.controller.signal;
    this.watch(source);
    for (let index = 0; index < checkpoint.tensors.length; index++) {
      const raw = checkpoint.raw(index);
      if (raw && raw.source !== source) this.watch(raw.source);
    }
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed.aborted) throw new CheckpointError(this.name, 'it was closed');
    this.users++;
    try {
      return await work();
    } finally {
      if (--this.users === 0) this.unused?.();
    }
  }

  async close(): Promise<void> {
    this.controller.abort(new CheckpointError(this.name, 'it was closed'));
    // a thread may be reading: a descriptor closed under it could be another file's by then
    if (this.users > 0) await new Promise<void>(resolve => (this.unused = resolve));
    await this.checkpoint.close();
  }

  async change(): Promise<'changed' | 'removed' | null> {
    if (this.told) return null;
    for (const [path, identity] of this.watched) {
      let reason: 'changed' | 'removed' | null = null;
      try {
        if (fileIdentity(path, await stat(path)) !== identity) reason = 'changed';
      } catch (error) {
        // another error may pass, as when a network is away for a moment
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') reason = 'removed';
      }
      if (reason) {
        this.told = true;
        return reason;
      }
    }
    return null;
  }

  private watch({ path, identity }: ByteSource): void {
    if (path !== undefined) this.watched.set(path, identity);
  }
}

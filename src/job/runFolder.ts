/** `runs/<key>/`: the files of a run, read against the checksums in its record and written before it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeSafetensors, type TensorData } from '../checkpoints/safetensors';
import type { RunRecord } from '../shared/run';
import { sealed, sha256 } from './care/checksum';
import { DamagedRunError } from './care/damagedRun';
import type { StoreVersion } from './care/storeVersion';
import { errorCode, flushDirectory, isMissing, makeDirectory, readBounded, StoreError, writeWhole } from './files';
import { parseStoredRun, runFiles, type FileSum, type FileSums, type RunFile, type StoredRun } from './runRecord';

export const maximumRecordBytes = 16 * 1024 * 1024;
/** Those that are read whole to see whether a run is sound; of the others the size is looked at, until they are read. */
const smallFiles: readonly RunFile[] = ['curve.jsonl', 'evaluation.json'];

export type FileContents = Partial<Record<RunFile, string | Uint8Array>>;

export class RunFolder {
  constructor(
    private readonly directory: string,
    private readonly key: string,
    /** Of the store: records of version 1 have no checksums. */
    private readonly version: StoreVersion,
  ) {}

  /** @returns null where the run is not there. @throws DamagedRunError */
  async readWhole(): Promise<RunRecord | null> {
    const run = await this.readStored();
    for (const [name, sum] of sumsOf(run)) {
      if (smallFiles.includes(name)) await this.readFile(name, sum, sum.bytes);
      else await this.checkSize(name, sum);
    }
    return run?.record ?? null;
  }

  /** @returns null where the run is not there. @throws DamagedRunError */
  async readStored(): Promise<StoredRun | null> {
    let text: string;
    try {
      text = (await readBounded(path.join(this.directory, 'run.json'), maximumRecordBytes)).toString('utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw this.damagedBy(error, 'run.json');
    }
    const run = parseStoredRun(text, this.key);
    if (typeof run === 'string') throw this.damaged(`run.json ${run}`);
    if (!run.files && this.version !== 1) throw this.damaged('run.json has no checksum');
    return run;
  }

  /** @throws DamagedRunError */
  async readTensors(name: RunFile, maximumBytes: number): Promise<ReadonlyMap<string, TensorData>> {
    const run = await this.readStored();
    const sum = run?.files?.[name];
    if (run?.files && !sum) throw this.damaged(`${name} is missing`);
    const bytes = await this.readFile(name, sum, maximumBytes);
    try {
      return decodeSafetensors(bytes, name).tensors;
    } catch (error) {
      throw this.damagedBy(error, name);
    }
  }

  /** Reads each file to its end. @returns false where the run is not there. @throws DamagedRunError */
  async verify(): Promise<boolean> {
    const run = await this.readStored();
    for (const [name, sum] of sumsOf(run)) await this.readFile(name, sum, sum.bytes);
    return run !== null;
  }

  /**
   * The record last: until it is there, so is nothing.
   * @param kept sums of files that are there already
   * @throws StoreError
   */
  async write(record: RunRecord, contents: FileContents, kept: FileSums = {}): Promise<void> {
    const { directory } = this;
    await makeDirectory(directory);
    const sums: Partial<Record<RunFile, FileSum>> = { ...kept };
    await Promise.all(
      runFiles.map(async name => {
        const content = contents[name];
        if (content === undefined) return;
        sums[name] = { bytes: Buffer.byteLength(content), sha256: sha256(content) };
        await writeWhole(path.join(directory, name), content);
      }),
    );
    await flushDirectory(directory);
    await writeWhole(path.join(directory, 'run.json'), sealed({ ...record, files: sums }));
    await Promise.all([flushDirectory(directory), flushDirectory(path.dirname(directory))]);
  }

  /** @param sum left out: of version 1, nothing is known of the file */
  private async readFile(name: RunFile, sum: FileSum | undefined, maximumBytes: number): Promise<Buffer> {
    let bytes: Buffer;
    try {
      bytes = await readBounded(path.join(this.directory, name), maximumBytes);
    } catch (error) {
      throw this.damagedBy(error, name);
    }
    if (!sum) return bytes;
    if (bytes.length !== sum.bytes) throw this.damaged(wrongSize(name, bytes.length, sum));
    if (sha256(bytes) !== sum.sha256) throw this.damaged(`${name} does not have its checksum`);
    return bytes;
  }

  private async checkSize(name: RunFile, sum: FileSum): Promise<void> {
    try {
      const { size } = await stat(path.join(this.directory, name));
      if (size !== sum.bytes) throw this.damaged(wrongSize(name, size, sum));
    } catch (error) {
      throw this.damagedBy(error, name);
    }
  }

  private damaged(damage: string): DamagedRunError {
    return new DamagedRunError(this.directory, this.key, damage);
  }

  /** Of a file that could not be read. That the person may not read it, or has too many files open, is no damage. */
  private damagedBy(error: unknown, name: string): unknown {
    if (error instanceof StoreError) return error;
    const code = errorCode(error);
    if (isMissing(error)) return this.damaged(`${name} is missing`);
    if (code === 'EIO') return this.damaged(`the disk cannot read ${name} (EIO)`);
    if (code !== undefined) {
      const file = path.join(this.directory, name);
      return new StoreError(file, `${file} cannot be read (${code}): make it readable, or choose another store`);
    }
    return this.damaged(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function sumsOf(run: StoredRun | null): [RunFile, FileSum][] {
  return Object.entries(run?.files ?? {}) as [RunFile, FileSum][];
}

function wrongSize(name: string, bytes: number, sum: FileSum): string {
  return `${name} has ${bytes} bytes instead of ${sum.bytes}`;
}

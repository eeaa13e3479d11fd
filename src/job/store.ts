/**
 * The run store on disk, the only truth:
 *
 *     store.json                                   the version of all this
 *     experiments/<name>/experiment.json, report.json
 *     runs/<key>/run.json, curve.jsonl, evaluation.json, {start,final,mask}.safetensors
 *     runs/<key>/path-<points>.json, worth.json    what was measured from the weights of finished runs
 *
 * A run is there if and only if its `run.json` is there: it is written last. It names the other files with their sizes and
 * SHA-256; without it, they count as nothing and are written anew. What does not pass is damaged, and never believed.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { encodeSafetensors, type NamedTensor, type TensorData } from '../checkpoints/safetensors';
import type { RunEvaluation } from '../shared/evaluation';
import type { Experiment } from '../shared/experiment';
import { plural } from '../shared/format';
import type { CurvePoint, Report } from '../shared/report';
import type { RunRecord } from '../shared/run';
import { sealed, unsealed } from './care/checksum';
import { addChecksums } from './care/migration';
import { limitOf, Space } from './care/space';
import { currentVersion, readVersion, writeVersion, type StoreVersion } from './care/storeVersion';
import {
  flushDirectory,
  isLeftover,
  isMissing,
  makeDirectory,
  readBounded,
  removeTemporaries,
  StoreError,
  writeWhole,
} from './files';
import { lockName, StoreLock } from './lock';
import { maximumRecordBytes, RunFolder, type FileContents } from './runFolder';
import { keyPattern, type FileSums, type StoredRun } from './runRecord';

/** As many as Node reads side by side. */
const foldersAtOnce = 4;

export type TensorFile = 'start' | 'final' | 'mask';

/** What is measured after a run, from its weights. It has a check of its own, and is measured anew where it does not pass. */
export type MeasurementFile = `path-${number}.json` | 'worth.json';

export interface RunResults {
  readonly record: RunRecord;
  readonly curve: readonly CurvePoint[];
  /** null where the run failed. */
  readonly evaluation: RunEvaluation | null;
  /** Absent where the run failed before they were made. */
  readonly tensors: Readonly<Partial<Record<TensorFile, readonly NamedTensor[]>>>;
}

export class RunStore {
  private constructor(
    readonly directory: string,
    /** Records of version 1 have no checksums. */
    private version: StoreVersion,
    /** `store.json` is there. */
    private isNamed: boolean,
    readonly space: Space,
  ) {}

  /**
   * Makes the folders where they are missing.
   * @param space left out: that of its disk, within the limit that the environment names
   * @throws StoreError, also where a newer version of Winning Ticket has written the store
   */
  static async open(directory: string, space?: Space): Promise<RunStore> {
    const store = await RunStore.look(directory, space);
    await Promise.all(['experiments', 'runs'].map(name => makeDirectory(path.join(directory, name))));
    return store;
  }

  /**
   * For who only reads: makes nothing, also where there is no store yet.
   * @throws StoreError where a newer version of Winning Ticket has written it
   */
  static async look(directory: string, space?: Space): Promise<RunStore> {
    const { version, isNamed } = await readVersion(directory);
    const limitBytes = limitOf(process.env);
    const own = space ?? new Space(directory, limitBytes === undefined ? {} : { limitBytes });
    return new RunStore(directory, version, isNamed, own);
  }

  /**
   * Brings a store of an earlier version to this one. Only for the one who holds the lock.
   * @throws StoreError
   */
  async migrate(tell: (message: string) => void): Promise<void> {
    if (this.isNamed) return;
    if (this.version === 1) {
      const { added, damaged } = await addChecksums(this);
      tell(
        `the store ${this.directory} is brought to version ${currentVersion}: ${plural(added, 'run')} got checksums`,
      );
      for (const one of damaged) tell(`no checksums for a damaged run, it will be computed anew: ${one}`);
    }
    await writeVersion(this.directory);
    await flushDirectory(this.directory);
    this.version = currentVersion;
    this.isNamed = true;
  }

  /**
   * Removes what killed processes left half-written, and their locks. Only for the one who holds the lock of the store; what
   * others do, who hold the lock of a run, stays.
   */
  async clean(): Promise<void> {
    const experiments = path.join(this.directory, 'experiments');
    const folders = await readdir(experiments, { withFileTypes: true });
    for (const folder of folders) {
      if (folder.isDirectory()) await removeTemporaries(path.join(experiments, folder.name));
    }
    await removeTemporaries(this.directory);
    const keys = (await this.runKeys()).values();
    const cleanSome = async (): Promise<void> => {
      for (const key of keys) await this.cleanRun(this.runDirectory(key));
    };
    await Promise.all(Array.from({ length: foldersAtOnce }, cleanSome));
  }

  /** Of nearly all runs nothing is left: one look at their names tells. What it finds is looked at again under the rules of locks. */
  private async cleanRun(directory: string): Promise<void> {
    const names = await readdir(directory).catch((error: unknown) => {
      // of who found nothing to keep there
      if (isMissing(error)) return [];
      throw error;
    });
    if (!names.some(name => name.startsWith(lockName) || isLeftover(name))) return;
    if (await StoreLock.clear(directory)) await removeTemporaries(directory);
  }

  /** Of all folders of runs, whatever is in them, sorted. */
  async runKeys(): Promise<string[]> {
    const found = await readdir(path.join(this.directory, 'runs'), { withFileTypes: true });
    return found.flatMap(one => (one.isDirectory() && keyPattern.test(one.name) ? [one.name] : [])).sort();
  }

  /**
   * @returns null where the run is not there
   * @throws DamagedRunError
   */
  async readRun(key: string): Promise<RunRecord | null> {
    return this.folder(key).readWhole();
  }

  /**
   * What `run.json` says; of the files that it names nothing is looked at.
   * @returns null where the run is not there
   * @throws DamagedRunError
   */
  async readStored(key: string): Promise<StoredRun | null> {
    return this.folder(key).readStored();
  }

  /**
   * @param maximumBytes nothing larger is read
   * @throws DamagedRunError
   */
  async readTensors(key: string, name: TensorFile, maximumBytes: number): Promise<ReadonlyMap<string, TensorData>> {
    return this.folder(key).readTensors(`${name}.safetensors`, maximumBytes);
  }

  /**
   * Reads each file of a run to its end.
   * @returns false where the run is not there
   * @throws DamagedRunError
   */
  async verifyRun(key: string): Promise<boolean> {
    return this.folder(key).verify();
  }

  /** @throws StoreError; the run then counts as not there */
  async writeRun({ record, curve, evaluation, tensors }: RunResults): Promise<void> {
    const contents: FileContents = {
      'curve.jsonl': curve.map(point => `${JSON.stringify(point)}\n`).join(''),
      ...(evaluation && { 'evaluation.json': evaluationText(evaluation) }),
    };
    for (const [name, values] of Object.entries(tensors) as [TensorFile, readonly NamedTensor[]][]) {
      contents[`${name}.safetensors`] = encodeSafetensors(values);
    }
    const bytes = Object.values(contents).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
    await this.space.require(bytes);
    await this.folder(record.key).write(record, contents);
  }

  /** What the outputs of a run come to, where that was not known when it was written. @throws StoreError */
  async writeEvaluation(record: RunRecord, evaluation: RunEvaluation): Promise<void> {
    const files = (await this.readStored(record.key))?.files ?? {};
    await this.folder(record.key).write(record, { 'evaluation.json': evaluationText(evaluation) }, files);
  }

  /** Gives the record of a run of version 1 its checksums: of the files as they are. @throws StoreError */
  async writeSums(record: RunRecord, files: FileSums): Promise<void> {
    await this.folder(record.key).write(record, {}, files);
  }

  /** @returns its JSON; null where it is not there, larger than any, or damaged: it is measured anew */
  async readMeasurement(key: string, name: MeasurementFile): Promise<string | null> {
    try {
      const bytes = await readBounded(path.join(this.runDirectory(key), name), maximumRecordBytes);
      const { seal, value } = unsealed(bytes.toString('utf8'));
      return seal === 'sound' || (seal === 'missing' && this.version === 1) ? JSON.stringify(value) : null;
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  /** For a run that is there. @throws StoreError */
  async writeMeasurement(key: string, name: MeasurementFile, value: object): Promise<void> {
    const directory = this.runDirectory(key);
    await writeWhole(path.join(directory, name), sealed(value));
    await flushDirectory(directory);
  }

  /** @throws StoreError */
  async writeExperiment(experiment: Experiment): Promise<void> {
    await makeDirectory(this.experimentDirectory(experiment.name));
    await writeWhole(path.join(this.experimentDirectory(experiment.name), 'experiment.json'), toText(experiment));
  }

  /** @throws StoreError */
  async writeReport(report: Report): Promise<void> {
    await writeWhole(this.reportPath(report.experiment.name), toText(report));
  }

  reportPath(name: string): string {
    return path.join(this.experimentDirectory(name), 'report.json');
  }

  private experimentDirectory(name: string): string {
    return path.join(this.directory, 'experiments', name);
  }

  runDirectory(key: string): string {
    if (!keyPattern.test(key)) throw new StoreError(this.directory, `${JSON.stringify(key)} is not the key of a run`);
    return path.join(this.directory, 'runs', key);
  }

  private folder(key: string): RunFolder {
    return new RunFolder(this.runDirectory(key), key, this.version);
  }
}

function evaluationText(evaluation: RunEvaluation): string {
  return `${JSON.stringify(evaluation)}\n`;
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The run store on disk, the only truth:
 *
 *     experiments/<name>/experiment.json, report.json
 *     runs/<key>/run.json, curve.jsonl, evaluation.json, {start,final,mask}.safetensors
 *     runs/<key>/path-<points>.json, worth.json    what was measured from the weights of finished runs
 *
 * A run is there if and only if its `run.json` is there and valid: it is written last. Everything else in a run's folder
 * is then complete; without it, it counts as nothing and is written anew.
 */
import path from 'node:path';
import { decodeSafetensors, encodeSafetensors, type NamedTensor, type TensorData } from '../checkpoints/safetensors';
import type { RunEvaluation } from '../shared/evaluation';
import type { Experiment } from '../shared/experiment';
import type { CurvePoint, Report } from '../shared/report';
import type { RunRecord } from '../shared/run';
import {
  flushDirectory,
  isMissing,
  makeDirectory,
  readBounded,
  removeTemporaries,
  StoreError,
  writeWhole,
} from './files';
import { keyPattern, parseRunRecord } from './runRecord';

const maximumRecordBytes = 16 * 1024 * 1024;

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
  private constructor(readonly directory: string) {}

  /**
   * Makes the folders where they are missing.
   * @throws StoreError
   */
  static async open(directory: string): Promise<RunStore> {
    await Promise.all(['experiments', 'runs'].map(name => makeDirectory(path.join(directory, name))));
    return new RunStore(directory);
  }

  /** Removes what a killed job left half-written. Only for the one who holds the lock. */
  async clean(): Promise<void> {
    await removeTemporaries(this.directory);
  }

  /** @returns null where the run is not there, or not whole */
  async readRun(key: string): Promise<RunRecord | null> {
    try {
      const bytes = await readBounded(path.join(this.runDirectory(key), 'run.json'), maximumRecordBytes);
      return parseRunRecord(bytes.toString('utf8'), key);
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  /**
   * @param maximumBytes nothing larger is read
   * @throws StoreError that says to delete the run's folder, where the file is damaged
   */
  async readTensors(key: string, name: TensorFile, maximumBytes: number): Promise<ReadonlyMap<string, TensorData>> {
    const directory = this.runDirectory(key);
    const file = path.join(directory, `${name}.safetensors`);
    try {
      return decodeSafetensors(await readBounded(file, maximumBytes), file).tensors;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreError(
        file,
        `${why}. Delete the folder ${directory} and run again: only this run is computed anew`,
      );
    }
  }

  /** @throws StoreError; the run then counts as not there */
  async writeRun({ record, curve, evaluation, tensors }: RunResults): Promise<void> {
    const directory = this.runDirectory(record.key);
    await makeDirectory(directory);
    const lines = curve.map(point => `${JSON.stringify(point)}\n`).join('');
    await Promise.all([
      writeWhole(path.join(directory, 'curve.jsonl'), lines),
      ...(evaluation ? [writeWhole(path.join(directory, 'evaluation.json'), `${JSON.stringify(evaluation)}\n`)] : []),
      ...Object.entries(tensors).map(([name, values]) =>
        writeWhole(path.join(directory, `${name}.safetensors`), encodeSafetensors(values)),
      ),
    ]);
    await flushDirectory(directory);
    await writeWhole(path.join(directory, 'run.json'), toText(record));
    await Promise.all([flushDirectory(directory), flushDirectory(path.dirname(directory))]);
  }

  /** What the outputs of a run come to, where that was not known when it was written. @throws StoreError */
  async writeEvaluation(record: RunRecord, evaluation: RunEvaluation): Promise<void> {
    const directory = this.runDirectory(record.key);
    await writeWhole(path.join(directory, 'evaluation.json'), `${JSON.stringify(evaluation)}\n`);
    await flushDirectory(directory);
    await writeWhole(path.join(directory, 'run.json'), toText(record));
    await flushDirectory(directory);
  }

  /** @returns its text; null where it is not there, or larger than any */
  async readMeasurement(key: string, name: MeasurementFile): Promise<string | null> {
    try {
      const bytes = await readBounded(path.join(this.runDirectory(key), name), maximumRecordBytes);
      return bytes.toString('utf8');
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  /** For a run that is there. @throws StoreError */
  async writeMeasurement(key: string, name: MeasurementFile, value: unknown): Promise<void> {
    const directory = this.runDirectory(key);
    await writeWhole(path.join(directory, name), toText(value));
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
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

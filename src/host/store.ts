/** Where things lie in a run store, and reading them with bounds. No vscode: tests use it on plain folders. */
import path from 'node:path';
import { readFileBounded } from '../checkpoints/boundedFile';
import { sha256 } from '../job/care/checksum';
import { seeLock } from '../job/lock';
import type { RunEvaluation } from '../shared/evaluation';
import type { CurvePoint, Progress, Report } from '../shared/report';
import { parseCurve } from '../shared/storedCurve';
import { parseEvaluation } from '../shared/storedEvaluation';
import { parseProgress } from '../shared/storedProgress';
import { isExperimentName, parseChecksums, parseLock, parseReport, type Checked } from './validate';

export const storeName = '.winning-ticket';

const maximumReportBytes = 64 * 1024 * 1024;
const maximumProgressBytes = 64 * 1024;
const maximumRecordBytes = 16 * 1024 * 1024;
const maximumCurveBytes = 16 * 1024 * 1024;
const maximumEvaluationBytes = 16 * 1024 * 1024;

/** An experiment of a store. */
export interface ExperimentRef {
  /** Path of the store folder itself. */
  readonly store: string;
  readonly name: string;
}

export const experimentDirectory = (ref: ExperimentRef): string => path.join(ref.store, 'experiments', ref.name);
export const reportPath = (ref: ExperimentRef): string => path.join(experimentDirectory(ref), 'report.json');
export const runDirectory = (store: string, key: string): string => path.join(store, 'runs', key);

/** One string for an experiment, to compare and to key maps by. */
export const refKey = experimentDirectory;

/** The experiment a `report.json` belongs to; null for any other path. */
export function refOfReport(file: string): ExperimentRef | null {
  const directory = path.dirname(file);
  const experiments = path.dirname(directory);
  const store = path.dirname(experiments);
  const name = path.basename(directory);
  const fits =
    path.basename(file) === 'report.json' &&
    path.basename(experiments) === 'experiments' &&
    path.basename(store) === storeName &&
    isExperimentName(name);
  return fits ? { store, name } : null;
}

/** Reads a text file that may not be larger than `maximumBytes`. @throws an error of the file system, or RangeError */
export async function readBounded(file: string, maximumBytes: number): Promise<string> {
  return (await readFileBounded(file, maximumBytes)).toString('utf8');
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** The report of an experiment; null where there is none. Never throws. */
export async function readReport(ref: ExperimentRef): Promise<Checked<Report> | null> {
  try {
    return parseReport(await readBounded(reportPath(ref), maximumReportBytes));
  } catch (error) {
    if (isMissing(error)) return null;
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** How the report of an experiment says that it stands; null where there is none that says so. Never throws. */
export async function readStatus(ref: ExperimentRef): Promise<string | null> {
  try {
    const report: unknown = JSON.parse(await readBounded(reportPath(ref), maximumReportBytes));
    if (typeof report !== 'object' || report === null || !('status' in report)) return null;
    return typeof report.status === 'string' ? report.status : null;
  } catch {
    return null;
  }
}

/** @returns null where it is not what was written: the record, if it is of a version that has checksums, says what that was */
async function readOfRun(store: string, key: string, name: string, maximumBytes: number): Promise<string | null> {
  const directory = runDirectory(store, key);
  const text = await readBounded(path.join(directory, name), maximumBytes);
  const wanted = parseChecksums(await readBounded(path.join(directory, 'run.json'), maximumRecordBytes)).get(name);
  return wanted === undefined || wanted === sha256(text) ? text : null;
}

/** What the outputs of a run come to; null where that was not computed, or cannot be read. Never throws. */
export async function readEvaluation(store: string, key: string): Promise<RunEvaluation | null> {
  try {
    const text = await readOfRun(store, key, 'evaluation.json', maximumEvaluationBytes);
    return text === null ? null : parseEvaluation(text);
  } catch {
    return null;
  }
}

/** Learning curve of a run; empty where there is none yet. Never throws. */
export async function readCurve(store: string, key: string): Promise<CurvePoint[]> {
  try {
    return parseCurve((await readOfRun(store, key, 'curve.jsonl', maximumCurveBytes)) ?? '');
  } catch {
    return [];
  }
}

/**
 * Whether a job of any process is at work on the experiment: the command line, say, or another window.
 * @param changed when its report was last written, ms since 1970: jobs of earlier versions do not say what they work on
 */
export async function isAtWork(ref: ExperimentRef, changed: number): Promise<boolean> {
  const holder = await readHolder(ref.store);
  if (!holder) return false;
  return holder.experiment === undefined ? holder.startedAt <= changed : holder.experiment === ref.name;
}

/** Whether a job of any process works on the store. */
export async function isHeld(store: string): Promise<boolean> {
  return (await readHolder(store)) !== null;
}

async function readHolder(store: string): Promise<ReturnType<typeof parseLock>> {
  const seen = await seeLock(store).catch(() => null);
  return seen?.isAlive ? parseLock(seen.text) : null;
}

/** How far a job of another process says it is; null where it does not. Never throws. */
export async function readProgress(ref: ExperimentRef): Promise<Progress | null> {
  try {
    return parseProgress(await readBounded(path.join(experimentDirectory(ref), 'progress.json'), maximumProgressBytes));
  } catch {
    return null;
  }
}

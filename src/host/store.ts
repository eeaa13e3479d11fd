/** Where things lie in a run store, and reading them with bounds. No vscode: tests use it on plain folders. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { CurvePoint } from '../shared/report';
import { isExperimentName, parseCurve, parseReport, type Checked } from './validate';
import type { Report } from '../shared/report';

export const storeName = '.winning-ticket';

const maximumReportBytes = 64 * 1024 * 1024;
const maximumCurveBytes = 16 * 1024 * 1024;

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

/** Reads a text file that may not be larger than `maximumBytes`. */
export async function readBounded(file: string, maximumBytes: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size > maximumBytes) throw new Error(`larger than ${maximumBytes} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
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

/** Learning curve of a run; empty where there is none yet. Never throws. */
export async function readCurve(store: string, key: string): Promise<CurvePoint[]> {
  try {
    return parseCurve(await readBounded(path.join(runDirectory(store, key), 'curve.jsonl'), maximumCurveBytes));
  } catch {
    return [];
  }
}

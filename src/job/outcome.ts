/** How a job ended, in the words of the contract: the `finished` message of a child, the exit code of a process. */
import { ExperimentError } from '../shared/experiment';
import type { JobToHost } from '../shared/messages';
import type { Report } from '../shared/report';
import { DataError } from '../data/dataset';
import { StoreError } from './files';

export type Finished = Extract<JobToHost, { type: 'finished' }>;

/** Done, the work failed, arguments or experiment are wrong, cancelled. */
export const exitCodes = { done: 0, failed: 1, wrong: 2, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What `runExperiment` returned. */
export function outcomeOf(report: Report): Finished {
  const status = report.status === 'running' ? 'failed' : report.status;
  if (report.error === undefined) return { type: 'finished', status };
  const { error: message, errorField: field } = report;
  return { type: 'finished', status, error: { message, ...(field !== undefined && { field }) } };
}

/** What `runExperiment` threw. */
export function outcomeOfError(error: unknown, cancelled: boolean): Finished {
  if (cancelled) return { type: 'finished', status: 'cancelled' };
  return { type: 'finished', status: 'failed', error: describe(error) };
}

function describe(error: unknown): NonNullable<Finished['error']> {
  if (error instanceof ExperimentError) {
    const { message, field, file } = error;
    return { message, ...(field !== '' && { field }), ...(file !== undefined && { file }) };
  }
  if (error instanceof DataError || error instanceof StoreError) return { message: error.message, file: error.file };
  return { message: error instanceof Error ? error.message : String(error) };
}

/** @param thrown what `runExperiment` threw, if it did */
export function exitCodeOf(finished: Finished, thrown?: unknown): ExitCode {
  return thrown instanceof ExperimentError ? exitCodes.wrong : exitCodes[finished.status];
}

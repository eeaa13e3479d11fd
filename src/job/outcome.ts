/** How a job ended, in the words of the contract: the `finished` message of a child, the exit code of a process. */
import { ExperimentError } from '../shared/experiment';
import type { JobToHost } from '../shared/messages';
import type { Report } from '../shared/report';
import { DataError } from '../data/dataset';
import { StoreError } from './files';
import { Stop, stopKindOf } from './stop';

export type Finished = Extract<JobToHost, { type: 'finished' }>;

/** What the report of an experiment says that was told to stop. @param reason of the signal */
export function statusOfStop(reason: unknown): 'cancelled' | 'paused' | 'running' {
  const kind = stopKindOf(reason);
  return kind === 'left' ? 'running' : kind;
}

/** Done, the work failed, arguments or experiment are wrong, cancelled. */
export const exitCodes = { done: 0, failed: 1, wrong: 2, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What `runExperiment` returned. */
export function outcomeOf(report: Report): Finished {
  const { status, error: message, errorField: field } = report;
  if (message === undefined) return { type: 'finished', status };
  return { type: 'finished', status, error: { message, ...(field !== undefined && { field }) } };
}

/** What `runExperiment` threw. @param signal that it was given */
export function outcomeOfError(error: unknown, signal: AbortSignal): Finished {
  // a wish that was left for the job stops it without this signal
  if (signal.aborted || error instanceof Stop) {
    return { type: 'finished', status: statusOfStop(signal.aborted ? signal.reason : error) };
  }
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
  if (thrown instanceof ExperimentError) return exitCodes.wrong;
  const { status } = finished;
  return status === 'done' || status === 'failed' ? exitCodes[status] : exitCodes.cancelled;
}

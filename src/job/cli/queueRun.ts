/** `queue run`: one experiment after the other, until none is left whose turn can come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ExperimentError, type ParsedExperiment } from '../../shared/experiment';
import { plural } from '../../shared/format';
import type { ExperimentStatus } from '../../shared/report';
import { seeWork } from '../atWork';
import { runExperiment } from '../experiment';
import { exitCodes, outcomeOf, outcomeOfError, type ExitCode } from '../outcome';
import { readExperiment } from '../prepare';
import type { QueueEntry } from '../queueFile';
import { isTurnTaken, seeQueue, Turn } from '../queueTurn';
import { Stop, stopKindOf } from '../stop';
import { jobOptions, type JobChoices } from './jobArguments';
import { complain, print, toJson } from './output';
import { ProgressLine } from './progressLine';
import { printable } from './terminal';

const lookMilliseconds = 500;

interface Ended {
  readonly name: string;
  readonly status: ExperimentStatus;
  /** The verdict, or what went wrong. */
  readonly summary?: string;
}

export interface ThroughQueue {
  /** For each of the experiments. */
  readonly choices: JobChoices;
  readonly json: boolean;
}

/** @param signal its reason says what becomes of the experiment at work */
export async function runThroughQueue(
  store: string,
  { choices, json }: ThroughQueue,
  signal: AbortSignal,
): Promise<ExitCode> {
  // one that was paused and goes on later has the end it came to last
  const ended = new Map<string, Ended>();
  while (await turnComes(store, signal)) {
    const turn = await Turn.take(store);
    if (!turn) continue;
    const end = await work(store, turn, choices, signal);
    ended.set(end.name, end);
    if (!json) print(describe(end));
  }
  if (json) print(toJson([...ended.values()]));
  const { paused } = await seeQueue(store);
  for (const { name } of paused) complain(`${name} is paused: "winning-ticket resume ${name}" puts it in front again`);
  if (signal.aborted) return exitCodes.cancelled;
  if (ended.size === 0 && paused.length === 0) complain(`nothing waits in the queue of ${store}`);
  const ends = [...ended.values()].map(({ status }) => status);
  if (ends.includes('failed')) return exitCodes.failed;
  return ends.every(status => status === 'done') ? exitCodes.done : exitCodes.cancelled;
}

/**
 * Waits for as long as somebody else works on the store: what waits can be moved and taken away meanwhile.
 * @returns false where nothing waits any more, or this process is told to stop
 */
async function turnComes(store: string, signal: AbortSignal): Promise<boolean> {
  for (let told = false; ; told = true) {
    if (signal.aborted || (await seeQueue(store)).waiting.length === 0) return false;
    if (!(await seeWork(store)) && !(await isTurnTaken(store))) return true;
    if (!told) complain(`another job works on the store ${store}: waiting until it is done`);
    await sleep(lookMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

async function work(store: string, turn: Turn, choices: JobChoices, signal: AbortSignal): Promise<Ended> {
  const { entry } = turn;
  const left = (await seeQueue(store)).waiting.length;
  complain(`${entry.name}${left > 0 ? `; ${plural(left, 'experiment')} after it` : ''}`);
  // at once: the process may end before the work has
  let kept: Promise<void> | undefined;
  const keep = (): void => {
    kept = turn.end(stopKindOf(signal.reason) === 'left' ? 'left' : 'paused');
  };
  signal.addEventListener('abort', keep, { once: true });
  const told = followTurn(turn);
  const end = await compute(store, entry, choices, AbortSignal.any([signal, told.signal]));
  told.end();
  signal.removeEventListener('abort', keep);
  await (kept ?? turn.end(end.status === 'paused' ? 'paused' : 'over'));
  return end;
}

/** Aborts with the `Stop` that somebody wants of the one at work. */
function followTurn(turn: Turn): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const look = async (): Promise<void> => {
    const wish = await turn.wished();
    if (wish) controller.abort(new Stop(wish === 'pause' ? 'paused' : 'cancelled'));
  };
  const timer = setInterval(() => void look(), lookMilliseconds);
  return {
    signal: controller.signal,
    end: () => {
      clearInterval(timer);
    },
  };
}

async function compute(store: string, entry: QueueEntry, choices: JobChoices, signal: AbortSignal): Promise<Ended> {
  const progress = new ProgressLine(process.stderr);
  try {
    const report = await runExperiment({
      experimentPath: entry.file,
      ...jobOptions(choices, await readNamed(entry)),
      storeDirectory: store,
      emit: event => {
        progress.show(event);
      },
      signal,
    });
    const { status, error } = outcomeOf(report);
    const summary = error?.message ?? (status === 'done' ? report.verdict.summary : undefined);
    return { name: entry.name, status, ...(summary !== undefined && { summary }) };
  } catch (error) {
    const { status, error: problem } = outcomeOfError(error, signal);
    return { name: entry.name, status, ...(problem && { summary: problem.message }) };
  } finally {
    progress.end();
  }
}

/** The file may be another than when it was added. @throws ExperimentError */
async function readNamed({ name, file }: QueueEntry): Promise<ParsedExperiment> {
  const parsed = await readExperiment(file);
  if (parsed.name === name) return parsed;
  throw new ExperimentError('name', `is "${parsed.name}" now, and was "${name}" in the queue: add it again`, file);
}

function describe({ name, status, summary }: Ended): string {
  const words = `${name}: ${status === 'running' ? 'interrupted' : status}`;
  return `${printable(summary === undefined ? words : `${words}: ${summary}`)}\n`;
}

/** `queue run`: one experiment after the other, until none is left whose turn can come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ExperimentError, type ParsedExperiment } from '../../shared/experiment';
import { plural } from '../../shared/format';
import type { ExperimentStatus } from '../../shared/report';
import { seeWork } from '../atWork';
import { runExperiment } from '../experiment';
import { exitCodes, outcomeOf, outcomeOfError, type ExitCode } from '../outcome';
import { readExperiment } from '../prepare';
import { changeQueue, nextOf, readQueue, takeNext, withEntry, type QueueEntry } from '../queueFile';
import { stopKindOf } from '../stop';
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

/** @param signal its reason says what becomes of the experiment at work */
export async function runThroughQueue(store: string, json: boolean, signal: AbortSignal): Promise<ExitCode> {
  // one that was paused and goes on later has the end it came to last
  const ended = new Map<string, Ended>();
  while (await turnComes(store, signal)) {
    const entry = await takeNext(store);
    if (!entry) continue;
    const end = await work(store, entry, signal);
    // by a wish that somebody left for it
    if (end.status === 'paused' && !signal.aborted) await putBack(store, entry, true);
    ended.set(entry.name, end);
    if (!json) print(describe(end));
  }
  if (json) print(toJson([...ended.values()]));
  const paused = (await readQueue(store)).filter(entry => entry.paused).map(({ name }) => name);
  for (const name of paused) complain(`${name} is paused: "winning-ticket resume ${name}" puts it in front again`);
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
    if (signal.aborted || !nextOf(await readQueue(store))) return false;
    if (!(await seeWork(store))) return true;
    if (!told) complain(`another job works on the store ${store}: waiting until it is done`);
    await sleep(lookMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

async function work(store: string, entry: QueueEntry, signal: AbortSignal): Promise<Ended> {
  const left = (await readQueue(store)).filter(({ paused }) => !paused).length;
  complain(`${entry.name}${left > 0 ? `; ${plural(left, 'experiment')} after it` : ''}`);
  // at once: the process may end before the work has
  let kept: Promise<unknown> | undefined;
  const keep = (): void => {
    kept = putBack(store, entry, stopKindOf(signal.reason) !== 'left');
  };
  signal.addEventListener('abort', keep, { once: true });
  const progress = new ProgressLine(process.stderr);
  try {
    const report = await runExperiment({
      experimentPath: entry.file,
      parsed: await readNamed(entry),
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
    signal.removeEventListener('abort', keep);
    await kept;
  }
}

/** The file may be another than when it was added. @throws ExperimentError */
async function readNamed({ name, file }: QueueEntry): Promise<ParsedExperiment> {
  const parsed = await readExperiment(file);
  if (parsed.name === name) return parsed;
  throw new ExperimentError('name', `is "${parsed.name}" now, and was "${name}" in the queue: add it again`, file);
}

/** In front: one that was interrupted goes on when the queue does, one that was paused when a person says so. */
async function putBack(store: string, { name, file }: QueueEntry, paused: boolean): Promise<void> {
  const entry: QueueEntry = { name, file, ...(paused && { paused }) };
  await changeQueue(store, waiting => withEntry(waiting, entry, 'first'), complain);
}

function describe({ name, status, summary }: Ended): string {
  const words = `${name}: ${status === 'running' ? 'interrupted' : status}`;
  return `${printable(summary === undefined ? words : `${words}: ${summary}`)}\n`;
}

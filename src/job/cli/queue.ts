/** `queue`, but for working through it, and what is wished of an experiment: `pause`, `cancel`, `resume`. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { formatClock, plural } from '../../shared/format';
import type { BriefProgress } from '../../shared/storedProgress';
import { seeWork, type AtWork } from '../atWork';
import { readBounded } from '../files';
import { exitCodes, type ExitCode } from '../outcome';
import { readExperiment } from '../prepare';
import { changeQueue, withEntry, without, type QueueEntry } from '../queueFile';
import { seeQueue, stopped } from '../queueTurn';
import { leaveWish } from '../wish';
import { complain, print, toJson } from './output';
import type { QueueCommand, ResumeCommand, StopCommand } from './queueArguments';
import { runThroughQueue } from './queueRun';
import { printable } from './terminal';
import { UsageError } from './usageError';

const mostReportBytes = 64 * 1024 * 1024;
const reportSchema = z.object({ status: z.string() });

export async function runQueue(command: QueueCommand, signal: AbortSignal): Promise<ExitCode> {
  const store = path.resolve(command.store);
  switch (command.action) {
    case 'list':
      break;
    case 'run':
      return runThroughQueue(store, command, signal);
    case 'add':
      await add(store, command.operands);
      break;
    case 'remove':
    case 'first':
      await rearrange(store, command.action, command.operands[0]!);
  }
  const seen = await see(store);
  print(command.json ? toJson(seen) : describe(seen));
  return exitCodes.done;
}

async function add(store: string, files: readonly string[]): Promise<void> {
  const entries: QueueEntry[] = [];
  for (const given of files) {
    const file = path.resolve(given);
    const { name } = await readExperiment(file);
    const other = entries.find(entry => entry.name === name);
    if (other) throw new UsageError(`${other.file} and ${file} are both named "${name}": rename one`);
    entries.push({ name, file });
  }
  const atWork = await namesAtWork(store);
  for (const { name } of entries) if (atWork.includes(name)) complain(`${name} is at work already`);
  const idle = entries.filter(({ name }) => !atWork.includes(name));
  await changeQueue(store, waiting => idle.reduce((all, entry) => withEntry(all, entry, 'last'), waiting), complain);
}

async function rearrange(store: string, action: 'remove' | 'first', name: string): Promise<void> {
  if ((await seeQueue(store)).turn?.entry.name === name) {
    throw new Error(`"${name}" is at work: "winning-ticket pause ${name}" or "winning-ticket cancel ${name}" stops it`);
  }
  await changeQueue(
    store,
    waiting => {
      const entry = waiting.find(one => one.name === name);
      if (!entry) throw new Error(`"${name}" does not wait in the queue of ${store}`);
      return action === 'remove' ? without(waiting, name) : withEntry(waiting, entry, 'first');
    },
    complain,
  );
}

/** The one at work is told to stop, whoever started it; what waits is not begun. */
export async function runStop({ kind, name, store: given }: StopCommand): Promise<ExitCode> {
  const store = path.resolve(given);
  const { turn, waiting, paused } = await seeQueue(store);
  const inTurn = turn?.entry.name === name;
  const atWork = inTurn || (await holderOf(store)) === name;
  // whoever works through the queue looks there, also before the job has begun
  if (atWork && !inTurn) await leaveWish(path.join(store, 'experiments', name), kind);
  const waits = [...waiting, ...paused].some(entry => entry.name === name);
  if (inTurn || waits) await changeQueue(store, entries => stopped(entries, name, kind), complain);
  const done = kind === 'pause' ? 'paused' : 'cancelled';
  if (atWork) print(`${name} will be ${done}: what is trained is saved, and it stops in a moment.\n`);
  else if (waits) print(`${name} is ${kind === 'pause' ? 'paused: its turn does not come' : 'out of the queue'}.\n`);
  else throw new Error(`nothing of the name "${name}" is at work on the store ${store}, or waits in its queue`);
  if (kind === 'pause') print(`"winning-ticket resume ${name}" goes on with it.\n`);
  return exitCodes.done;
}

const holderOf = async (store: string): Promise<string | undefined> => (await seeWork(store))?.holder?.experiment;

/** Of the queue, whose turn it is, perhaps before its job has begun; and of whoever has the store. */
async function namesAtWork(store: string): Promise<readonly string[]> {
  const names = [(await seeQueue(store)).turn?.entry.name, await holderOf(store)];
  return names.filter(name => name !== undefined);
}

/** Goes on bit for bit where it stopped, as the next of the queue. */
export async function runResume({ name, experiment, store: given }: ResumeCommand): Promise<ExitCode> {
  const store = path.resolve(given);
  if ((await namesAtWork(store)).includes(name)) throw new Error(`"${name}" is at work already`);
  const file = experiment === undefined ? null : path.resolve(experiment);
  if (file !== null) {
    const { name: described } = await readExperiment(file);
    if (described !== name) throw new UsageError(`${file} describes "${described}", not "${name}"`);
  }
  await changeQueue(
    store,
    waiting => {
      const known = file ?? waiting.find(entry => entry.name === name)?.file;
      if (known === undefined) {
        throw new Error(`the queue of ${store} does not know the file of "${name}": add --experiment FILE`);
      }
      return withEntry(waiting, { name, file: known }, 'first');
    },
    complain,
  );
  print(
    `${name} is the next of the queue. "winning-ticket queue run" works through it, and so does VS Code where its folder is open.\n`,
  );
  return exitCodes.done;
}

interface Seen {
  readonly store: string;
  readonly atWork: AtWork | null;
  readonly waiting: readonly QueueEntry[];
  /** In the queue or not: of those that are not, the file is not known. */
  readonly paused: readonly { readonly name: string; readonly file?: string }[];
}

async function see(store: string): Promise<Seen> {
  const [job, queue] = [await seeWork(store), await seeQueue(store)];
  const { turn, waiting, paused } = queue;
  // it is known to be at work before its job has the store
  const begun: AtWork | null = turn && {
    holder: turn.holder && { ...turn.holder, experiment: turn.entry.name },
    progress: null,
  };
  const atWork = job ?? begun;
  const name = atWork?.holder?.experiment;
  const busy = [...waiting, ...paused].map(entry => entry.name).concat(name ?? []);
  const stopped = (await pausedAtWork(store)).filter(one => !busy.includes(one));
  return {
    store,
    atWork,
    // its turn has come, but a job that is none of the queue was faster
    waiting: turn && turn.entry.name !== name ? [turn.entry, ...waiting] : waiting,
    paused: [...paused.map(entry => ({ name: entry.name, file: entry.file })), ...stopped.map(one => ({ name: one }))],
  };
}

/** Names of experiments whose report says that they were paused. */
async function pausedAtWork(store: string): Promise<string[]> {
  const folder = path.join(store, 'experiments');
  const names = await readdir(folder).catch(() => []);
  const paused: string[] = [];
  for (const name of names.sort()) {
    try {
      const text = (await readBounded(path.join(folder, name, 'report.json'), mostReportBytes)).toString('utf8');
      if (reportSchema.parse(JSON.parse(text)).status === 'paused') paused.push(name);
    } catch {
      // none yet, or damaged, which whoever opens it is told
    }
  }
  return paused;
}

function describe({ store, atWork, waiting, paused }: Seen): string {
  const lines = [
    ...(atWork ? [describeWork(atWork)] : []),
    ...waiting.map(({ name, file }, i) => `${`${i + 1}.`.padStart(4)} ${name}  ${file}`),
    ...paused.map(({ name, file }) => `paused: ${name}${file === undefined ? '' : `  ${file}`}`),
  ];
  if (lines.length === 0) return `Nothing is at work on ${store}, and nothing waits.\n`;
  return `${lines.map(printable).join('\n')}\n`;
}

function describeWork({ holder, progress }: AtWork): string {
  if (!holder) return 'at work: another job';
  const who = `process ${holder.pid} on ${holder.host.split(' ')[0]!}`;
  return `at work: ${holder.experiment ?? 'another job'}${progress ? `  ${describeProgress(progress)}` : ''}  (${who})`;
}

function describeProgress({ fraction, runsDone, runsTotal, secondsLeft }: BriefProgress): string {
  return [
    `${Math.floor(fraction * 100)} %`,
    `${runsDone} of ${plural(runsTotal, 'run')}`,
    ...(secondsLeft === null ? [] : [`${formatClock(secondsLeft)} left`]),
  ].join(' · ');
}

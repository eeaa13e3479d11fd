/** A long job, and what memory it takes: one process goes through hundreds of runs, each with checkpoints. */
import { appendFileSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCli } from '../support/jobs';
import { writeTorture } from './experiment';
import type { MemoryOptions } from './options';
import { memoryOf } from './processes';
import { mean, trendOf, type Sample } from './trend';

/** Until then the code is compiled and the heap finds its size. */
const warmUpSeconds = 120;

type Kind = keyof NonNullable<ReturnType<typeof memoryOf>>;

/** Samples go to a table in a folder that stays. */
export async function memory({ minutes, everySeconds, parallel }: MemoryOptions): Promise<boolean> {
  const directory = mkdtempSync(path.join(tmpdir(), 'wt-memory-'));
  // short runs, and more than it gets done: what grows from run to run shows
  const experiment = writeTorture(directory, whole => ({
    ...whole,
    training: { ...whole.training, steps: 600 },
    replicates: 200,
    worth: false,
  }));
  const flags = parallel === null ? [] : ['--parallel', String(parallel)];
  const store = path.join(directory, 'store');
  const environment = { WINNING_TICKET_DEBUG: '' };
  const run = ['run', experiment, '--store', store, '--checkpoint-seconds', '1', ...flags];
  const { child, ended } = startCli(run, directory, environment);
  const table = path.join(directory, 'memory.csv');
  console.log(`process ${child.pid!}; samples in ${table}`);
  appendFileSync(table, 'seconds,resident MiB,proportional MiB,runs\n');
  const samples: Record<Kind, Sample[]> = { resident: [], proportional: [] };
  const began = performance.now();
  for (let seconds = 0; seconds < 60 * minutes; seconds = (performance.now() - began) / 1000) {
    await sleep(1000 * everySeconds);
    const now = memoryOf(child.pid!);
    if (!now) break;
    appendFileSync(
      table,
      `${[seconds, now.resident, now.proportional].map(x => x.toFixed(1)).join(',')},${runs(store)}\n`,
    );
    for (const kind of ['resident', 'proportional'] as const) samples[kind].push({ seconds, mebibytes: now[kind] });
  }
  const isAlive = child.exitCode === null && child.signalCode === null;
  child.kill('SIGTERM');
  const { stderr } = await ended;
  if (!isAlive) console.log(`it ended before its time: ${stderr.slice(-2000)}`);
  console.log(`${minutes} minutes, ${runs(store)} runs, samples every ${everySeconds} s after ${warmUpSeconds} s`);
  for (const kind of ['resident', 'proportional'] as const) console.log(`${kind}: ${describe(samples[kind])}`);
  return isAlive;
}

function runs(store: string): number {
  return readdirSync(path.join(store, 'runs')).length;
}

/** Start, middle and end are means over a tenth of the time each. */
function describe(all: readonly Sample[]): string {
  const warm = all.filter(({ seconds }) => seconds >= warmUpSeconds);
  if (warm.length < 10) return `only ${warm.length} samples after the first ${warmUpSeconds} s`;
  const span = Math.floor(warm.length / 10);
  const from = (index: number): string =>
    mean(warm.slice(index, index + span).map(({ mebibytes }) => mebibytes)).toFixed(0);
  const { slope, standardError } = trendOf(warm);
  const half = trendOf(warm.slice(Math.floor(warm.length / 2)));
  return [
    `start ${from(0)}, middle ${from(Math.floor((warm.length - span) / 2))}, end ${from(warm.length - span)} MiB`,
    `most ${Math.max(...warm.map(({ mebibytes }) => mebibytes)).toFixed(0)} MiB`,
    `${slope.toFixed(1)} ± ${standardError.toFixed(1)} MiB an hour`,
    `in the second half ${half.slope.toFixed(1)} ± ${half.standardError.toFixed(1)}`,
  ].join('; ');
}

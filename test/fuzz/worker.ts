/** Runs case after case, the targets in turn, until the time is over; see main.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FuzzJob, FuzzResult } from './messages';
import { runCase } from './round';
import { targets } from './targets';

const { seed, seconds, directory, atWork, only } = workerData as FuzzJob;
const current = new Int32Array(atWork);

async function attempt(target: number, index: number): Promise<void> {
  Atomics.store(current, 0, target);
  Atomics.store(current, 1, index);
  let result: FuzzResult;
  try {
    result = { target, index, outcome: await runCase(targets[target]!, seed, index, directory) };
  } catch (error) {
    result = { target, index, outcome: 'failed', error: error instanceof Error ? String(error.stack) : String(error) };
  }
  parentPort!.postMessage(result);
}

async function work(): Promise<void> {
  if (only) return attempt(only.target, only.index);
  const end = Date.now() + seconds * 1000;
  for (let index = 0; Date.now() < end; index++) {
    for (let target = 0; target < targets.length; target++) await attempt(target, index);
  }
}

void work();

/** Runs case after case, all targets for as long, until the time is over; see main.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FuzzJob, FuzzResult } from './messages';
import { runCase } from './round';
import { targets } from './targets';

const { seed, seconds, directory, atWork, only, chosen } = workerData as FuzzJob;
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

/** The one that has had the least time, so that readers that answer at once see many cases. */
async function work(): Promise<void> {
  if (only) return attempt(only.target, only.index);
  const end = Date.now() + seconds * 1000;
  const shares = chosen.map(target => ({ target, cases: 0, milliseconds: 0 }));
  while (Date.now() < end) {
    const next = shares.reduce((least, share) => (share.milliseconds < least.milliseconds ? share : least));
    const start = performance.now();
    await attempt(next.target, next.cases++);
    next.milliseconds += performance.now() - start;
  }
}

void work();

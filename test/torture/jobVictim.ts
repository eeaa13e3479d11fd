/** The job under a parent that stands for the extension host: one or the other is killed. */
import { fork } from 'node:child_process';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { seeLock } from '../../src/job/lock';
import type { Random } from '../../src/shared/random';
import type { FromParent, ToParent } from './parent';
import { gone } from './processes';
import { atOnce, nothingTold, type Death, type Life, type Victim, type Work } from './victim';

/** What a job without its parent may take to save and go. */
const mostSeconds = 1;
/** Up to here it takes its leave in order; later it goes as it stands. */
const graceSeconds = 0.8;
const dist = path.join(__dirname, '../../dist');

/** @param random draws who of the two is killed */
export function jobVictim(random: Random): Victim {
  return { name: 'job', start: work => start(work, random) };
}

function start(work: Work, random: Random): Life {
  const since = performance.now();
  const parent = fork(path.join(dist, 'tortureParent.cjs'), [], { serialization: 'advanced', silent: true });
  const told = nothingTold();
  let job: number | null = null;
  const hear = (message: FromParent): void => {
    if (message.type === 'pid') job = message.pid;
    if (message.type === 'report') told.ready ??= (performance.now() - since) / 1000;
    if (message.type === 'log') told.text += `${message.message}\n`;
    if (message.type === 'finished') told.text += `${JSON.stringify(message)}\n`;
    if (message.type !== 'progress' || !message.progress.run) return;
    const { key, step } = message.progress.run;
    // it tells of 0 before it has looked for what is saved
    if (step > 0 && !told.first.has(key)) told.first.set(key, step);
    told.last.set(key, step);
  };
  parent.on('message', message => {
    hear(message as FromParent);
  });
  parent.stderr!.on('data', chunk => (told.text += String(chunk)));
  const ended = new Promise<number | null>(resolve => parent.on('exit', resolve));
  parent.send({ script: path.join(dist, 'job.js'), start: startMessage(work) } satisfies ToParent);
  return {
    ended,
    told,
    async kill() {
      if (job !== null && random.nextFloat() < 0.5) {
        process.kill(job, 'SIGKILL');
        await ended;
        return atOnce;
      }
      parent.kill('SIGKILL');
      await ended;
      return job === null ? atOnce : orphanGone(job, work.store);
    },
  };
}

function startMessage({ experiment, store, checkpointSeconds, parallel }: Work): ToParent['start'] {
  return {
    type: 'start',
    experimentPath: experiment,
    storeDirectory: store,
    checkpointSeconds,
    ...(parallel !== null && { parallel }),
  };
}

/** The job saves and goes by itself, and gives the lock back if it has the time. */
async function orphanGone(job: number, store: string): Promise<Death> {
  const orphaned = await gone(job);
  // one that was killed before it may have left its own, which this one had no time to take over
  const leftLock = orphaned < graceSeconds && (await seeLock(store))?.holder?.pid === job;
  return { orphaned, wrong: [...tooLong(orphaned), ...(leftLock ? ['the job left the lock behind'] : [])] };
}

export function tooLong(orphaned: number): string[] {
  return orphaned > mostSeconds ? [`the job outlived its host by ${orphaned.toFixed(1)} s`] : [];
}

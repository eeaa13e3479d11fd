/** A window of VS Code whose processes are killed while it runs the experiment, until that is done. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/shared/random';
import type { Report } from '../../src/shared/report';
import { startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';
import { tooLong } from './jobVictim';
import { gone, inGroup, isAlive } from './processes';
import { runsThere, touched } from './runsThere';
import { compared, type StoreContent } from './storeContent';
import { Tally } from './tally';
import { atOnce, nothingTold, type Death } from './victim';

export interface WindowKills {
  /** Path of the experiment file. */
  readonly experiment: string;
  readonly checkpointSeconds: number;
  /** Most runs side by side; null: as the window has it. Threads of a run are part of what its record says of memory. */
  readonly parallel: number | null;
  readonly reference: StoreContent;
  readonly random: Random;
  /** A job lives up to this, drawn uniformly from when it is there. */
  readonly mostSeconds: number;
  readonly kills: number;
}

/** One of them is drawn for each kill. */
const targets = ['extension host', 'server', 'everything'] as const;
type Target = (typeof targets)[number];

export async function killWindows(options: WindowKills): Promise<Tally> {
  const tally = new Tally();
  const file = path.basename(options.experiment);
  const settings = {
    'winningTicket.checkpointSeconds': options.checkpointSeconds,
    'winningTicket.parallelRuns': options.parallel ?? 'auto',
    'winningTicket.resumeInterrupted': 'automatically',
  };
  while (tally.kills < options.kills) {
    tally.stores++;
    const server = await startCodeServer({ [file]: readFileSync(options.experiment) }, { settings });
    try {
      tally.wrong.push(...(await killUntilDone(server, file, options, tally)));
    } finally {
      await server.stop();
    }
  }
  return tally;
}

async function killUntilDone(server: CodeServer, file: string, options: WindowKills, tally: Tally): Promise<string[]> {
  const { random, mostSeconds, kills, reference } = options;
  const store = path.join(server.workspace, '.winning-ticket');
  const wrong: string[] = [];
  for (;;) {
    const workbench = await Workbench.open(server);
    await workbench.openFile(file);
    const { job, byItself } = await jobOf(server, workbench);
    const isLast = tally.kills >= kills;
    const seconds = random.nextFloat() * mostSeconds;
    await endOf(job, isLast ? 20 * mostSeconds : seconds);
    if (!isAlive(job)) {
      await workbench.close();
      const { status } = JSON.parse(
        readFileSync(path.join(store, 'experiments/torture/report.json'), 'utf8'),
      ) as Report;
      return [
        ...wrong,
        ...(status === 'done' ? compared(store, reference) : [`the job is gone, the report ${status}`]),
      ];
    }
    if (isLast) return [...wrong, `not done after ${20 * mostSeconds} s`];
    const before = runsThere(store);
    const target = targets[Math.floor(random.nextFloat() * targets.length)]!;
    const death = await kill(target, server, job);
    await workbench.close();
    const after = runsThere(store);
    wrong.push(...death.wrong, ...touched(before, after));
    tally.killed(nothingTold(), after, death);
    const how = `${byItself ? 'went on by itself' : 'started by hand'}, ${target} killed after ${seconds.toFixed(2)} s`;
    console.log(`vscode-${tally.stores}: ${how}: ${after.finished.size} runs finished, ${after.saved.size} saved`);
    if (target !== 'extension host') await server.restart();
  }
}

/** The job of the window that is open: where none comes by itself, it is started as a person would. */
async function jobOf(server: CodeServer, workbench: Workbench): Promise<{ job: number; byItself: boolean }> {
  const own = await jobWithin(server, 10);
  if (own !== null) return { job: own, byItself: true };
  await workbench.page.locator('.codelens-decoration a', { hasText: 'Find winning ticket' }).click();
  const started = await jobWithin(server, 60);
  if (started === null) throw new Error('no job was started within a minute');
  return { job: started, byItself: false };
}

async function jobWithin(server: CodeServer, seconds: number): Promise<number | null> {
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) {
    const [job] = inGroup(server.processGroup(), 'dist/job.js');
    if (job !== undefined) return job;
    await sleep(50);
  }
  return null;
}

async function endOf(job: number, seconds: number): Promise<void> {
  const until = performance.now() + 1000 * seconds;
  while (isAlive(job) && performance.now() < until) await sleep(20);
}

async function kill(target: Target, server: CodeServer, job: number): Promise<Death> {
  const group = server.processGroup();
  if (target === 'everything') process.kill(-group, 'SIGKILL');
  if (target === 'server') process.kill(group, 'SIGKILL');
  // its host outlives the server for a while, in case that comes back; then the restart ends it
  if (target !== 'extension host') return atOnce;
  for (const host of inGroup(group, '--type=extensionHost')) process.kill(host, 'SIGKILL');
  const orphaned = await gone(job);
  return { orphaned, wrong: tooLong(orphaned) };
}

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logName } from '../../src/job/cluster/clusterFile';
import type { ClusterStatus } from '../../src/job/cluster/status';
import type { Submitted } from '../../src/job/cluster/submit';
import type { Report } from '../../src/shared/report';
import { startCli, type Ended } from '../support/jobs';
import { startSlurm, whyNoSlurm, type Slurm } from '../support/slurm';
import { endless, writeExperiment } from '../support/tinyExperiment';

const reason = whyNoSlurm();
if (reason !== null) console.warn(`no cluster to test on: ${reason}`);

/** Long enough that a task can be stopped in the middle of its training. */
const many = {
  name: 'many',
  training: { steps: 5000, batchSize: 32, evaluateEvery: 100 },
  rewind: 100,
  compare: ['one-shot', 'random-reinit', 'random-mask'],
};
/** What training gives, to the last byte; `run.json` tells of times. */
const files = ['start.safetensors', 'final.safetensors', 'mask.safetensors', 'curve.jsonl', 'evaluation.json'];

describe.skipIf(reason !== null)('an experiment on a cluster', () => {
  let slurm: Slurm;
  let directory: string;
  /** All that a path may hold. */
  let store: string;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'wt \'cluster\' 50% "$HOME" \n#SBATCH '));
    store = path.join(directory, 'a store');
    mkdirSync(store);
    slurm = await startSlurm();
  });
  afterAll(async () => {
    await slurm.stop();
    rmSync(directory, { recursive: true });
  });

  const ask = (...args: string[]): Promise<Ended> =>
    startCli([...args, '--store', store], directory, slurm.environment).ended;
  const status = async (name: string): Promise<ClusterStatus> => {
    const { stdout, stderr } = await ask('cluster', 'status', name, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout) as ClusterStatus;
  };
  const submit = async (file: string, ...options: string[]): Promise<Submitted> => {
    const { stdout, stderr, code } = await ask('submit', file, '--cluster', 'slurm', '--json', ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    return JSON.parse(stdout) as Submitted;
  };
  /** What a task says; empty where it has said nothing yet. */
  const logOf = (task: string): string => {
    const [number, index] = task.split('_');
    try {
      return readFileSync(path.join(store, 'experiments/many/logs', logName(number!, index)), 'utf8');
    } catch {
      return '';
    }
  };
  const until = async <T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(20);
    }
  };
  /** The process that computes a run, as soon as it holds the lock of that run. */
  const workerOf = (task: string): Promise<number> =>
    until(() => {
      const [, key] = /run ([0-9a-f]{32})/.exec(logOf(task)) ?? [];
      try {
        const lock = readFileSync(path.join(store, 'runs', key ?? '', 'lock'), 'utf8');
        return (JSON.parse(lock) as { pid: number }).pid;
      } catch {
        expect(logOf(task)).not.toContain('done');
        return undefined;
      }
    });
  /** A task that was requeued would wait for two minutes; in the same second a node takes it for the one that is over. */
  const beginAgain = async (task: string): Promise<void> => {
    const state = (): string => slurm.ask('squeue', '--noheader', '--array', '--format=%T', `--jobs=${task}`).trim();
    await until(() => {
      const now = state();
      // one that is over would not come back
      expect(now).toMatch(/^(RUNNING|COMPLETING|REQUEUED|PENDING)$/);
      return now === 'PENDING' ? true : undefined;
    });
    slurm.ask('scontrol', 'update', `JobId=${task}`, 'StartTime=now+3');
  };
  const over = (name: string): Promise<ClusterStatus> =>
    until(async () => {
      const now = await status(name);
      return now.over ? now : undefined;
    });
  const taskOf = ({ jobs }: Submitted, run: string): string => {
    const { job, runs } = jobs.find(one => one.runs.includes(run))!;
    return `${job!}_${runs.indexOf(run)}`;
  };

  it('gives the bytes of a local one, also where tasks are requeued and killed', async () => {
    const file = writeExperiment(directory, many);
    const submitted = await submit(file, '--time=10', '--sbatch-option=--comment=a "b" $c');
    expect(submitted).toMatchObject({ runs: 9, missing: 9, executor: 'wasm' });
    expect(submitted.jobs.map(({ runs }) => runs.length)).toEqual([2, 1, 3, 3, 0]);
    const again = await ask('submit', file, '--cluster', 'slurm');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('many is on the cluster already') });

    const requeued = taskOf(submitted, 'iterative, level 0');
    await until(() => (logOf(requeued).includes('step 100 of') ? true : undefined));
    slurm.ask('scontrol', 'requeue', requeued);
    await beginAgain(requeued);
    const killed = taskOf(submitted, 'iterative, level 1');
    process.kill(await workerOf(killed), 'SIGKILL');
    await beginAgain(killed);

    const { runs } = await over('many');
    expect(runs.map(({ state }) => state)).toEqual(Array.from(runs, () => 'done'));
    expect(logOf(requeued)).toContain('what was trained is saved');
    expect(logOf(requeued)).toMatch(/goes on from step \d+/);
    expect(logOf(killed)).toContain('the task died (exit code 137)');

    const local = path.join(directory, 'local');
    const { stdout } = await startCli(['run', file, '--executor=wasm', '--json', '--store', local], directory).ended;
    const report = JSON.parse(stdout) as Report;
    expect(report.status).toBe('done');
    const onCluster = JSON.parse(readFileSync(path.join(store, 'experiments/many/report.json'), 'utf8')) as Report;
    expect(onCluster.status).toBe('done');
    expect(onCluster.runs.map(({ key }) => key)).toEqual(report.runs.map(({ key }) => key));
    const keys = readdirSync(path.join(local, 'runs')).sort();
    expect(readdirSync(path.join(store, 'runs')).sort()).toEqual(keys);
    expect(keys).toHaveLength(9);
    for (const key of keys) {
      for (const name of files) {
        const bytes = (where: string): Buffer => readFileSync(path.join(where, 'runs', key, name));
        expect(bytes(store).equals(bytes(local)), `${key} ${name}`).toBe(true);
      }
      const left = readdirSync(path.join(store, 'runs', key));
      expect(left.filter(name => !files.includes(name))).toEqual(['run.json']);
    }
    expect(await submit(file)).toMatchObject({ missing: 0, jobs: [] });
  }, 400_000);

  it('is taken back: nothing of it stays on the cluster', async () => {
    await submit(writeExperiment(directory, endless));
    await until(async () => (await status('endless')).runs.find(({ state }) => state === 'running'));
    const cancelled = await ask('cluster', 'cancel', 'endless', '--json');
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ experiment: 'endless' });
    const { runs, last } = await over('endless');
    expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(['lost']));
    expect(last.state).toBe('over');
  });
});

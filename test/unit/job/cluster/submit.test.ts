import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClusterFile } from '../../../../src/job/cluster/clusterFile';
import { computeRun } from '../../../../src/job/cluster/computeRun';
import { cancelOnCluster, clusterStatus } from '../../../../src/job/cluster/status';
import { submitExperiment, type Submitted } from '../../../../src/job/cluster/submit';
import type { ExecutorSource } from '../../../../src/job/executors';
import { RunStore } from '../../../../src/job/store';
import type { Report } from '../../../../src/shared/report';
import { fakeCluster, type FakeCluster } from '../../../support/clusterPrograms';
import { fakeExecutor } from '../../../support/fakeExecutor';
import { writeExperiment } from '../../../support/tinyExperiment';

let directory: string;
let cluster: FakeCluster;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-submit-'));
  cluster = fakeCluster(directory);
  // nothing else: SLURM of this machine, if there is any, is not to be found
  vi.stubEnv('PATH', cluster.folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const storeDirectory = (): string => path.join(directory, 'store');
const file = (): ClusterFile => new ClusterFile(storeDirectory(), 'tiny');
const submit = (options: { dryRun?: boolean; options?: string[]; overlay?: object } = {}): Promise<Submitted> =>
  submitExperiment({
    experimentPath: writeExperiment(directory, { compare: ['random-mask'], ...options.overlay }),
    storeDirectory: storeDirectory(),
    options: options.options ?? [],
    dryRun: options.dryRun ?? false,
    program: ['/opt/node', '/opt/cli.js'],
    tell: () => undefined,
    signal: new AbortController().signal,
  });

describe('submitting', () => {
  it('hands over an array for each depth after the one before, then the last job; cluster.json says which is which', async () => {
    cluster.answer('sbatch', { output: '7\n' });
    const { jobs, runs, executor } = await submit({ options: ['--account=x'] });
    expect({ runs, executor }).toEqual({ runs: 5, executor: 'wasm' });
    const calls = cluster.calls('sbatch');
    const chosen = (start: string): (string | undefined)[] =>
      calls.map(argv => argv.find(one => one.startsWith(start)));
    expect(chosen('--array')).toEqual(['--array=0-0', '--array=0-0', '--array=0-1', '--array=0-0', undefined]);
    expect(chosen('--dependency')).toEqual([undefined, ...Array.from({ length: 4 }, () => '--dependency=afterany:7')]);
    expect(calls.every(argv => argv.includes('--account=x'))).toBe(true);
    expect(cluster.input('sbatch')).toContain(`'/opt/node' '/opt/cli.js' 'run' '${directory}/tiny.ticket.json'`);
    const record = (await file().read())!;
    expect(record.groups.flatMap(group => group.runs.map(({ name }) => name))).toEqual(jobs.flatMap(job => job.runs));
    expect(record).toMatchObject({ scheduler: 'slurm', lastJob: '7' });
  });

  it('with a dry run shows the same, and submits nothing', async () => {
    const { jobs } = await submit({ dryRun: true });
    expect(jobs.map(({ job }) => job)).toEqual([null, null, null, null, null]);
    expect(jobs.at(-1)!.command).toContain('--dependency=afterany:JOB4');
    expect(existsSync(storeDirectory())).toBe(false);
  });

  it('says where to go where sbatch is not there, and leaves no store behind', async () => {
    await expect(submit()).rejects.toThrow('sbatch is not on the PATH: SLURM');
    // one that nobody may run is as good as none
    writeFileSync(path.join(cluster.folder, 'sbatch'), '', { mode: 0o644 });
    await expect(submit()).rejects.toThrow('sbatch is not on the PATH: SLURM');
    expect(existsSync(storeDirectory())).toBe(false);
  });

  it('says what sbatch says where it refuses', async () => {
    cluster.answer('sbatch', { code: 1, complaint: 'sbatch: error: invalid partition specified: fast\n' });
    await expect(submit()).rejects.toThrow('sbatch refused (exit code 1): sbatch: error: invalid partition specified');
    expect(await file().read()).toBeNull();
  });

  it('takes no answer for a number that is none', async () => {
    for (const output of ['', 'Submitted batch job 12\n', '0\n', '12; rm -rf /\n']) {
      cluster.answer('sbatch', { output });
      await expect(submit()).rejects.toThrow('where the number of a job was expected');
    }
  });

  it('takes back what was submitted where a later job is refused', async () => {
    cluster.answer('sbatch', { output: '7\n' });
    cluster.answer('scancel', {});
    // the second call finds nothing on its input
    const script = readFileSync(path.join(cluster.folder, 'sbatch'), 'utf8');
    writeFileSync(
      path.join(cluster.folder, 'sbatch'),
      script.replace('exit 0', '[ ! -e "$0.again" ] || exit 1; : > "$0.again"'),
    );
    await expect(submit()).rejects.toThrow('sbatch refused');
    expect(cluster.calls('scancel')).toEqual([['7']]);
    expect(await file().read()).toBeNull();
  });

  it('refuses what is on the cluster already, and takes its place once that is over', async () => {
    cluster.answer('sbatch', { output: '7;north\n' });
    await submit();
    cluster.answer('squeue', { output: '7_0|RUNNING|None\n' });
    await expect(submit()).rejects.toThrow('tiny is on the cluster already');
    expect(cluster.calls('squeue').at(-1)).toContain('--clusters=north');
    cluster.answer('squeue', { code: 1, complaint: 'slurm_load_jobs error: Invalid job id specified' });
    expect((await submit()).jobs).toHaveLength(5);
  });
});

describe('what was submitted', () => {
  beforeEach(async () => {
    cluster.answer('sbatch', { output: '7\n' });
    await submit();
    const record = (await file().read())!;
    record.groups.forEach((group, i) => (group.job = String(10 + i)));
    await file().write({ ...record, lastJob: '20' });
  });
  const store = (): Promise<RunStore> => RunStore.open(storeDirectory());
  const report = (): Report =>
    JSON.parse(readFileSync(path.join(storeDirectory(), 'experiments/tiny/report.json'), 'utf8')) as Report;
  const states = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status } of report().runs) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  const compute = async (group: number, task: number, submission?: string, executors?: ExecutorSource[]) =>
    computeRun({
      experimentPath: path.join(directory, 'tiny.ticket.json'),
      storeDirectory: storeDirectory(),
      submission: submission ?? (await file().read())!.submission,
      group,
      task,
      ...(executors && { executors }),
      tell: () => undefined,
      signal: new AbortController().signal,
    });

  it('is told by what squeue says and what the store holds; lines that nobody understands count for nothing', async () => {
    await expect(compute(0, 0, undefined, [fakeExecutor()])).rejects.toThrow('this node computes with other bits');
    const output = [
      '11_0|RUNNING|None',
      '12_1|PENDING|Dependency',
      '20|PENDING|Dependency',
      '99_1|RUNNING|None',
      'garbage',
      '\u0007|',
    ];
    cluster.answer('squeue', { output: `${output.join('\n')}\n` });
    const { runs, last, over } = await clusterStatus(await store(), 'tiny');
    expect(runs.map(({ job, state, reason }) => [job, state, reason])).toEqual([
      ['10_0', 'lost', undefined],
      ['11_0', 'running', undefined],
      ['12_0', 'lost', undefined],
      ['12_1', 'waiting', 'Dependency'],
      ['13_0', 'lost', undefined],
    ]);
    expect({ last, over }).toEqual({ last: { job: '20', state: 'waiting' }, over: false });
  });

  it('says why where squeue gives no answer', async () => {
    await expect(clusterStatus(await store(), 'tiny')).rejects.toThrow('squeue is not on the PATH');
    cluster.answer('squeue', { code: 1, complaint: 'Unable to contact slurm controller' });
    await expect(clusterStatus(await store(), 'tiny')).rejects.toThrow('Unable to contact slurm controller');
  });

  it('is cancelled with one call, and nothing is where nothing is left', async () => {
    cluster.answer('squeue', { output: '20|PENDING|Dependency\n' });
    cluster.answer('scancel', {});
    expect(await cancelOnCluster(await store(), 'tiny')).toBe(1);
    expect(cluster.calls('scancel')).toEqual([['10', '11', '12', '13', '20']]);
    expect(report().status).toBe('cancelled');
    cluster.answer('squeue', {});
    expect(await cancelOnCluster(await store(), 'tiny')).toBe(0);
    expect(cluster.calls('scancel')).toHaveLength(1);
  });

  it('is not taken for anything else: a task of another submission, or without what it needs, stops', async () => {
    await expect(compute(0, 0, '0123456789abcdef')).rejects.toThrow('of a submission that is not that of');
    await expect(compute(0, 5)).rejects.toThrow('has no task 5 in group 0');
    await expect(clusterStatus(await store(), 'other')).rejects.toThrow('other was not submitted to a cluster');
  });

  it('is seen in its report, run by run, until somebody cancels it', async () => {
    expect(report().status).toBe('running');
    expect(states()).toEqual({ waiting: report().runs.length });
    expect(await compute(0, 0)).toBe('done');
    expect(states()['done']).toBeGreaterThan(0);
    expect(report().status).toBe('running');
    cluster.answer('squeue', {});
    await cancelOnCluster(await store(), 'tiny');
    const { done } = states();
    expect(states()).toEqual({ done, cancelled: report().runs.length - done! });
    // a task that was not told in time
    expect(await compute(1, 0)).toBe('done');
    expect(report().status).toBe('cancelled');
  });

  it('never believes a damaged run: it is set aside, and computed anew', async () => {
    expect(await compute(0, 0)).toBe('done');
    const { key } = (await file().read())!.groups[0]!.runs[0]!;
    const start = path.join(storeDirectory(), 'runs', key, 'start.safetensors');
    const sound = readFileSync(start);
    writeFileSync(start, sound.subarray(1));
    await expect(compute(1, 0)).rejects.toThrow(`it needs run ${key}, which is missing`);
    expect(existsSync(path.join(storeDirectory(), 'damaged', `${key}-1`, 'why.txt'))).toBe(true);
    expect(await compute(0, 0)).toBe('done');
    expect(readFileSync(start).equals(sound)).toBe(true);
    // damaged where only who reads its bytes sees it
    const final = path.join(storeDirectory(), 'runs', key, 'final.safetensors');
    const bytes = readFileSync(final);
    writeFileSync(final, bytes.fill(1, bytes.length - 4));
    await expect(compute(1, 0)).rejects.toThrow('damaged');
    expect(existsSync(path.join(storeDirectory(), 'damaged', `${key}-2`, 'why.txt'))).toBe(true);
    cluster.answer('squeue', {});
    expect(await submit()).toMatchObject({ missing: 5 });
  });

  it('lies in a store of this version, whatever it was before', () => {
    expect(existsSync(path.join(storeDirectory(), 'store.json'))).toBe(true);
  });

  it('is said to be damaged where cluster.json is', async () => {
    const text = readFileSync(file().path, 'utf8');
    for (const wrong of ['{', '[]', text.replace('"10"', '"10 11"'), text.replace('"runs"', '"walks"')]) {
      writeFileSync(file().path, wrong);
      await expect(clusterStatus(await store(), 'tiny')).rejects.toThrow(/cluster\.json cannot be read: .*Delete it/s);
    }
  });
});

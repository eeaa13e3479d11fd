import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import type { Report } from '../../src/shared/report';
import { cli, startCli } from '../support/jobs';
import { endless, writeExperiment } from '../support/tinyExperiment';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const store = (): string => path.join(directory, '.winning-ticket');

/** Every run in the store is whole, and nothing is half-written. */
function expectValidStore(): void {
  const files = readdirSync(store(), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  expect(files.filter(({ name }) => name.endsWith('.tmp'))).toEqual([]);
  for (const key of readdirSync(path.join(store(), 'runs'))) {
    const names = readdirSync(path.join(store(), 'runs', key));
    // of a run that was cut off, only what it resumes from
    if (!names.includes('run.json')) {
      expect(names.filter(name => name !== 'resume.safetensors')).toEqual([]);
      continue;
    }
    expect(JSON.parse(readFileSync(path.join(store(), 'runs', key, 'run.json'), 'utf8'))).toMatchObject({ key });
  }
}

describe('winning-ticket run', () => {
  it('prints the table, the verdict and where the report is; progress goes to standard error', async () => {
    const { code, stdout, stderr } = await cli(['run', writeExperiment(directory)], directory);
    expect(stderr).toContain('random-mask, level 2: test accuracy');
    expect(code).toBe(0);
    expect(stdout).toMatch(/level +remaining +kept +iterative +one-shot +random-reinit +random-mask +early stop +time/);
    expect(stdout).toMatch(/^ +2 +64\.0 % +8,130/m);
    expect(stdout).toContain(path.join(store(), 'experiments/tiny/report.json'));
    expectValidStore();
  });

  it('prints one JSON document that is the report on disk, and the second time computes nothing', async () => {
    const file = writeExperiment(directory);
    const first = await cli(['run', file, '--json', '--store', 'elsewhere'], directory);
    expect(first.code).toBe(0);
    const report = JSON.parse(first.stdout) as Report;
    expect(report.status).toBe('done');
    expect(report.series.map(({ method, points }) => [method, points.map(({ level }) => level)])).toEqual([
      ['iterative', [0, 1, 2]],
      ['one-shot', [1, 2]],
      ['random-reinit', [1, 2]],
      ['random-mask', [1, 2]],
    ]);
    const elsewhere = path.join(directory, 'elsewhere');
    const onDisk = readFileSync(path.join(elsewhere, 'experiments/tiny/report.json'), 'utf8');
    expect(JSON.parse(onDisk)).toEqual(report);
    const times = () =>
      readdirSync(path.join(elsewhere, 'runs')).map(
        key => statSync(path.join(elsewhere, 'runs', key, 'run.json')).mtimeMs,
      );
    const before = times();
    const second = await cli(['run', file, '--json', '--store', 'elsewhere'], directory);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual(report);
    expect(second.stderr).toBe('');
    expect(times()).toEqual(before);
  });

  it('takes the executor that is asked for instead of that of the file, and says how it was chosen', async () => {
    const file = writeExperiment(directory);
    const named = await cli(['run', file, '--json', '--executor', 'wasm'], directory);
    expect((JSON.parse(named.stdout) as Report).executorChoice).toMatchObject({ reason: 'named by the experiment' });
    expect(await cli(['run', file, '--executor', 'gpu'], directory)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--executor is one of auto, wasm, webgpu'),
    });
  });

  it('gives the same numbers in another store', async () => {
    const file = writeExperiment(directory);
    const values = async (where: string): Promise<unknown> => {
      const report = JSON.parse((await cli(['run', file, '--json', '--store', where], directory)).stdout) as Report;
      return report.series.flatMap(({ points }) => points.map(({ runs, testLoss }) => [runs, testLoss]));
    };
    expect(await values('one')).toEqual(await values('two'));
  });

  it('of a run whose loss is no number goes on with the rest, says which failed, and exits 1', async () => {
    const optimizer = { name: 'sgd', learningRate: 1e30 };
    const file = writeExperiment(directory, { training: { steps: 30, optimizer } });
    const { code, stdout, stderr } = await cli(['run', file, '--json'], directory);
    expect(code).toBe(1);
    expect(stderr).toMatch(/iterative, level 0: the loss is no longer a finite number at step \d+/);
    const report = JSON.parse(stdout) as Report;
    expect(report.status).toBe('failed');
    expect(report.error).toContain('iterative, level 0');
    expect(report.runs[0]).toMatchObject({ status: 'failed' });
    expectValidStore();
  });

  it('exits 0 where nobody reads its output to the end', async () => {
    const file = writeExperiment(directory);
    await cli(['run', file], directory);
    const { child, ended } = startCli(['run', file, '--json'], directory);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('goes on to its end where nobody reads any longer how far it is, and then exits as it would have', async () => {
    const one = startCli(['run', writeExperiment(directory), '--html', 'page.html'], directory);
    await one.said('runs');
    one.child.stdout?.destroy();
    one.child.stderr?.destroy();
    expect((await one.ended).code).toBe(0);
    expect(statSync(path.join(directory, 'page.html')).size).toBeGreaterThan(1000);
    const report = JSON.parse(readFileSync(path.join(store(), 'experiments/tiny/report.json'), 'utf8')) as Report;
    expect(report.status).toBe('done');
    expectValidStore();
    const optimizer = { name: 'sgd', learningRate: 1e30 };
    const failing = writeExperiment(directory, { training: { steps: 30, optimizer } });
    const other = startCli(['run', failing, '--store', 'elsewhere'], directory);
    other.child.stderr?.destroy();
    expect((await other.ended).code).toBe(1);
  });
});

describe('two jobs on one store', () => {
  it('work one after the other; the second finds what the first has done', async () => {
    const file = writeExperiment(directory, { training: { steps: 3000, batchSize: 32 } });
    const first = startCli(['run', file, '--json'], directory);
    await first.said('runs');
    const second = startCli(['run', file, '--json'], directory);
    await second.said('another job works on the store');
    const [one, two] = await Promise.all([first.ended, second.ended]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(JSON.parse(two.stdout)).toEqual(JSON.parse(one.stdout));
  });

  it('where the first is killed: the second takes over and goes on from what is whole', async () => {
    const file = writeExperiment(directory);
    const first = startCli(['run', writeExperiment(directory, endless)], directory);
    await first.said('runs');
    const second = startCli(['run', file, '--json'], directory);
    await second.said('another job works on the store');
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await second.ended).code).toBe(0);
    expectValidStore();
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 'cancels', 'cancelled', 'cancelled'],
    ['SIGTERM', 'interrupts', 'interrupted', 'running'],
    ['SIGHUP', 'interrupts', 'interrupted', 'running'],
  ] as const)('%s %s: exit 130, and the store is valid', async (signal, _, words, status) => {
    const { child, ended, said } = startCli(['run', writeExperiment(directory, endless)], directory);
    await said('runs');
    child.kill(signal);
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain(words);
    expectValidStore();
    const report = JSON.parse(readFileSync(path.join(store(), 'experiments/endless/report.json'), 'utf8')) as Report;
    expect(report.status).toBe(status);
  });

  it('while it waits for another job cancels too', async () => {
    const file = writeExperiment(directory, endless);
    const first = startCli(['run', file], directory);
    await first.said('runs');
    const second = startCli(['run', file], directory);
    await second.said('another job works on the store');
    second.child.kill('SIGINT');
    expect((await second.ended).code).toBe(130);
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(130);
  });
});

/** [what, exit code, what to prepare and the fields laid over the experiment, what the message must say] */
const bad: [string, number, () => object, string[]][] = [
  ['an unknown field', 2, () => ({ traning: {} }), ['tiny.ticket.json', 'traning', 'did you mean "training"?']],
  ['a wrong type', 2, () => ({ seed: 'x' }), ['seed', 'a whole number']],
  [
    'an executor that cannot be used',
    2,
    () => ({ executor: 'tensorflow-gpu' }),
    ['tiny.ticket.json: executor: "tensorflow-gpu" cannot be used', '@tensorflow/tfjs-node-gpu'],
  ],
  ['an excluded layer that is not there', 2, () => ({ pruning: { exclude: ['conv'] } }), ['pruning.exclude', '"conv"']],
  ['a missing model file', 2, () => ({ model: 'nothing/model.json' }), ['model', 'nothing/model.json']],
  ['an unknown built-in model', 2, () => ({ model: 'builtin:lenet' }), ['model', 'lenet-300-100']],
  ['weights that are not there', 2, () => ({ start: 'file' }), ['start', 'fresh']],
  ['a target beyond reach', 2, () => ({ pruning: { target: 0.9999999 } }), ['pruning.target']],
  [
    'levels that empty the model',
    2,
    () => ({ pruning: { levels: 200, rate: 0.9 } }),
    ['pruning.levels', 'fewer levels'],
  ],
  [
    'a data folder that is not there',
    1,
    () => ({ data: { format: 'idx', directory: 'nowhere' } }),
    ['nowhere', 'data.directory'],
  ],
  [
    'a corrupt gzip',
    1,
    () => {
      mkdirSync(path.join(directory, 'data'));
      const names = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
      const whole = gzipSync(Buffer.alloc(1000));
      for (const name of names) writeFileSync(path.join(directory, 'data', `${name}-ubyte.gz`), whole.subarray(0, 20));
      return { data: { format: 'idx', directory: 'data' } };
    },
    ['-ubyte.gz'],
  ],
];

describe('bad input', () => {
  it.each(bad)('%s: exit %i, and the message says what', async (_what, expected, prepare, parts) => {
    const file = writeExperiment(directory, prepare());
    const { code, stdout, stderr } = await cli(['run', file], directory);
    for (const part of parts) expect(stderr).toContain(part);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(expected);
  });

  it('a missing experiment file: exit 2', async () => {
    const { code, stderr } = await cli(['run', 'nothing.json'], directory);
    expect(code).toBe(2);
    expect(stderr).toContain(`${path.join(directory, 'nothing.json')}: there is no such file`);
  });

  it('a store that cannot be written: exit 1, naming it', async () => {
    writeFileSync(store(), 'a file in its place');
    const { code, stderr } = await cli(['run', writeExperiment(directory)], directory);
    expect(code).toBe(1);
    expect(stderr).toContain(`the store ${store()}`);
    expect(stderr).toContain('cannot be written');
  });

  it('unknown arguments: exit 2, naming them', async () => {
    expect(await cli(['run', 'x.json', '--fast'], directory)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--fast'),
    });
    expect(await cli(['fly'], directory)).toMatchObject({ code: 2, stderr: expect.stringContaining('"fly"') });
  });
});

describe('winning-ticket', () => {
  it('says its version and what it can do', async () => {
    expect(await cli(['--version'], directory)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const { code, stdout } = await cli(['--help'], directory);
    expect(code).toBe(0);
    for (const word of ['run EXPERIMENT.json', '--store', '--json', 'doctor', '130']) expect(stdout).toContain(word);
  });

  it('doctor tells of each executor whether it can be used, on what, and how fast', async () => {
    const { code, stdout } = await cli(['doctor', '--json'], directory);
    expect(code).toBe(0);
    const { executors, auto } = JSON.parse(stdout) as {
      executors: { name: string; usable: boolean }[];
      auto: unknown[];
    };
    expect(executors.map(({ name }) => name)).toEqual(['wasm', 'webgpu', 'tensorflow-gpu', 'tensorflow', 'cpu']);
    expect(executors[0]).toMatchObject({ usable: true, device: expect.stringContaining('thread') });
    expect(executors[0]).toMatchObject({
      stepsPerSecond: expect.any(Number),
      measurements: ['LeNet-300-100', 'SimpleCNN'].map(name => ({
        measuredOn: expect.stringContaining(name),
        stepsPerSecond: expect.any(Number),
        memory: { total: expect.any(Number) },
      })),
    });
    expect(executors.at(-1)).toMatchObject({ usable: true, notes: [expect.stringContaining('reference')] });
    for (const one of executors.filter(({ usable }) => !usable)) expect(one).toHaveProperty('reason');
    expect(auto).toHaveLength(2);
  });
});

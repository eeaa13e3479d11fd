import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeQueue, withEntry } from '../../src/job/queueFile';
import { Turn } from '../../src/job/queueTurn';
import { cli, startCli } from '../support/jobs';
import { endless, writeExperiment } from '../support/tinyExperiment';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-queue-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Listed {
  readonly atWork: { readonly holder: { readonly experiment: string } } | null;
  readonly waiting: readonly { readonly name: string }[];
  readonly paused: readonly { readonly name: string; readonly file?: string }[];
}

const wt = (...args: readonly string[]): ReturnType<typeof cli> => cli(args, directory);

async function listed(): Promise<Listed> {
  const { code, stdout, stderr } = await wt('queue', '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Listed;
}

async function listedUntil(fits: (listed: Listed) => boolean): Promise<Listed> {
  for (;;) {
    const now = await listed();
    if (fits(now)) return now;
    await sleep(50);
  }
}

function executorOf(name: string): string {
  const file = path.join(directory, '.winning-ticket/experiments', name, 'report.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { executor: string }).executor;
}

const names = (entries: readonly { readonly name: string }[]): string[] => entries.map(({ name }) => name);

/** Takes some seconds, so that it can be paused in the middle. */
const long = (name: string): string => writeExperiment(directory, { name, training: { steps: 6000, batchSize: 32 } });
const short = (name: string): string => writeExperiment(directory, { name, compare: [] });

describe('winning-ticket queue', () => {
  it('adds, moves and removes what waits, and says so', async () => {
    const files = ['a', 'b', 'c'].map(short);
    const added = await wt('queue', 'add', ...files);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toMatch(/1\. a .*\n +2\. b .*\n +3\. c .*\n/);
    expect((await wt('queue', 'first', 'c')).code).toBe(0);
    expect((await wt('queue', 'remove', 'a')).code).toBe(0);
    expect(names((await listed()).waiting)).toEqual(['c', 'b']);
    expect(await wt('queue', 'remove', 'a')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"a" does not wait in the queue'),
    });
  });

  it('adds nothing where one of the files is wrong', async () => {
    const wrong = path.join(directory, 'wrong.ticket.json');
    writeFileSync(wrong, '{ "name": 1 }');
    expect(await wt('queue', 'add', short('a'), wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('wrong.ticket.json'),
    });
    expect((await listed()).waiting).toEqual([]);
  });

  it('works through all; one that fails does not stop the others, and is in the exit code', async () => {
    const bad = writeExperiment(directory, { name: 'bad', model: 'nothing/model.json' });
    await wt('queue', 'add', bad, short('good'));
    const { code, stdout } = await wt('queue', 'run');
    expect(stdout).toMatch(/^bad: failed: .*nothing\/model\.json.*\ngood: done: \w.*\n$/);
    expect(code).toBe(1);
    expect(await listed()).toMatchObject({ atWork: null, waiting: [], paused: [] });
    expect(await wt('queue', 'run')).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing waits') });
  });

  it('an experiment paused by another process leaves its turn, is resumed, and goes on where it stopped', async () => {
    await wt('queue', 'add', long('first'), long('second'));
    const { ended, said } = startCli(['queue', 'run', '--json'], directory);
    await said('runs');
    expect(await listed()).toMatchObject({
      atWork: { holder: { experiment: 'first' } },
      waiting: [{ name: 'second' }],
    });
    expect(await wt('pause', 'first')).toMatchObject({ code: 0, stdout: expect.stringContaining('will be paused') });
    await listedUntil(({ paused, atWork }) => paused[0]?.file !== undefined && atWork?.holder.experiment === 'second');
    expect(await wt('resume', 'first')).toMatchObject({ code: 0, stdout: expect.stringContaining('queue run') });
    expect(names((await listed()).waiting)).toEqual(['first']);
    const { code, stdout, stderr } = await ended;
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'first', status: 'done' },
      { name: 'second', status: 'done' },
    ]);
    // or it was stopped between two runs
    expect(stderr).toMatch(/goes on from step |in the store already/);
    expect(code).toBe(0);
  });

  it('Ctrl+C pauses the one at work and stops; the others keep waiting', async () => {
    await wt('queue', 'add', writeExperiment(directory, endless), short('next'));
    const { child, ended, said } = startCli(['queue', 'run'], directory);
    await said('runs');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('winning-ticket resume endless');
    const { atWork, waiting, paused } = await listed();
    expect([atWork, names(waiting), names(paused)]).toEqual([null, ['next'], ['endless']]);
  });

  it('a terminal that is closed leaves the one at work in front of the queue', async () => {
    await wt('queue', 'add', writeExperiment(directory, endless), short('next'));
    const { child, ended, said } = startCli(['queue', 'run'], directory);
    await said('runs');
    child.kill('SIGHUP');
    expect((await ended).code).toBe(130);
    expect(names((await listed()).waiting)).toEqual(['endless', 'next']);
  });
});

describe('winning-ticket queue run', () => {
  it('takes the choices of run for all of its experiments', async () => {
    await wt('queue', 'add', short('a'), short('b'));
    const { code, stderr } = await wt('queue', 'run', '--executor', 'cpu', '--store-limit', '1');
    expect([code, executorOf('a'), executorOf('b')]).toEqual([0, 'cpu', 'cpu']);
    await wt('queue', 'add', short('c'));
    expect(stderr).not.toContain('limit');
    expect(await wt('queue', 'run', '--store-limit', '0.000001')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('c: failed'),
    });
  });
});

describe('a queue whose process is killed', () => {
  it('has the one at work wait again, in its place; the next goes on where it stopped', async () => {
    await wt('queue', 'add', long('first'), short('next'));
    const { child, ended, said } = startCli(['queue', 'run', '--checkpoint-seconds', '0.05'], directory);
    await said('runs');
    const state = path.join(directory, '.winning-ticket/runs');
    while (!readdirSync(state, { recursive: true, encoding: 'utf8' }).some(name => name.endsWith('resume.safetensors')))
      await sleep(20);
    child.kill('SIGKILL');
    await ended;
    const { atWork, waiting, paused } = await listed();
    expect([atWork, names(waiting), paused]).toEqual([null, ['first', 'next'], []]);
    const { code, stdout, stderr } = await wt('queue', 'run', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'first', status: 'done' },
      { name: 'next', status: 'done' },
    ]);
    expect(code).toBe(0);
    // or it was stopped between two runs
    expect(stderr).toMatch(/goes on from step |in the store already/);
    expect(await listed()).toMatchObject({ atWork: null, waiting: [], paused: [] });
  });

  it('can be changed as one that waits: cancelled it is out, and so it is for the next', async () => {
    await wt('queue', 'add', writeExperiment(directory, endless));
    const { child, ended, said } = startCli(['queue', 'run'], directory);
    await said('runs');
    child.kill('SIGKILL');
    await ended;
    expect(await wt('cancel', 'endless')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('out of the queue'),
    });
    expect((await listed()).waiting).toEqual([]);
    expect(await wt('queue', 'run')).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing waits') });
  });
});

describe('an experiment whose turn has come, and whose job has not begun', () => {
  const store = (): string => path.join(directory, '.winning-ticket');
  const begun = async (): Promise<Turn> => {
    await changeQueue(store(), waiting => withEntry(waiting, { name: 'a', file: short('a') }, 'first'));
    return (await Turn.take(store()))!;
  };

  it.each(['pause', 'cancel'] as const)('hears of %s as one at work', async wish => {
    const turn = await begun();
    expect(await listed()).toMatchObject({ atWork: { holder: { experiment: 'a', pid: process.pid } }, waiting: [] });
    expect(await wt(wish, 'a')).toMatchObject({ code: 0, stdout: expect.stringContaining('it stops in a moment') });
    expect(await turn.wished()).toBe(wish);
    await turn.end('over');
  });

  it('is not begun a second time, moved or resumed', async () => {
    const turn = await begun();
    expect(await wt('queue', 'add', short('a'))).toMatchObject({ code: 0, stderr: expect.stringContaining('at work') });
    for (const args of [
      ['queue', 'remove', 'a'],
      ['queue', 'first', 'a'],
      ['resume', 'a'],
    ])
      expect(await wt(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('"a" is at work') });
    expect(await wt('queue', 'run')).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing waits') });
    await turn.end('over');
  });

  it('is paused as soon as the queue has said its name', async () => {
    // reading its data takes a while
    const data = { format: 'digits', training: 20_000, test: 100 };
    await wt('queue', 'add', writeExperiment(directory, { ...endless, data }), short('next'));
    const { ended, said } = startCli(['queue', 'run', '--json'], directory);
    await said('endless');
    expect(await wt('pause', 'endless')).toMatchObject({ code: 0 });
    const { code, stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'endless', status: 'paused' },
      { name: 'next', status: 'done' },
    ]);
    expect(code).toBe(130);
    expect((await listed()).paused).toEqual([{ name: 'endless', file: expect.any(String) as string }]);
  });
});

describe('pause, cancel, resume', () => {
  it('one that is paused in the queue is there no more once it was run by itself', async () => {
    const file = short('a');
    await wt('queue', 'add', file);
    await wt('pause', 'a');
    expect((await wt('run', file)).code).toBe(0);
    expect((await listed()).paused).toEqual([]);
  });

  it('stop a job that was not started from the queue; its file is needed to go on', async () => {
    const file = writeExperiment(directory, endless);
    const { ended, said } = startCli(['run', file], directory);
    await said('runs');
    expect((await wt('resume', 'endless')).stderr).toContain('"endless" is at work already');
    expect((await wt('pause', 'endless')).code).toBe(0);
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining('paused') });
    expect((await listed()).paused).toEqual([{ name: 'endless' }]);
    expect(await wt('resume', 'endless')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--experiment FILE'),
    });
    expect(await wt('resume', 'endless', '--experiment', short('other'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('describes "other", not "endless"'),
    });
    expect((await wt('resume', 'endless', '--experiment', file)).code).toBe(0);
    expect(names((await listed()).waiting)).toEqual(['endless']);
  });

  it('cancel one at work', async () => {
    const { ended, said } = startCli(['run', writeExperiment(directory, endless)], directory);
    await said('runs');
    expect(await wt('cancel', 'endless')).toMatchObject({ code: 0, stderr: '' });
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining('cancelled') });
  });

  it('of what only waits: paused it is passed over, cancelled it is out; of nothing they say so', async () => {
    await wt('queue', 'add', short('a'), short('b'));
    expect(await wt('pause', 'a')).toMatchObject({ code: 0, stdout: expect.stringContaining('a is paused') });
    expect(await wt('cancel', 'b')).toMatchObject({ code: 0, stdout: expect.stringContaining('out of the queue') });
    const { waiting, paused } = await listed();
    expect([waiting, names(paused)]).toEqual([[], ['a']]);
    const ran = await wt('queue', 'run');
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('a is paused') });
    for (const command of ['pause', 'cancel']) {
      expect(await wt(command, 'b')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nothing of the name "b" is at work'),
      });
    }
  });
});

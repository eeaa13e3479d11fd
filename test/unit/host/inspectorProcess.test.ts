import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { InspectorCrash, InspectorProcess, type InspectorAnswer } from '../../../src/host/inspector/inspectorProcess';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'inspector-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const running: InspectorProcess[] = [];
afterEach(() => {
  for (const process of running.splice(0)) process.dispose();
});

let scripts = 0;
const log: string[] = [];

/** A process with this body; `message` is what the host sent, `answer` sends back. */
async function start(body: string, idleMilliseconds = 10_000): Promise<InspectorProcess> {
  const script = path.join(directory, `inspector${scripts++}.cjs`);
  await writeFile(
    script,
    `const answer = value => process.send(value);
     process.on('disconnect', () => process.exit(0));
     process.on('message', message => { ${body} });`,
  );
  const process = new InspectorProcess({
    script,
    cacheDirectory: '/cache',
    idleMilliseconds,
    log: (level, message) => log.push(`${level}: ${message}`),
  });
  running.push(process);
  return process;
}

const never = new AbortController().signal;
const opened = `answer({ type: 'opened', id: message.id, tensorCount: 0, identity: 'a', summary: {
  file: 'a', format: 'NumPy', bytes: 1, tensors: [], metadata: [], notes: [] } });`;

describe("the inspector's process", () => {
  test('is told its settings first, and answers by number', async () => {
    const process = await start(`
      if (message.type === 'settings') answer({ type: 'log', level: 'info', message: message.cacheDirectory });
      if (message.type === 'open') { ${opened} answer({ type: 'done', id: message.id }); }`);
    const answers: InspectorAnswer[] = [];
    const { id, done } = process.open(
      { path: '/a.npy' },
      answer => answers.push(answer),
      () => undefined,
      never,
    );
    await done;
    expect(answers).toMatchObject([{ type: 'opened', id, identity: 'a' }]);
    expect(log).toContain('info: /cache');
  });

  test('a failure carries the words of the process', async () => {
    const process = await start(
      `if (message.type === 'open') answer({ type: 'failed', id: message.id, message: 'a.npy: cut off at byte 7' });`,
    );
    const { done } = process.open(
      { path: '/a.npy' },
      () => undefined,
      () => undefined,
      never,
    );
    await expect(done).rejects.toThrow('a.npy: cut off at byte 7');
  });

  test('what is given up is cancelled there, and nothing more of it is heard', async () => {
    const process = await start(`
      if (message.type === 'open') setTimeout(() => { ${opened} }, 60);
      if (message.type === 'cancel') answer({ type: 'log', level: 'info', message: 'cancelled ' + message.id });`);
    const controller = new AbortController();
    const answers: unknown[] = [];
    const { id, done } = process.open(
      { path: '/a' },
      answer => answers.push(answer),
      () => undefined,
      controller.signal,
    );
    controller.abort(new Error('not needed'));
    await expect(done).rejects.toThrow('not needed');
    await expect.poll(() => log).toContain(`info: cancelled ${id}`);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(answers).toEqual([]);
  });

  test('a crash ends what is asked with its cause, tells those who have a file open, and the next question starts anew', async () => {
    const process = await start(`
      if (message.type === 'open') { ${opened} answer({ type: 'done', id: message.id }); }
      if (message.type === 'details') process.exit(7);`);
    const events: unknown[] = [];
    const first = process.open(
      { path: '/a' },
      () => undefined,
      event => events.push(event),
      never,
    );
    await first.done;
    const { done } = process.ask({ type: 'details', file: first.id, tensor: 0 }, () => undefined, never);
    await expect(done).rejects.toThrow(/stopped unexpectedly \(exit code 7\)/);
    await expect(done).rejects.toBeInstanceOf(InspectorCrash);
    expect(events).toHaveLength(1);
    const again = process.open(
      { path: '/a' },
      () => undefined,
      () => undefined,
      never,
    );
    await again.done;
    expect(again.id).toBeGreaterThan(first.id);
  });

  test('a script that is not there is told, not waited for', async () => {
    const process = new InspectorProcess({
      script: path.join(directory, 'none.cjs'),
      cacheDirectory: null,
      log: () => undefined,
    });
    const { done } = process.open(
      { path: '/a' },
      () => undefined,
      () => undefined,
      never,
    );
    await expect(done).rejects.toThrow(/stopped unexpectedly/);
  });

  test('an answer that is none fails the question at once', async () => {
    const process = await start(
      `if (message.type === 'tile') answer({ type: 'tile', id: message.id, tile: { matrix: {}, rows: 1e9 } });`,
    );
    const region = { row: 0, column: 0, rows: 1, columns: 1 };
    const { done } = process.ask(
      { type: 'tile', file: 1, tensor: 0, region, cells: { rows: 1, columns: 1 } },
      () => undefined,
      never,
    );
    await expect(done).rejects.toThrow(/not valid/);
  });

  test('word of a change on disk reaches whoever has the file open', async () => {
    const process = await start(
      `if (message.type === 'open') { answer({ type: 'done', id: message.id }); answer({ type: 'changed', file: message.id, reason: 'removed' }); }`,
    );
    const event = new Promise(resolve => {
      process.open({ path: '/a' }, () => undefined, resolve, never);
    });
    expect(await event).toBe('removed');
  });

  test('it ends when nothing has been open for a while', async () => {
    const process = await start(
      `if (message.type === 'open') { answer({ type: 'log', level: 'info', message: 'pid ' + process.pid }); answer({ type: 'done', id: message.id }); }`,
      20,
    );
    const first = process.open(
      { path: '/a' },
      () => undefined,
      () => undefined,
      never,
    );
    await first.done;
    const pid = Number(log.findLast(line => line.startsWith('info: pid'))!.split(' ')[2]);
    process.close(first.id);
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

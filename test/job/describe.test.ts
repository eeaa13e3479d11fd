import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DescriberToHost } from '../../src/shared/describeMessages';

let folder: string;
let child: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wt-describe-child-'));
  child = fork('dist/describe.js', [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const answers = (count: number) =>
  new Promise<DescriberToHost[]>(resolve => {
    const heard: DescriberToHost[] = [];
    child.on('message', message => {
      heard.push(message as DescriberToHost);
      if (heard.length === count) resolve(heard);
    });
  });

describe('the describing process', () => {
  it('answers in the order of the requests, each by its number, wrong files too', async () => {
    const table = Array.from({ length: 30 }, (_, i) => `${i},${i % 3}`).join('\n');
    writeFileSync(path.join(folder, 'a.csv'), table);
    const heard = answers(3);
    const csv = { format: 'csv', file: 'a.csv', ignore: [] };
    child.send({ type: 'data', id: 1, config: csv, folder, wanted: null, sample: true });
    child.send({ type: 'model', id: 2, spec: 'none.onnx', folder, data: null });
    child.send({ type: 'builtins', id: 3, names: ['builtin:mlp:5'], data: { inputShape: [1], classes: 3 } });
    const [data, model, builtins] = await heard;
    expect(data).toMatchObject({ type: 'data', id: 1, data: { training: 30, data: { inputShape: [1], classes: 3 } } });
    expect(model).toMatchObject({ type: 'failed', id: 2, message: expect.stringContaining('none.onnx') });
    expect(builtins).toMatchObject({ type: 'builtins', id: 3, models: [{ ok: true, prunable: 20 }] });
  });

  it('leaves nonsense out, and ends with its parent', async () => {
    const complaint = new Promise<string>(resolve => child.stderr!.once('data', bytes => resolve(String(bytes))));
    child.send({ type: 'data', id: 1, config: { format: 'floppy' }, folder });
    expect(await complaint).toContain('left out');
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.disconnect();
    expect(await ended).toBe(0);
  });
});

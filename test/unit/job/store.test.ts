import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealed, unsealed } from '../../../src/job/care/checksum';
import { DamagedRunError } from '../../../src/job/care/damagedRun';
import { storeError, writeWhole } from '../../../src/job/files';
import { StoreLock } from '../../../src/job/lock';
import { RunStore } from '../../../src/job/store';
import { runKey } from '../../../src/lottery/graph';
import type { RunEvaluation } from '../../../src/shared/evaluation';
import type { RunInputs, RunRecord } from '../../../src/shared/run';

let directory: string;
let store: RunStore;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-store-'));
  store = await RunStore.open(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

const inputs: RunInputs = {
  version: 1,
  model: 'm',
  data: 'd',
  executor: { name: 'wasm', variant: '1' },
  training: {
    optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    loss: 'cross-entropy',
    batchSize: 1,
    evaluateEvery: 1,
  },
  orderSeed: 1,
  steps: { from: 0, to: 1, total: 1 },
  mask: { kind: 'ones' },
  start: { kind: 'initial', seed: 1 },
};

const record: RunRecord = {
  key: runKey(inputs),
  inputs,
  status: 'done',
  executor: 'wasm',
  device: 'd',
  versions: { node: '20' },
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  seconds: { train: 1, evaluate: 1, total: 2 },
  layers: [{ name: 'dense/kernel', shape: [2, 2], total: 4, kept: 3 }],
  final: { testAccuracy: 0.5, testLoss: 1, validationAccuracy: null, validationLoss: null },
  measures: { worstRecall: 0.5, r2: 0.25 },
};

const kernel = { name: 'dense/kernel', shape: [2, 2], dtype: 'F32', data: new Float32Array([1, 2, 3, 4]) } as const;
const point = { step: 1, trainLoss: 1, validationLoss: null, validationAccuracy: null, testLoss: 1, testAccuracy: 0.5 };
const folder = (): string => path.join(directory, 'runs', record.key);

async function write(): Promise<void> {
  await store.writeRun({
    record,
    curve: [point, point],
    evaluation: {} as RunEvaluation,
    tensors: { start: [kernel], final: [kernel], mask: [{ ...kernel, dtype: 'U8', data: new Uint8Array(4) }] },
  });
}

describe('a run in the store', () => {
  it('is read as it was written', async () => {
    await write();
    expect(await store.readRun(record.key)).toEqual(record);
    const tensors = await store.readTensors(record.key, 'final', 10_000);
    expect(tensors.get('dense/kernel')).toEqual({ dtype: 'F32', shape: [2, 2], data: kernel.data });
    expect(readFileSync(path.join(folder(), 'curve.jsonl'), 'utf8')).toBe(`${JSON.stringify(point)}\n`.repeat(2));
    expect(readdirSync(folder()).sort()).toEqual([
      'curve.jsonl',
      'evaluation.json',
      'final.safetensors',
      'mask.safetensors',
      'run.json',
      'start.safetensors',
    ]);
    await store.verifyRun(record.key);
  });

  it('is not there before its record is, whatever else is', async () => {
    await write();
    rmSync(path.join(folder(), 'run.json'));
    expect(await store.readRun(record.key)).toBeNull();
  });

  it.each<[string, (text: string) => string]>([
    ['cut short', text => text.slice(0, -30)],
    ['empty', () => ''],
    ['of another run', text => text.replace(record.key, record.key.replace(/./g, '0'))],
    ['with other inputs than its key says', text => text.replace('"orderSeed": 1', '"orderSeed": 2')],
    ['without its result', text => text.replace(/"final": \{[^}]*\},?/, '').replace(/,(\s*})$/, '$1')],
    ['with a measure that is no number', text => text.replace('"r2": 0.25', '"r2": "0.25"')],
    ['with a measure of another name', text => text.replace('"r2": 0.25', '"r3": 0.25')],
    ['with an accuracy of 7', text => text.replace('"testAccuracy": 0.5', '"testAccuracy": 7')],
    ['of an unknown version', text => text.replace('"version": 1', '"version": 2')],
  ])('is not believed where its record is %s, whatever its checksum', async (_how, damage) => {
    await write();
    const file = path.join(folder(), 'run.json');
    const damaged = damage(readFileSync(file, 'utf8'));
    expect(damaged).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, damaged);
    await expect(store.readRun(record.key)).rejects.toThrow(DamagedRunError);
    const { value } = unsealed(damaged);
    if (!value) return;
    writeFileSync(file, sealed(value));
    await expect(store.readRun(record.key)).rejects.toThrow(DamagedRunError);
  });

  it.each(['curve.jsonl', 'evaluation.json', 'start.safetensors', 'final.safetensors', 'mask.safetensors'])(
    'is damaged where a bit of its %s is another, or the file is shorter, or gone',
    async name => {
      await write();
      const file = path.join(folder(), name);
      const bytes = readFileSync(file);
      bytes[1]! ^= 4;
      writeFileSync(file, bytes);
      await expect(store.verifyRun(record.key)).rejects.toThrow(`${name} does not have its checksum`);
      writeFileSync(file, bytes.subarray(0, -1));
      await expect(store.readRun(record.key)).rejects.toThrow(`${name} has ${bytes.length - 1} bytes instead of`);
      rmSync(file);
      await expect(store.readRun(record.key)).rejects.toThrow(`${name} is missing`);
    },
  );

  it('of another whole record is told by the checksum alone', async () => {
    await write();
    const file = path.join(folder(), 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"testLoss": 1', '"testLoss": 2'));
    await expect(store.readRun(record.key)).rejects.toThrow('run.json does not have its checksum');
  });

  it.each(['../../etc', '', 'A'.repeat(32), `${'0'.repeat(31)}/`])('is never looked for under %j', async key => {
    await expect(store.readRun(key)).rejects.toThrow('is not the key of a run');
  });

  it('whose weights are damaged, missing or huge says which folder to delete', async () => {
    await write();
    writeFileSync(path.join(folder(), 'final.safetensors'), 'x');
    const says = `Delete the folder ${folder()}`;
    await expect(store.readTensors(record.key, 'final', 10_000)).rejects.toThrow(says);
    rmSync(path.join(folder(), 'mask.safetensors'));
    await expect(store.readTensors(record.key, 'mask', 10_000)).rejects.toThrow(says);
    await expect(store.readTensors(record.key, 'start', 10)).rejects.toThrow(says);
  });
});

describe('writing', () => {
  it('leaves the old file whole, and nothing else, where it fails', async () => {
    const file = path.join(directory, 'file');
    await writeWhole(file, 'old');
    mkdirSync(path.join(directory, 'taken'));
    await expect(writeWhole(path.join(directory, 'taken'), 'new')).rejects.toThrow('cannot be written');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(directory).sort()).toEqual(['experiments', 'file', 'runs', 'taken']);
  });

  it('into a store whose place a file has taken names the path', async () => {
    writeFileSync(path.join(directory, 'file'), '');
    const inside = path.join(directory, 'file', 'store');
    await expect(RunStore.open(inside)).rejects.toThrow(inside);
    await expect(RunStore.open(path.join(directory, 'file'))).rejects.toThrow('a part of its path is a file');
  });

  it.each([
    ['ENOSPC', 'the disk is full: /store/x'],
    ['EDQUOT', 'the disk is full: /store/x'],
    ['EACCES', 'the store /store/x cannot be written (permission denied)'],
    ['EROFS', 'the store /store/x cannot be written (the file system is read-only)'],
  ])('says %s in words', (code, says) => {
    const error = storeError(Object.assign(new Error('x'), { code }), '/store/x');
    expect((error as Error).message).toContain(says);
  });

  it('is cleaned up after a job that was killed in the middle of it', async () => {
    await write();
    const left = path.join(folder(), `final.safetensors.${2 ** 30}.4.tmp`);
    writeFileSync(left, 'half');
    await store.clean();
    expect(existsSync(left)).toBe(false);
    expect(await store.readRun(record.key)).toEqual(record);
  });

  it('is cleaned up of the lock of a dead process, and left alone where one that may live holds a run', async () => {
    const held = path.join(directory, 'runs', 'f'.repeat(32));
    mkdirSync(held);
    const temporary = `mask.safetensors.${2 ** 30}.1.tmp`;
    writeFileSync(path.join(held, 'lock'), JSON.stringify({ pid: 1, host: 'another', startedAt: '', token: '' }));
    writeFileSync(path.join(held, temporary), 'half');
    const freed = path.join(directory, 'runs', 'e'.repeat(32));
    const lock = await StoreLock.acquire(freed);
    const text = readFileSync(path.join(freed, 'lock'), 'utf8');
    await lock.release();
    writeFileSync(path.join(freed, 'lock'), text.replace(`"pid":${process.pid}`, `"pid":${2 ** 30}`));
    await store.clean();
    expect(readdirSync(held).sort()).toEqual(['lock', temporary]);
    expect(readdirSync(freed)).toEqual([]);
  });
});

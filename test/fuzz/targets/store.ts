import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sealed } from '../../../src/job/care/checksum';
import { StoreError } from '../../../src/job/files';
import { filesOf, parseStoredRun } from '../../../src/job/runRecord';
import { RunStore } from '../../../src/job/store';
import { runKey } from '../../../src/lottery/graph';
import type { RunInputs, RunRecord } from '../../../src/shared/run';
import { damageJson, damageValue } from '../json';
import { demand, reading, type Target } from '../target';
import { checkpoint, damageCheckpoint } from './safetensors';

const other = 'f'.repeat(32);
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
  mask: { kind: 'magnitude-to', run: other, countsOf: other, scope: 'layer', exclude: ['out'] },
  start: { kind: 'final', run: other },
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
  earlyStopStep: 1,
};
const maximumBytes = 1_000_000;

async function place(directory: string, key: string, name: string, bytes: Uint8Array): Promise<RunStore> {
  // records of version 1 have no checksum that would give most damages away
  await writeFile(path.join(directory, 'store.json'), '{"version":1}');
  const store = await RunStore.open(directory);
  await mkdir(path.join(directory, 'runs', key), { recursive: true });
  await writeFile(path.join(directory, 'runs', key, name), bytes);
  return store;
}

const files = Object.fromEntries(filesOf(record).map(name => [name, { bytes: 4, sha256: 'a'.repeat(64) }]));

/** A record that was not damaged but forged: its key fits its inputs and its checksum all of it, whatever they are. */
function forged(damaged: unknown): Record<string, Buffer> {
  const key = runKey(damaged as RunInputs);
  return { [key]: Buffer.from(sealed({ ...record, files, key, inputs: damaged })) };
}

const recordTarget: Target = {
  name: 'run.json',
  sound: random => ({
    // by this version, or by one without checksums
    [record.key]: Buffer.from(random.nextBelow(2) === 0 ? sealed({ ...record, files }) : JSON.stringify(record)),
  }),
  damaged(random) {
    const kind = random.nextBelow(4);
    if (kind === 0) return forged(damageValue(inputs, random));
    if (kind > 1) return { [record.key]: damageJson(record, random) };
    const damaged = damageValue({ ...record, files }, random);
    return { [record.key]: Buffer.from(sealed(Object(damaged) as object)) };
  },
  read(contents) {
    const [[key, bytes]] = Object.entries(contents) as [[string, Uint8Array]];
    const read = parseStoredRun(Buffer.from(bytes).toString(), key);
    if (typeof read === 'string') {
      demand(read.length > 0 && read.length < 10_000, 'what is wrong, in words');
      return Promise.resolve('refused');
    }
    const { record: found } = read;
    demand(found.key === key && runKey(found.inputs) === key, 'the record of the run that was asked for');
    demand(found.status === 'failed' || found.final !== undefined, 'a result where a run is done');
    return Promise.resolve('valid');
  },
};

const tensorsTarget: Target = {
  name: 'stored tensors',
  sound: random => ({ 'final.safetensors': checkpoint(random) }),
  damaged: random => ({ 'final.safetensors': damageCheckpoint(checkpoint(random), random) }),
  async read(files, directory) {
    const name = 'final.safetensors';
    const store = await place(directory, record.key, name, files[name]!);
    const folder = path.join(directory, 'runs', record.key);
    return reading([StoreError], folder, () => store.readTensors(record.key, 'final', maximumBytes));
  },
};

export const storeTargets: readonly Target[] = [recordTarget, tensorsTarget];

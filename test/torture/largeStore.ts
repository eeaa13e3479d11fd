/** A store with many runs, and how long it takes to read: by the host, and by a job that starts on it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { readReport, reportPath, storeName } from '../../src/host/store';
import { experimentNodes, type ExperimentEntry } from '../../src/host/treeModel';
import { RunStore } from '../../src/job/store';
import { runKey } from '../../src/lottery/graph';
import type { Report } from '../../src/shared/report';
import type { RunInputs } from '../../src/shared/run';
import { cli } from '../support/jobs';
import { sampleCurve, sampleReport } from '../support/sampleReports';
import { writeExperiment } from '../support/tinyExperiment';
import type { LargeStoreOptions } from './options';

/** Of a report with `levels` levels and as many replicates, three controls and all. */
const levels = 16;
const methods = 4;

export async function largeStore({ experiments, runs, directory: wanted }: LargeStoreOptions): Promise<boolean> {
  const directory = wanted ?? mkdtempSync(path.join(tmpdir(), 'wt-large-'));
  const store = path.join(directory, storeName);
  const replicates = Math.round(runs / experiments / (1 + levels * methods));
  const names = Array.from({ length: experiments }, (_, i) => `experiment-${i + 1}`);
  if (!existsSync(store)) {
    const seconds = await timed(() => generate(store, names, replicates));
    console.log(`generated in ${seconds.toFixed(1)} s: ${directory}`);
  }
  const count = experiments * replicates * (1 + levels * methods);
  console.log(`${count} runs in ${experiments} experiments`);
  for (const when of ['first', 'second']) {
    const entries: ExperimentEntry[] = [];
    const reading = await timed(async () => {
      for (const name of names) entries.push(await readEntry(store, name));
    });
    const items = await timed(() => void experimentNodes(entries));
    console.log(`host, ${when} time: reports ${ms(reading)}, items of the tree ${ms(items)}`);
  }
  const experiment = writeExperiment(directory);
  for (const what of ['an experiment that is new', 'the same, finished']) {
    const seconds = await timed(async () => {
      const { code, stderr } = await cli(['run', experiment, '--store', store], directory);
      if (code !== 0) throw new Error(stderr);
    });
    console.log(`job, ${what}: ${ms(seconds)}`);
  }
  const alone = await timed(() => cli(['run', experiment, '--store', path.join(directory, 'alone')], directory));
  console.log(`job, an experiment that is new, in a store of its own: ${ms(alone)}`);
  if (wanted === null) rmSync(directory, { recursive: true });
  return true;
}

async function readEntry(store: string, name: string): Promise<ExperimentEntry> {
  const ref = { store, name };
  const report = await readReport(ref);
  if (!report?.ok) throw new Error(`${reportPath(ref)} cannot be read: ${report?.problem ?? 'it is not there'}`);
  return { ref, report: report.value, problem: null, failure: null, changed: 0 };
}

async function generate(directory: string, names: readonly string[], replicates: number): Promise<void> {
  const store = await RunStore.open(directory);
  for (const [index, name] of names.entries()) {
    const sample = sampleReport({ levels, replicates });
    // every run has a key of its own, in the report as in the store
    const keys = new Map(sample.runs.map(({ key }, i) => [key, inputsOf(index * sample.runs.length + i)]));
    const text = JSON.stringify({ ...sample, experiment: { ...sample.experiment, name } });
    const report = JSON.parse(text, (_, value: unknown) => {
      const inputs = typeof value === 'string' ? keys.get(value) : undefined;
      return inputs ? runKey(inputs) : value;
    }) as Report;
    mkdirSync(path.dirname(store.reportPath(name)), { recursive: true });
    writeFileSync(store.reportPath(name), `${JSON.stringify(report, null, 2)}\n`);
    for (let i = 0; i < sample.runs.length; i += 50) {
      const some = [...keys.values()].slice(i, i + 50);
      await Promise.all(some.map(inputs => writeRun(store, inputs)));
    }
  }
}

function inputsOf(number: number): RunInputs {
  return {
    version: 1,
    model: 'model',
    data: 'data',
    executor: { name: 'wasm', variant: '1' },
    training: {
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 },
      schedule: { name: 'constant', warmup: 0 },
      loss: 'cross-entropy',
      batchSize: 60,
      evaluateEvery: 250,
    },
    orderSeed: number,
    steps: { from: 0, to: 5000, total: 5000 },
    mask: { kind: 'ones' },
    start: { kind: 'initial', seed: number },
  };
}

async function writeRun(store: RunStore, inputs: RunInputs): Promise<void> {
  const kernel = { name: 'dense/kernel', shape: [28, 10], dtype: 'F32', data: new Float32Array(280).fill(1) } as const;
  const mask = { ...kernel, dtype: 'U8', data: new Uint8Array(280).fill(1) } as const;
  await store.writeRun({
    record: {
      key: runKey(inputs),
      inputs,
      status: 'done',
      executor: 'wasm',
      device: '2 threads',
      versions: { node: process.versions.node },
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:05.000Z',
      seconds: { train: 4, evaluate: 1, total: 5 },
      layers: [{ name: kernel.name, shape: kernel.shape, total: 280, kept: 280 }],
      final: { testAccuracy: 0.97, testLoss: 0.1, validationAccuracy: 0.97, validationLoss: 0.1 },
    },
    curve: sampleCurve('iterative', 0, 0),
    evaluation: null,
    tensors: { start: [kernel], final: [kernel], mask: [mask] },
  });
}

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function ms(seconds: number): string {
  return `${(1000 * seconds).toFixed(0)} ms`;
}

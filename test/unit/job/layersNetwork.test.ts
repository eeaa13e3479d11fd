/** An experiment on a model that no plan covers, from its model.json to the report. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors';
import { runExperiment, type JobEvent } from '../../../src/job/experiment';
import { executorSources } from '../../../src/job/executors';
import { dense, keras2, lstm } from '../training/tfjs/kerasModels';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-layers-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const onPlain = executorSources.filter(({ name }) => name === 'wasm' || name === 'cpu');

async function run(overlay: object = {}) {
  // the rows of a digit one after another
  const modelTopology = keras2([28, 28], [lstm('lstm_1'), dense('scores', 10, 'softmax')]);
  writeFileSync(path.join(directory, 'model.json'), JSON.stringify({ format: 'layers-model', modelTopology }));
  const experimentPath = path.join(directory, 'lstm.ticket.json');
  const experiment = {
    name: 'lstm',
    model: 'model.json',
    data: { format: 'digits', training: 40, test: 20 },
    training: { steps: 6, batchSize: 20 },
    pruning: { levels: 1 },
    worth: false,
    ...overlay,
  };
  writeFileSync(experimentPath, JSON.stringify(experiment));
  const events: JobEvent[] = [];
  const storeDirectory = path.join(directory, 'store');
  const emit = (event: JobEvent) => events.push(event);
  const report = await runExperiment({ experimentPath, storeDirectory, emit, executors: onPlain });
  return { report, events, storeDirectory };
}

describe('an experiment on an LSTM', { timeout: 60_000 }, () => {
  it('runs on TensorFlow.js where it says "auto", prunes recurrent kernels, and says on what', async () => {
    const { report, events, storeDirectory } = await run();
    expect(report.error).toBeUndefined();
    expect(report.status).toBe('done');
    expect(report.executor).toBe('cpu');
    expect(events.some(event => event.type === 'log' && event.message.includes('executor cpu'))).toBe(true);
    const ticket = report.runs.at(-1)!;
    const tensors = (file: string) =>
      decodeSafetensors(readFileSync(path.join(storeDirectory, 'runs', ticket.key, `${file}.safetensors`)), file)
        .tensors;
    const mask = tensors('mask').get('lstm_1/recurrent_kernel')!.data;
    const final = tensors('final').get('lstm_1/recurrent_kernel')!.data;
    expect(mask).toHaveLength(6 * 24);
    const pruned = [...final].filter((_, i) => mask[i] === 0);
    expect(pruned.length).toBeGreaterThan(0);
    expect(pruned.every(value => value === 0)).toBe(true);
  });

  it('is refused by name on wasm, before anything is written', async () => {
    await expect(run({ executor: 'wasm' })).rejects.toThrow(/executor.*"lstm_1" \(LSTM\).*"tensorflow" or "cpu"/s);
  });
});

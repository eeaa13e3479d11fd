import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { File, ready } from 'h5wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/models/load';
import { fileWeights } from '../../../src/models/weights';
import { ExperimentError } from '../../../src/shared/experiment';
import { lowerModel } from '../../../src/training/plan/lower';
import { text, zipBytes } from '../../support/checkpoints';
import {
  expectedLogits,
  firstTestImage,
  largestDifference,
  logitsOf,
  mnistTarget,
  realModels,
} from '../../support/modelLogits';
import { dense, layer, sequential } from './topologies';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-keras-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

const target = { inputShape: [2, 2, 1], classes: 3, loss: 'cross-entropy' } as const;
const topology = sequential([2, 2, 1], [layer('Flatten'), dense('out', 3, 'softmax')]);
const kernel = Float32Array.from({ length: 12 }, (_, i) => i / 8 - 0.5);
const bias = Float32Array.of(0.5, 0, -1);

async function hdf5(build: (file: File) => void): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new File('model.h5', 'w');
  build(file);
  file.close();
  return Uint8Array.from(FS.readFile('model.h5'));
}

/** As Keras 2 and, into .h5, Keras 3 save a model. */
const whole = (config: string | null, names: readonly [string, string] = ['out/kernel:0', 'out/bias:0']) =>
  hdf5(file => {
    if (config !== null) file.create_attribute('model_config', config);
    file.create_attribute('keras_version', '2.15.0');
    const [kernelName, biasName] = names;
    const group = file.create_group('model_weights').create_group('out');
    group.create_group('out');
    group.create_attribute('weight_names', [kernelName, biasName]);
    file.create_dataset({ name: `model_weights/out/${kernelName}`, data: kernel, shape: [4, 3] });
    file.create_dataset({ name: `model_weights/out/${biasName}`, data: bias });
    // of the optimiser: no weight of the model, whatever its name
    file.create_group('optimizer_weights');
    file.create_dataset({ name: 'optimizer_weights/momentum', data: bias });
  });

async function archive(config: string, more: (file: File) => void = () => undefined): Promise<Uint8Array> {
  const weights = await hdf5(file => {
    file.create_group('layers').create_group('dense').create_group('vars');
    file.create_dataset({ name: 'layers/dense/vars/0', data: kernel, shape: [4, 3] });
    file.create_dataset({ name: 'layers/dense/vars/1', data: bias });
    more(file);
  });
  return zipBytes([
    { name: 'metadata.json', data: text('{"keras_version": "3.15.1"}') },
    { name: 'config.json', data: text(config) },
    { name: 'model.weights.h5', data: weights },
  ]);
}

function onDisk(name: string, bytes: Uint8Array): string {
  writeFileSync(path.join(folder, name), bytes);
  return name;
}

const refusal = (name: string): Promise<unknown> =>
  loadModel(name, folder).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a model that Keras has saved', () => {
  it.each(['.h5', '.keras'])('as %s gives its layers and its weights, and nothing of the optimiser', async ending => {
    const json = JSON.stringify(topology);
    const name = onDisk(`sound${ending}`, await (ending === '.h5' ? whole(json) : archive(json)));
    const model = await loadModel(name, folder);
    expect(model).toMatchObject({ kind: 'file', description: name });
    expect([...model.weights!.keys()]).toEqual(['out/kernel', 'out/bias']);
    const plan = lowerModel(model, target);
    expect(fileWeights(plan, model)).toEqual([kernel, bias]);
  });

  it('says whose rules it follows, which differ for hard_sigmoid', async () => {
    const json = JSON.stringify(sequential([2, 2, 1], [layer('Flatten'), dense('out', 3, 'hard_sigmoid')]));
    const squared = { ...target, loss: 'mean-squared-error' } as const;
    const two = await loadModel(onDisk('two.h5', await whole(json)), folder);
    expect(() => lowerModel(two, squared)).toThrow(/that of Keras 2/);
    const three = await loadModel(onDisk('three.keras', await archive(json)), folder);
    expect(lowerModel(three, squared).ops.at(-1)).toMatchObject({ activation: 'hard-sigmoid' });
  });

  it('has a fingerprint of its layers and one of its weights', async () => {
    const json = JSON.stringify(topology);
    const [one, other] = await Promise.all(
      ['one.keras', 'other.h5'].map(async name =>
        loadModel(onDisk(name, await (name.endsWith('.h5') ? whole(json) : archive(json))), folder),
      ),
    );
    expect(one!.weightsFingerprint).toBe(other!.weightsFingerprint);
    expect(one!.fingerprint).not.toBe(other!.fingerprint);
  });

  it.each<[string, () => Promise<Uint8Array>, RegExp]>([
    ['only.weights.h5', () => whole(null), /only\.weights\.h5 holds weights only.*model\.save\("model\.keras"\)/],
    ['text.h5', () => Promise.resolve(text('hello')), /text\.h5: .*HDF5/],
    ['broken.h5', () => whole('{"class_name": '), /has a configuration that is not JSON/],
    ['list.h5', () => whole('[1, 2]'), /describes no model with layers/],
    ['deep.keras', () => archive('['.repeat(1000)), /has a configuration that is nested deeper than 64/],
    ['mine.keras', () => archive('{"class_name": "Mine", "config": {}}'), /is a "Mine" model: only Sequential/],
    ['cut.keras', async () => (await archive('{}')).slice(0, 200), /zip directory cannot be read/],
    ['cut.h5', async () => (await whole(JSON.stringify(topology))).slice(0, 1000), /HDF5 structure cannot be read/],
  ])('%s is refused in words that name the file', async (name, bytes, message) => {
    const error = await refusal(onDisk(name, await bytes()));
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'model', reason: expect.stringMatching(message) });
  });

  it('that is not there is refused with its path', async () => {
    expect(await refusal('missing.keras')).toMatchObject({
      reason: expect.stringMatching(/missing\.keras: there is no/),
    });
  });
});

describe.skipIf(realModels === null)('the models in ../shared/data (skipped where they are absent)', () => {
  it.each(['net.keras', 'net.h5'])('%s gives the logits that PyTorch computed', async name => {
    const logits = await logitsOf(realModels!, name, await firstTestImage(), mnistTarget);
    expect(largestDifference(logits, expectedLogits())).toBeLessThan(1e-4);
  });
});

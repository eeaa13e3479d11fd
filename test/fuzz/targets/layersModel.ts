import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadModel } from '../../../src/models/load';
import type { Model } from '../../../src/models/model';
import { fileWeights } from '../../../src/models/weights';
import { ExperimentError } from '../../../src/shared/experiment';
import type { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import { PlanError } from '../../../src/training/plan/plan';
import { damageBytes } from '../bytes';
import { damageJson } from '../json';
import { demand, reading, type Files, type Target } from '../target';

const dense = (name: string, units: number, more: object = {}): object => ({
  class_name: 'Dense',
  config: {
    name,
    units,
    activation: 'relu',
    use_bias: true,
    kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
    ...more,
  },
});

function topology(random: Random): object {
  const layers = [
    { class_name: 'Flatten', config: { name: 'flatten', batch_input_shape: [null, 4, 4, 1] } },
    dense('hidden', 3),
    { class_name: 'Dropout', config: { name: 'dropout', rate: 0.5 } },
    dense('output', 2, { activation: 'softmax' }),
  ];
  if (random.nextBelow(2) === 0) return { class_name: 'Sequential', config: { name: 'net', layers } };
  const names = ['flatten', 'hidden', 'dropout', 'output'];
  const linked = layers.map((layer, i) => ({
    ...layer,
    name: names[i],
    inbound_nodes: i === 0 ? [] : [[[names[i - 1], 0, 0, {}]]],
  }));
  const [input, output] = [[['flatten', 0, 0]], [['output', 0, 0]]];
  return { class_name: 'Model', config: { name: 'net', layers: linked, input_layers: input, output_layers: output } };
}

function weight(name: string, shape: readonly number[]): object {
  return { name, shape, dtype: 'float32' };
}

function model(random: Random): object {
  const groups = [
    {
      paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'],
      weights: [weight('hidden/kernel', [16, 3]), weight('hidden/bias', [3])],
    },
    { paths: ['group2-shard1of1.bin'], weights: [weight('output/kernel', [3, 2]), weight('output/bias', [2])] },
  ];
  return { format: 'layers-model', modelTopology: topology(random), weightsManifest: groups };
}

const shards: Files = {
  'group1-shard1of2.bin': new Uint8Array(101).fill(1),
  'group1-shard2of2.bin': new Uint8Array(4 * 51 - 101).fill(2),
  'group2-shard1of1.bin': new Uint8Array(4 * 8),
};

export const layersModelTarget: Target = {
  name: 'model.json',
  sound: random => ({ 'model.json': Buffer.from(JSON.stringify(model(random))), ...shards }),
  damaged(random) {
    const files: Record<string, Uint8Array> = { ...shards };
    if (random.nextBelow(8) === 0) {
      const shard = 'group1-shard2of2.bin';
      files[shard] = damageBytes(shards[shard]!, random);
      files['model.json'] = Buffer.from(JSON.stringify(model(random)));
    } else files['model.json'] = damageJson(model(random), random);
    return files;
  },
  async read(files, directory) {
    const folder = path.join(directory, 'model');
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder, name), bytes);
    const file = path.join(folder, 'model.json');
    const loaded: Model[] = [];
    const outcome = await reading([ExperimentError], file, async () => {
      const model = await loadModel('model.json', folder);
      for (const { shape, data } of model.weights?.values() ?? []) {
        demand(data.length === shape.reduce((product, n) => product * n, 1), 'as many values as the shape says');
      }
      loaded.push(model);
    });
    const [read] = loaded;
    if (!read) return outcome;
    // these speak of layers and weights; whoever calls them puts the file before it
    return reading([ExperimentError, PlanError], '', () => {
      const plan = lowerModel(read, { inputShape: [4, 4, 1], classes: 2, loss: 'cross-entropy' });
      if (read.weights) fileWeights(plan, read);
    });
  },
};

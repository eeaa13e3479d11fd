import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { answer } from '../../../src/describe/answer';
import type { ExampleShape } from '../../../src/shared/describeMessages';
import { realModels } from '../../support/modelLogits';
import { dense, layer, sequential } from '../models/topologies';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-describe-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function describeModel(spec: string, data: ExampleShape | null = null) {
  const said = await answer({ type: 'model', id: 1, spec, folder, data });
  if (said.type === 'failed') throw new Error(said.message);
  if (said.type !== 'model') throw new Error(said.type);
  return said.model;
}
const saved = (name: string, topology: unknown): string => {
  writeFileSync(path.join(folder, name), JSON.stringify({ format: 'layers-model', modelTopology: topology }));
  return name;
};

const cnn = sequential(
  [8, 8, 1],
  [
    layer('Conv2D', { name: 'conv', filters: 4, kernel_size: [3, 3], padding: 'same', activation: 'relu' }),
    layer('Flatten'),
    dense('out', 3, 'softmax'),
  ],
);

describe('a described model', () => {
  it('says its layers in words, its weights, what an example costs, and what it was made for', async () => {
    expect(await describeModel(saved('model.json', cnn))).toEqual({
      format: 'TensorFlow.js layers model',
      layers: '1 convolution, 1 dense layer',
      weights: 4 * 9 + 4 + 256 * 3 + 3,
      prunable: 4 * 9 + 256 * 3,
      multiplyAdds: 64 * 4 * 9 + 256 * 3,
      data: { inputShape: [8, 8, 1], classes: 3 },
      fixedShape: true,
      hasWeights: false,
      loss: 'cross-entropy',
      tensorflowOnly: null,
    });
  });

  it('is refused for data of another shape or with other classes, naming both', async () => {
    const spec = saved('other.json', cnn);
    await expect(describeModel(spec, { inputShape: [32, 32, 3], classes: 3 })).rejects.toThrow(
      'other.json: the model takes examples of shape [8, 8, 1], but the data has [32, 32, 3]',
    );
    await expect(describeModel(spec, { inputShape: [8, 8, 1], classes: 10 })).rejects.toThrow(/3 outputs.*10 classes/);
  });

  it('whose end is none for classes learns by mean squared error', async () => {
    const spec = saved('sigmoid.json', sequential([4], [dense('out', 3, 'sigmoid')]));
    expect((await describeModel(spec)).loss).toBe('mean-squared-error');
  });

  it('with layers that no plan covers says which, and what there is of it', async () => {
    const lstm = sequential([5, 4], [layer('LSTM', { name: 'lstm', units: 8 }), dense('out', 3, 'softmax')]);
    const model = await describeModel(saved('lstm.json', lstm));
    expect(model).toMatchObject({
      tensorflowOnly: 'layer lstm is LSTM',
      data: { inputShape: [5, 4], classes: 3 },
      prunable: 4 * 32 + 8 * 32 + 8 * 3,
    });
  });

  it('of weights alone is the built-in model that they fit, on data of the likeliest shape', async () => {
    const tensor = (name: string, ...shape: number[]) => {
      const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
      return { name, dtype: 'F32', shape, data } as const;
    };
    const tensors = [
      tensor('fc1.weight', 20, 12),
      tensor('fc1.bias', 20),
      tensor('fc2.weight', 5, 20),
      tensor('fc2.bias', 5),
    ];
    writeFileSync(path.join(folder, 'net.safetensors'), encodeSafetensors(tensors));
    expect(await describeModel('net.safetensors')).toMatchObject({
      format: 'PyTorch weights that fit mlp-20',
      data: { inputShape: [12], classes: 5 },
      prunable: 12 * 20 + 20 * 5,
      hasWeights: true,
    });
  });

  it.each([
    ['nothing.json', 'nothing.json: there is no such file'],
    ['model.txt', 'cannot be read: it must be'],
  ])('%s: why it is none', async (spec, reason) => {
    await expect(describeModel(spec)).rejects.toThrow(reason);
  });

  it.skipIf(realModels === null)('one network in three formats is one model', async () => {
    const found = await Promise.all(
      ['net.keras', 'net.h5', 'net.onnx'].map(name => describeModel(path.join(realModels!, name))),
    );
    for (const model of found) {
      expect(model).toMatchObject({ prunable: 54_344, multiplyAdds: 784_640, hasWeights: true });
      expect(model.data).toEqual({ inputShape: [28, 28, 1], classes: 10 });
    }
  });
});

it('built-in models are fitted to the data, or say why they cannot be', async () => {
  const names = ['builtin:lenet-300-100', 'builtin:conv-2'];
  const on = async (data: ExampleShape) => {
    const said = await answer({ type: 'builtins', id: 1, names, data });
    return said.type === 'builtins' ? said.models : [];
  };
  const [small, deep] = await on({ inputShape: [28, 28, 1], classes: 10 });
  expect(small).toMatchObject({ ok: true, prunable: 266_200, multiplyAdds: 266_200 });
  expect(deep).toMatchObject({ ok: true });
  const [vector, none] = await on({ inputShape: [4], classes: 3 });
  expect(vector).toMatchObject({ ok: true, prunable: 4 * 300 + 300 * 100 + 100 * 3 });
  expect(none).toMatchObject({ ok: false, reason: expect.stringContaining('conv-2') });
});

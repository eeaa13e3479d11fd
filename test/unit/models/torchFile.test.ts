import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builtinModel } from '../../../src/models/builtins';
import { loadModel } from '../../../src/models/load';
import { fileWeights } from '../../../src/models/weights';
import { ExperimentError } from '../../../src/shared/experiment';
import { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import { concat, safetensorsBytes } from '../../support/checkpoints';
import { largestDifference, logitsOf, mnistTarget, realCheckpoints, realModels } from '../../support/modelLogits';
import { tensor, torchZip } from '../../support/pickles';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-torch-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

type State = readonly (readonly [string, readonly number[]])[];
const random = new Random(3, 'torch');
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Values drawn for each tensor, by its name. */
function draw(state: State): ReadonlyMap<string, Float32Array> {
  return new Map(
    state.map(([name, shape]) => [name, Float32Array.from({ length: sizeOf(shape) }, () => random.nextFloat() - 0.5)]),
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function saved(name: string, state: State, values = draw(state)): string {
  let bytes: Uint8Array;
  if (name.endsWith('.safetensors')) {
    // as safetensors.torch writes it: sorted by name
    const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1));
    let offset = 0;
    const header = sorted.map(([key, shape]) => {
      const begin = offset;
      offset += 4 * sizeOf(shape);
      return [key, { dtype: 'F32', shape, data_offsets: [begin, offset] }] as const;
    });
    bytes = safetensorsBytes(Object.fromEntries(header), concat(...sorted.map(([key]) => bytesOf(values.get(key)!))));
  } else {
    const root = Object.fromEntries(state.map(([key, shape]) => [key, tensor({ key, count: sizeOf(shape), shape })]));
    bytes = torchZip(root, Object.fromEntries([...values].map(([key, data]) => [key, bytesOf(data)])));
  }
  writeFileSync(path.join(folder, name), bytes);
  return name;
}

const small = { inputShape: [2, 2, 3], classes: 3, loss: 'cross-entropy' } as const;
const perceptron: State = [
  ['net.1.weight', [5, 12]],
  ['net.1.bias', [5]],
  ['net.3.weight', [4, 5]],
  ['net.3.bias', [4]],
  ['net.10.weight', [3, 4]],
  ['net.10.bias', [3]],
];

const images = { inputShape: [4, 4, 3], classes: 7, loss: 'cross-entropy' } as const;
const convolutional: State = [
  ['features.0.weight', [64, 3, 3, 3]],
  ['features.0.bias', [64]],
  ['features.2.weight', [64, 64, 3, 3]],
  ['features.2.bias', [64]],
  ['head.fc1.weight', [256, 256]],
  ['head.fc1.bias', [256]],
  ['head.fc2.weight', [256, 256]],
  ['head.fc2.bias', [256]],
  ['head.fc3.weight', [7, 256]],
  ['head.fc3.bias', [7]],
];

async function reasonFor(name: string, target: typeof small | typeof images): Promise<string> {
  const error: unknown = await loadModel(name, folder, target).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ExperimentError);
  expect(error).toMatchObject({ field: 'model' });
  return (error as ExperimentError).reason;
}

describe('a state_dict', () => {
  it.each(['mlp.pt', 'mlp.safetensors'])(
    'of dense layers (%s) is a multilayer perceptron of their widths',
    async name => {
      const values = draw(perceptron);
      saved(name, perceptron, values);
      const x = Float32Array.from({ length: 12 }, () => random.nextFloat());
      // PyTorch flattens channels first
      let y = Array.from(x, (_, i) => x[(i % 4) * 3 + Math.floor(i / 4)]!);
      for (const layer of ['net.1', 'net.3', 'net.10']) {
        const [w, b] = [values.get(`${layer}.weight`)!, values.get(`${layer}.bias`)!];
        const next = Array.from(b, (bias, o) => y.reduce((sum, v, i) => sum + v * w[o * y.length + i]!, bias));
        y = layer === 'net.10' ? next : next.map(v => Math.max(0, v));
      }
      expect(largestDifference(await logitsOf(folder, name, x, small), y)).toBeLessThan(1e-5);
    },
  );

  it.each(['conv.pth', 'conv.safetensors'])('of convolutions (%s) is the built-in model it fits', async name => {
    const values = draw(convolutional);
    const model = await loadModel(saved(name, convolutional, values), folder, images);
    const plan = lowerModel(model, images);
    const own = fileWeights(plan, model);
    const at = (parameter: string): Float32Array => own[plan.parameters.findIndex(({ name: n }) => n === parameter)]!;
    // [filter, channel, row, column] → [row, column, channel, filter]
    const [w1, k1] = [values.get('features.0.weight')!, at('conv1/kernel')];
    for (let i = 0; i < w1.length; i++) {
      const [filter, channel, pixel] = [Math.floor(i / 27), Math.floor(i / 9) % 3, i % 9];
      expect(k1[(pixel * 3 + channel) * 64 + filter]).toBe(w1[i]);
    }
    // 2×2 pixels are left, which PyTorch flattens channel by channel
    const [w2, k2] = [values.get('head.fc1.weight')!, at('fc1/kernel')];
    const misplaced = Array.from(w2.keys()).filter(i => {
      const [output, channel, pixel] = [Math.floor(i / 256), Math.floor((i % 256) / 4), i % 4];
      return k2[(pixel * 64 + channel) * 256 + output] !== w2[i];
    });
    expect(misplaced).toEqual([]);
    expect(at('fc3/bias')).toEqual(values.get('head.fc3.bias'));
  });

  it('that fits none is refused with the candidates, the nearest and its first tensor that does not fit', async () => {
    const other = convolutional.map(([name, shape]) => [name, name === 'features.2.bias' ? [63] : shape] as const);
    const reason = await reasonFor(saved('other.pt', other), images);
    expect(reason).toMatch(
      /other\.pt holds weights without layers, and fits no built-in model \("builtin:lenet-300-100"/,
    );
    expect(reason).toMatch(/Closest is "builtin:conv-2", of which 3 parameters fit: "conv2\/bias" needs \[64\]/);
    expect(reason).toMatch(/"features\.2\.bias" is next and has \[63\]; export .* torch\.onnx\.export/);
  });

  it('with a tensor too many or too few fits none', async () => {
    const more = await reasonFor(saved('more.pt', [...convolutional, ['scale.weight', [7]]]), images);
    expect(more).toMatch(/"scale\.weight" \[7\] is one more than it has/);
    const fewer = await reasonFor(saved('fewer.pt', convolutional.slice(0, -1)), images);
    expect(fewer).toMatch(/"fc3\/bias" needs \[7\], but the file has only 9 tensors/);
  });

  it('whose dense layers do not follow one another, or take other data, is refused', async () => {
    const crossed = perceptron.map(([name, shape]) => [name, name === 'net.3.weight' ? [4, 6] : shape] as const);
    expect(await reasonFor(saved('crossed.pt', crossed), small)).toMatch(/"net\.3\.weight" is next and has \[4, 6\]/);
    expect(await reasonFor(saved('wrong.pt', perceptron), images)).toMatch(
      /needs \[5, 48\].*"net\.1\.weight".*\[5, 12\]/,
    );
  });

  it('that is damaged is refused with its name', async () => {
    writeFileSync(path.join(folder, 'bad.pt'), 'no checkpoint');
    expect(await reasonFor('bad.pt', small)).toMatch(/bad\.pt/);
    expect(await reasonFor('missing.safetensors', small)).toMatch(/missing\.safetensors: there is no/);
  });
});

const cifar = { inputShape: [32, 32, 3], classes: 10, loss: 'cross-entropy' } as const;

describe.skipIf(realCheckpoints === null)('checkpoints in ../shared/data (skipped where they are absent)', () => {
  it.each(['dense', '4D_regularized_5Lremoved'])('ResNet-20 of Distiller (%s) is the built-in one', async kind => {
    const model = await loadModel(`distiller/checkpoint_trained_${kind}.pth.tar`, realCheckpoints!, cifar);
    expect(fileWeights(lowerModel(model, cifar), model)).toHaveLength(5 * 21 + 2);
  });

  it('ResNet-20 without weights in its shortcuts is the built-in one of that kind', async () => {
    const model = await loadModel('resnet-cifar10/resnet20-12fca82f.th', realCheckpoints!, cifar);
    expect(model.topology([32, 32, 3], 10)).toEqual(builtinModel('resnet-a:20').topology([32, 32, 3], 10));
    expect(fileWeights(lowerModel(model, cifar), model)).toHaveLength(5 * 19 + 2);
  });

  it('one network as .pt and .onnx gives the same logits', async () => {
    expect(existsSync(path.join(realCheckpoints!, 'mnistweb/mnist.pt'))).toBe(true);
    const x = Float32Array.from({ length: 784 }, () => random.nextFloat());
    const [pt, onnx] = await Promise.all(
      ['mnist.pt', 'mnist.onnx'].map(name => logitsOf(path.join(realCheckpoints!, 'mnistweb'), name, x, mnistTarget)),
    );
    expect(largestDifference(pt!, onnx!)).toBeLessThan(1e-4);
  });
});

describe.skipIf(realModels === null)('net.pt in ../shared/data (skipped where it is absent)', () => {
  it.each(['net.pt', 'net.safetensors'])('%s is of no built-in model', async name => {
    await expect(loadModel(name, realModels!, mnistTarget)).rejects.toThrow(
      /fits no built-in model.*torch\.onnx\.export/,
    );
  });
});

/** Models that no plan covers: what they are read as, what is refused, and that they train. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import { outputLayerOf } from '../../../../src/job/outputLayer';
import type { Model } from '../../../../src/models/model';
import type { KerasTopology } from '../../../../src/models/topology';
import { fileWeights, initialWeights } from '../../../../src/models/weights';
import { Random } from '../../../../src/shared/random';
import { isPlan, planOf, type LayersNetwork } from '../../../../src/training/network';
import { networkOf } from '../../../../src/training/networkOf';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import { createWasmExecutor } from '../../../../src/training/wasm/executor';
import { backends } from '../../../support/tfjs';
import { adam, randomMask, setupOf } from '../support';
import { dense, keras2, keras3, lstm, recurrent, type KerasLayer } from './kerasModels';

const shape = [5, 4];

async function read(
  topology: KerasTopology,
  classes = 3,
  inputShape: readonly number[] = shape,
): Promise<LayersNetwork> {
  const network = await networkOf({ topology: () => topology }, { inputShape, classes, loss: 'cross-entropy' });
  if (isPlan(network)) throw new Error('a plan covers it');
  return network;
}

const namesAndShapes = (network: LayersNetwork) => network.parameters.map(p => [p.name, p.shape.join('×'), p.prunable]);

describe('a network of layers that no plan covers', () => {
  it.each([
    ['Keras 2', keras2],
    ['Keras 3', keras3],
  ])('is read from the JSON of %s', async (_, write) => {
    const network = await read(write(shape, [lstm('lstm_1'), dense('scores', 3, 'softmax')]));
    expect(namesAndShapes(network)).toEqual([
      ['lstm_1/kernel', '4×24', true],
      ['lstm_1/recurrent_kernel', '6×24', true],
      ['lstm_1/bias', '24', false],
      ['scores/kernel', '6×3', true],
      ['scores/bias', '3', false],
    ]);
    expect(network.uncovered).toEqual({ layer: 'lstm_1', className: 'LSTM' });
    expect(network.outputs).toBe(3);
    expect(outputLayerOf(network)).toBe('scores');
  });

  it('gives the weights of wrapped layers names of their own', async () => {
    const wrapped = { class_name: 'LSTM', config: { name: 'inner', ...recurrent, return_sequences: true } };
    const network = await read(
      keras2(shape, [
        { className: 'Bidirectional', name: 'both', config: { merge_mode: 'concat', layer: wrapped } },
        {
          className: 'TimeDistributed',
          name: 'each',
          config: { layer: { class_name: 'Dense', config: { name: 'd', units: 2, activation: 'relu' } } },
        },
        { className: 'Flatten', name: 'flat', config: {} },
        dense('scores', 3),
      ]),
    );
    expect(network.parameters.map(({ name }) => name)).toEqual([
      ...['forward_inner', 'backward_inner'].flatMap(half =>
        ['kernel', 'recurrent_kernel', 'bias'].map(weight => `both/${half}/${weight}`),
      ),
      'each/kernel',
      'each/bias',
      'scores/kernel',
      'scores/bias',
    ]);
  });

  it('starts as Keras does: orthogonal recurrent kernels, forget gates at 1', async () => {
    const network = await read(keras2(shape, [lstm('lstm_1'), dense('scores', 3)]));
    const [kernel, recurrentKernel, bias] = initialWeights(network, 7);
    expect(new Set(kernel).size).toBeGreaterThan(90);
    for (const [a, b] of [
      [0, 0],
      [3, 3],
      [1, 4],
    ] as const) {
      const product = Array.from(
        { length: 24 },
        (_, i) => recurrentKernel![a * 24 + i]! * recurrentKernel![b * 24 + i]!,
      );
      expect(product.reduce((sum, value) => sum + value)).toBeCloseTo(a === b ? 1 : 0, 6);
    }
    expect([...bias!]).toEqual([
      ...Array<number>(6).fill(0),
      ...Array<number>(6).fill(1),
      ...Array<number>(12).fill(0),
    ]);
  });

  it('finds its weights in a file where Keras has put the cell between', async () => {
    const network = await read(keras2(shape, [lstm('lstm_1'), dense('scores', 3)]));
    const drawn = initialWeights(network, 1);
    const weights = new Map(
      network.parameters.map(({ name, shape: own }, i) => [
        name.replace('lstm_1/', 'lstm_1/lstm_cell_4/'),
        { shape: own, data: drawn[i]! },
      ]),
    );
    const model = { weights, description: 'model.h5' } as unknown as Model;
    expect(fileWeights(network, model)).toEqual(drawn);
  });

  it.each<[string, KerasLayer, RegExp]>([
    ['an unknown class', { className: 'Lambda', name: 'odd', config: {} }, /layer "odd" \(Lambda\) is covered neither/],
    ['a layer of other people', { className: 'MyAttention', name: 'mine', config: {} }, /"mine" \(MyAttention\)/],
    [
      'noise that nothing seeds',
      { className: 'GaussianNoise', name: 'noise', config: { stddev: 1 } },
      /"noise" \(GaussianNoise\)/,
    ],
    [
      'a regularizer',
      lstm('l', { kernel_regularizer: { class_name: 'L2', config: {} } }),
      /"l" \(LSTM\) has a regularizer/,
    ],
    ['a state that is kept', lstm('l', { stateful: true }), /stateful/],
    [
      'a GRU that resets after',
      { className: 'GRU', name: 'g', config: { ...recurrent, reset_after: true } },
      /reset_after=False/,
    ],
    ['an activation of its own', lstm('l', { activation: { class_name: 'mine' } }), /has the activation/],
    ['frozen weights', lstm('l', { trainable: false }), /frozen/],
    ['a size that no memory has', lstm('l', { units: 4_000_000_000 }), /"l" \(LSTM\)|weights; at most/],
  ])('refuses %s by name', async (_, layer, words) => {
    await expect(read(keras2(shape, [layer, lstm('after'), dense('scores', 3)]))).rejects.toThrow(words);
  });

  it('takes hard_sigmoid from Keras 2 only, where it means what it does in TensorFlow.js', async () => {
    const gate = { recurrent_activation: 'hard_sigmoid' };
    await expect(read(keras2(shape, [lstm('l', gate), dense('scores', 3)]))).resolves.toBeDefined();
    await expect(read(keras3(shape, [lstm('l', gate), dense('scores', 3)]))).rejects.toThrow(/hard_sigmoid/);
  });

  it('must fit the data, and end in what the loss takes', async () => {
    const model = keras2(shape, [lstm('l'), dense('scores', 3)]);
    await expect(read(model, 4)).rejects.toThrow(/ends in \[3\] but the data has 4 classes/);
    await expect(read(model, 3, [5, 3])).rejects.toThrow(/takes examples of shape \[5, 4\]/);
    await expect(read(keras2(shape, [lstm('l'), dense('scores', 3, 'sigmoid')]))).rejects.toThrow(
      /cross-entropy needs/,
    );
  });

  it('is refused by executors that run plans', async () => {
    const network = await read(keras2(shape, [lstm('lstm_1'), dense('scores', 3)]));
    const words = 'layer lstm_1 (LSTM) trains on TensorFlow.js only: choose executor auto, tensorflow or cpu';
    expect(() => planOf(network)).toThrow(words);
    const executor = await createWasmExecutor(sequences(4), { threads: 1 });
    await expect(executor.open(setupOf(network, initialWeights(network, 1)))).rejects.toThrow(words);
    await executor.close();
  });
});

/** The class is where along the sequence the first value is largest, to be remembered until the end. */
function sequences(count: number): DataSet {
  const random = new Random('sequences');
  const split = {
    count,
    inputs: Float32Array.from({ length: count * 20 }, () => random.nextGaussian() * 0.3),
    labels: Uint8Array.from({ length: count }, () => random.nextBelow(3)),
  };
  split.labels.forEach((label, i) => (split.inputs[i * 20 + label * 4] = 3));
  return {
    name: 'sequences',
    inputShape: shape,
    task: 'classification',
    classes: 3,
    training: split,
    validation: split,
    test: split,
    mean: [0],
    std: [1],
    fingerprint: '',
  };
}

describe('an Embedding at the beginning', () => {
  const embedding = {
    className: 'Embedding',
    name: 'words',
    config: { input_dim: 9, output_dim: 4, embeddings_initializer: { class_name: 'RandomUniform', config: {} } },
  };
  const numbers = (value: number, changes: Partial<DataSet> = {}): DataSet => {
    const split = { count: 2, inputs: Float32Array.of(0, 1, 2, 8, value, 4), labels: Uint8Array.of(0, 2) };
    const data = { training: split, validation: split, test: split };
    return { ...sequences(1), inputShape: [3], ...data, ...changes };
  };
  const trainOn = async (data: DataSet) => {
    const network = await read(keras2([3], [embedding, lstm('l'), dense('scores', 3)]), 3, [3]);
    const executor = createTfExecutor(data, backends[0]!);
    const session = await executor.open(setupOf(network, initialWeights(network, 1), { batchSize: 2 }));
    const { loss } = await session.train(2);
    await session.close();
    return { loss, parameters: namesAndShapes(network) };
  };

  it('trains on whole numbers, and is not pruned itself', async () => {
    const { loss, parameters } = await trainOn(numbers(3));
    expect(loss).toBeGreaterThan(0);
    expect(parameters[0]).toEqual(['words/embeddings', '9×4', false]);
  });

  it.each<[DataSet, RegExp]>([
    [numbers(9), /has the value 9, but layer "words" \(Embedding\) takes whole numbers from 0 to 8/],
    [numbers(0.5), /has the value 0.5/],
    [numbers(3, { mean: [2] }), /is standardised/],
  ])('says what of the data it cannot take', async (data, words) => {
    await expect(trainOn(data)).rejects.toThrow(words);
  });
});

describe.each(backends)('training layers on $name', { timeout: 60_000 }, backend => {
  const data = sequences(96);

  it.each<[string, readonly KerasLayer[]]>([
    [
      'LSTM with dropout',
      [
        lstm('l', { dropout: 0.2, recurrent_dropout: 0.2 }),
        { className: 'Dropout', name: 'drop', config: { rate: 0.1 } },
      ],
    ],
    ['GRU', [{ className: 'GRU', name: 'g', config: { ...recurrent, reset_after: false } }]],
    [
      'Conv1D and statistics',
      [
        {
          className: 'Conv1D',
          name: 'c',
          config: { filters: 8, kernel_size: [3], padding: 'same', activation: 'relu' },
        },
        { className: 'BatchNormalization', name: 'n', config: { momentum: 0.8 } },
        { className: 'Flatten', name: 'f', config: {} },
      ],
    ],
  ])('%s learns, masks stay 0, and the same bits come again', async (_, layers) => {
    const network = await read(keras2(shape, [...layers, dense('scores', 3, 'softmax')]));
    const masks = network.parameters.map(p => (p.prunable ? randomMask(new Random(p.name), p.size, 0.7) : null));
    const setup = setupOf(network, initialWeights(network, 5), {
      optimizer: { ...adam, learningRate: 0.03, weightDecay: 0 },
      batchSize: 32,
      orderSeed: 2,
      masks,
    });
    const results = [];
    for (let run = 0; run < 2; run++) {
      const executor = createTfExecutor(data, backend);
      const session = await executor.open(setup);
      const before = (await session.evaluate('test'))!;
      await session.train(30);
      const tensors = backend.tf.memory().numTensors;
      await session.train(60);
      expect(backend.tf.memory().numTensors).toBe(tensors);
      const after = (await session.evaluate('test'))!;
      expect(after.loss).toBeLessThan(before.loss * 0.7);
      const weights = await session.weights();
      weights.forEach((values, p) => {
        expect(values.filter((value, i) => masks[p]?.[i] === 0 && value !== 0)).toHaveLength(0);
      });
      results.push({ weights, loss: after.loss });
      await session.close();
      await executor.close();
    }
    expect(results[0]).toEqual(results[1]);
  });
});

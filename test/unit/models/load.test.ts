import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadModel } from '../../../src/models/load';
import { fileWeights, initialWeights } from '../../../src/models/weights';
import { ExperimentError } from '../../../src/shared/experiment';
import { lowerModel } from '../../../src/training/plan/lower';
import { dense, layer, sequential } from './topologies';

const target = { inputShape: [2, 2, 1], classes: 3, loss: 'cross-entropy' } as const;
const topology = sequential([2, 2, 1], [layer('Flatten'), dense('out', 3, 'softmax')]);
const specs = [
  { name: 'out/kernel', shape: [4, 3], dtype: 'float32' },
  { name: 'out/bias', shape: [3], dtype: 'float32' },
];
const values = Float32Array.from({ length: 15 }, (_, i) => i / 8);
const shard = new Uint8Array(values.buffer);

function modelJson(changes: object = {}): object {
  return {
    format: 'layers-model',
    generatedBy: 'test',
    modelTopology: topology,
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
    ...changes,
  };
}

/** Writes a model into a fresh folder, removed when the test is over; returns the folder. */
function saved(json: unknown, shards: Readonly<Record<string, Uint8Array>> = { 'weights.bin': shard }): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-model-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'model.json'), typeof json === 'string' ? json : JSON.stringify(json));
  for (const [name, bytes] of Object.entries(shards)) writeFileSync(path.join(folder, name), bytes);
  return folder;
}

describe('a LayersModel file', () => {
  it('gives its topology and its weights, in the order of the plan', async () => {
    const model = await loadModel('model.json', saved(modelJson()));
    const plan = lowerModel(model, target);
    expect(fileWeights(plan, model).map(data => Array.from(data))).toEqual([
      Array.from(values.subarray(0, 12)),
      Array.from(values.subarray(12)),
    ]);
  });

  it('may divide its weights among shards anywhere, and carry integers that are no weights', async () => {
    const weights = [{ name: 'seed', shape: [1], dtype: 'int32' }, ...specs];
    const manifest = [{ paths: ['a.bin', 'b.bin'], weights }];
    const bytes = Buffer.concat([Buffer.alloc(4), shard]);
    const folder = saved(modelJson({ weightsManifest: manifest }), {
      'a.bin': bytes.subarray(0, 9),
      'b.bin': bytes.subarray(9),
    });
    const model = await loadModel('model.json', folder);
    expect([...model.weights!.keys()]).toEqual(['out/kernel', 'out/bias']);
    expect(Array.from(fileWeights(lowerModel(model, target), model)[1]!)).toEqual(Array.from(values.subarray(12)));
  });

  it('may hold quantised weights: they are the numbers that they stand for', async () => {
    const [kernel, bias] = specs as [(typeof specs)[0], (typeof specs)[0]];
    const weights = [{ ...kernel, quantization: { dtype: 'uint8', scale: 0.5, min: -1 } }, bias];
    const bytes = Buffer.concat([Uint8Array.from({ length: 12 }, (_, i) => i), shard.subarray(48)]);
    const json = modelJson({ weightsManifest: [{ paths: ['weights.bin'], weights }] });
    const model = await loadModel('model.json', saved(json, { 'weights.bin': bytes }));
    const [read] = fileWeights(lowerModel(model, target), model);
    expect(Array.from(read!)).toEqual(Array.from({ length: 12 }, (_, i) => i / 2 - 1));
  });

  it('may come from the Keras converter, with model_config and longer weight names', async () => {
    const weights = specs.map(spec => ({ ...spec, name: `sequential/${spec.name}` }));
    const json = modelJson({
      modelTopology: { keras_version: '3.0.0', backend: 'tensorflow', model_config: topology },
      weightsManifest: [{ paths: ['weights.bin'], weights }],
    });
    const model = await loadModel('model.json', saved(json));
    expect(fileWeights(lowerModel(model, target), model)[0]!.length).toBe(12);
  });

  it.each(['dw/depthwise_kernel', 'dw/kernel', 'model/dw/kernel'])('may call a depthwise kernel %s', async name => {
    const layers = [
      layer('DepthwiseConv2D', { name: 'dw', kernel_size: [1, 1], use_bias: false }),
      layer('Flatten'),
      dense('out', 3),
    ];
    const bytes = Buffer.concat([Buffer.from(Float32Array.of(0.25).buffer), shard]);
    const json = modelJson({
      modelTopology: sequential([2, 2, 1], layers),
      weightsManifest: [
        { paths: ['weights.bin'], weights: [{ name, shape: [1, 1, 1, 1], dtype: 'float32' }, ...specs] },
      ],
    });
    const model = await loadModel('model.json', saved(json, { 'weights.bin': bytes }));
    expect(Array.from(fileWeights(lowerModel(model, target), model)[0]!)).toEqual([0.25]);
  });

  it('hands on which Keras wrote it, where the file says so', async () => {
    const written = await loadModel(
      'model.json',
      saved(modelJson({ modelTopology: { keras_version: '3.9.2', model_config: topology } })),
    );
    expect(written.topology([2, 2, 1], 3).keras_version).toBe('3.9.2');
  });

  it('may be a bare Keras topology: then it has no weights', async () => {
    const model = await loadModel('model.json', saved(topology));
    expect(model.weights).toBeNull();
    expect(() => fileWeights(lowerModel(model, target), model)).toThrow(/start: "file" needs weights.*use "fresh"/);
  });

  it('has fingerprints of its definition and of its weights', async () => {
    const other = Uint8Array.from(shard);
    other[0]! ^= 1;
    const [model, same, changed, wider] = await Promise.all([
      loadModel('model.json', saved(modelJson())),
      loadModel('model.json', saved(modelJson({ generatedBy: 'another' }))),
      loadModel('model.json', saved(modelJson(), { 'weights.bin': other })),
      loadModel('model.json', saved(sequential([2, 2, 1], [layer('Flatten'), dense('out', 4)]))),
    ]);
    expect([same.fingerprint, same.weightsFingerprint]).toEqual([model.fingerprint, model.weightsFingerprint]);
    expect(changed.fingerprint).toBe(model.fingerprint);
    expect(changed.weightsFingerprint).not.toBe(model.weightsFingerprint);
    expect(wider.fingerprint).not.toBe(model.fingerprint);
  });
});

const manifestOf = (weights: unknown, paths: unknown = ['weights.bin']): object =>
  modelJson({ weightsManifest: [{ paths, weights }] });

/** What model.json holds, and what the person reads. */
const refusals: readonly [string, unknown, RegExp][] = [
  ['something that is not JSON', 'PK\u0003\u0004', /model\.json: not valid JSON/],
  ['null', 'null', /is not a TensorFlow\.js LayersModel/],
  ['another JSON', { hello: 1 }, /is not a TensorFlow\.js LayersModel: it has no model topology/],
  [
    'a graph model',
    { format: 'graph-model', modelTopology: { node: [] } },
    /is a TensorFlow\.js graph model.*--output_format=tfjs_layers_model/,
  ],
  ['a subclassed model', { class_name: 'MyModel', config: {} }, /is a "MyModel" model: only Sequential and Functional/],
  [
    'layers that are none',
    { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense' }] } },
    /is not a Keras model: config/,
  ],
  ['two layers of one name', sequential([4], [dense('a', 3), dense('a', 3)]), /two layers are called "a"/],
  [
    'a layer without a name',
    { class_name: 'Sequential', config: [{ class_name: 'Dense', config: {} }] },
    /a Dense layer has no name/,
  ],
  [
    'a manifest that is none',
    modelJson({ weightsManifest: {} }),
    /its weight manifest cannot be read: it is not a list of groups/,
  ],
  [
    'a missing shard',
    manifestOf(specs, ['other.bin']),
    /holds the weight "out\/kernel", which cannot be read: .*other\.bin: there is no such file/,
  ],
  [
    'a shard that is too short',
    manifestOf([...specs, { name: 'more', shape: [1], dtype: 'float32' }]),
    /holds the weight "more", which cannot be read: weights\.bin is cut short/,
  ],
  [
    'a shard outside the folder',
    manifestOf(specs, ['../weights.bin']),
    /"\.\.\/weights\.bin", which leads out of its folder/,
  ],
  ['an absolute shard', manifestOf(specs, ['/etc/passwd']), /"\/etc\/passwd", which is an absolute path/],
  [
    'weights too large',
    manifestOf([{ name: 'w', shape: [2 ** 20, 2 ** 20], dtype: 'float32' }]),
    /holds 1099511627776 weights, more than the 268435456 that can be trained/,
  ],
  [
    'weights twice',
    manifestOf([specs[1], specs[1]], ['weights.bin']),
    /its name stands more than once in the manifest/,
  ],
];

describe('refusing', () => {
  it.each(refusals)('%s', async (_, json, text) => {
    const folder = saved(json);
    const error: unknown = await loadModel('model.json', folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExperimentError);
    expect((error as ExperimentError).field).toBe('model');
    expect((error as ExperimentError).message).toMatch(text);
    expect((error as ExperimentError).message).toContain(path.join(folder, 'model.json'));
  });

  it('a link out of the folder', async () => {
    const outside = saved(modelJson());
    const folder = saved(modelJson(), {});
    symlinkSync(path.join(outside, 'weights.bin'), path.join(folder, 'weights.bin'));
    await expect(loadModel('model.json', folder)).rejects.toThrow(
      /"weights\.bin" is a link that leads out of its folder/,
    );
  });

  it.each([
    ['nowhere/model.json', /nowhere\/model\.json: there is no such file/],
    ['folder.json', /folder\.json: a folder, not a file/],
    ['model.txt', /"model\.txt" cannot be read: it must be the model\.json/],
    ['builtin:resnet', /there is no built-in model "resnet"; use "builtin:lenet-300-100"/],
    ['builtin:mlp:', /"builtin:mlp:" needs 1 to 32 hidden widths from 1 to 65536/],
    ['builtin:mlp:300-0', /hidden widths/],
    ['builtin:mlp:1e9', /hidden widths/],
    ['builtin:mlp:99999999999', /hidden widths/],
    [`builtin:mlp:${Array(33).fill('1').join('-')}`, /1 to 32 hidden widths/],
  ])('%s', async (spec, text) => {
    const folder = saved(modelJson());
    mkdirSync(path.join(folder, 'folder.json'));
    const error: unknown = await loadModel(spec, folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ExperimentError', field: 'model' });
    expect((error as Error).message).toMatch(text);
  });

  it.each([
    [
      'a weight that is not there',
      [{ ...specs[0], name: 'other/kernel' }, specs[1]],
      /holds no weight called "out\/kernel"/,
    ],
    [
      'a weight of another shape',
      [{ ...specs[0], shape: [3, 4] }, specs[1]],
      /"out\/kernel" with shape \[3, 4\], but the layer needs \[4, 3\]/,
    ],
  ])('%s', async (_, weights, text) => {
    const model = await loadModel('model.json', saved(manifestOf(weights)));
    expect(() => fileWeights(lowerModel(model, target), model)).toThrow(text);
  });

  it('weights that are no numbers', async () => {
    const broken = Float32Array.from(values);
    broken[13] = NaN;
    const model = await loadModel('model.json', saved(modelJson(), { 'weights.bin': new Uint8Array(broken.buffer) }));
    expect(() => fileWeights(lowerModel(model, target), model)).toThrow(/NaN or infinite values in "out\/bias"/);
  });
});

describe('starting weights', () => {
  const plan = (spec = 'builtin:mlp:100-50') =>
    loadModel(spec, '/').then(model =>
      lowerModel(model, { inputShape: [20, 20, 1], classes: 10, loss: 'cross-entropy' }),
    );

  it('are Gaussian Glorot, cut off at two deviations, with zero biases', async () => {
    const [kernel, bias] = initialWeights(await plan(), 7) as [Float32Array, Float32Array];
    const deviation = Math.sqrt(2 / 500);
    const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length;
    const variance = kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length;
    expect(Math.abs(mean)).toBeLessThan(0.01 * deviation);
    expect(Math.sqrt(variance) / deviation).toBeCloseTo(1, 2);
    const largest = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual((2 * deviation) / 0.8796);
    expect(largest).toBeGreaterThan((1.95 * deviation) / 0.8796);
    expect(bias.every(value => value === 0)).toBe(true);
  });

  it('follow from the seed', async () => {
    const first = initialWeights(await plan(), 7);
    expect(initialWeights(await plan(), 7)).toEqual(first);
    expect(initialWeights(await plan(), 8)[0]).not.toEqual(first[0]);
  });

  it('of a layer do not depend on the layers before it', async () => {
    const wide = initialWeights(await plan('builtin:mlp:100-50'), 7);
    const narrow = initialWeights(await plan('builtin:mlp:30-50'), 7);
    expect(narrow[4]).toEqual(wide[4]);
  });

  it.each([
    ['he_uniform', Math.sqrt(2 / 400), Math.sqrt(6 / 400)],
    [
      { class_name: 'VarianceScaling', config: { scale: 2, mode: 'fan_out', distribution: 'uniform' } },
      Math.sqrt(2 / 100),
      Math.sqrt(6 / 100),
    ],
    [{ class_name: 'RandomUniform', config: { minval: -0.5, maxval: 0.5 } }, Math.sqrt(1 / 12), 0.5],
    [{ class_name: 'TruncatedNormal', config: { stddev: 1 } }, 0.8796, 2],
  ])('drawn by %j have its deviation and bounds', (initializer, deviation, bound) => {
    const layers = [dense('a', 100, 'relu', { kernel_initializer: initializer }), dense('out', 3)];
    const [kernel] = initialWeights(
      lowerModel({ topology: () => sequential([400], layers) }, { ...target, inputShape: [400] }),
      3,
    );
    const variance = kernel!.reduce((sum, value) => sum + value * value, 0) / kernel!.length;
    expect(Math.sqrt(variance) / deviation).toBeCloseTo(1, 1);
    expect(kernel!.every(value => Math.abs(value) <= bound)).toBe(true);
  });
});

/** TensorFlow.js: what a manifest says, where its weights lie, what they stand for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { concat } from '../../support/checkpoints';
import { valuesOf } from '../../support/openBytes';
import { bias, errorsOf, kernel, openTfjs } from '../../support/tfjsCheckpoint';
import { graphModel, layersModel, manifestOf, weight } from '../../support/tfjsModels';

describe('a layers model', () => {
  it('gives its weights, with the layers of its topology', async () => {
    const weights = [
      kernel,
      bias,
      weight('dw/kernel', [1, 1, 2, 1], [1, 2]),
      weight('up/kernel', [1, 1, 2, 1], [1, 2]),
      weight('odd/gamma', [1], [1]),
      weight('outer/inner/embeddings', [2, 1], [1, 2]),
      { ...weight('Adam/m', [1], [1]), group: 'optimizer' },
    ];
    const { groups, shards } = manifestOf(weights);
    const classes = {
      hidden: 'Dense',
      dw: 'DepthwiseConv2D',
      up: 'Conv2DTranspose',
      odd: 'BatchNormalization',
      inner: 'Embedding',
    };
    const checkpoint = await openTfjs(layersModel(classes, groups), shards);
    expect(checkpoint.format).toBe('TensorFlow.js layers model');
    expect(checkpoint.tensors).toMatchObject([
      { name: 'hidden/kernel', dtype: 'F32', shape: [2, 3], bytes: 24, kind: 'dense', outputAxis: 1, inputAxis: 0 },
      { name: 'hidden/bias', kind: 'bias', prunable: false },
      { name: 'dw/kernel', kind: 'convolution', outputAxis: 2, inputAxis: null },
      { name: 'up/kernel', kind: 'convolution', outputAxis: 2, inputAxis: 3 },
      { name: 'odd/gamma', kind: 'normalization' },
      { name: 'outer/inner/embeddings', kind: 'embedding' },
      { name: 'Adam/m', role: 'optimizer' },
    ]);
    expect(await valuesOf(checkpoint, 'hidden/bias')).toEqual([7, 8, 9]);
    const raw = checkpoint.raw(1)!;
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(bias.data);
    expect(checkpoint.metadata).toContainEqual(['keras_version', '2.11.0']);
    expect(checkpoint.notes).toEqual([]);
    await checkpoint.close();
  });

  it('is recognised where its manifest stands behind a topology of megabytes', async () => {
    const { groups, shards } = manifestOf([kernel]);
    const model = { modelTopology: { filler: 'x'.repeat(10_000) }, weightsManifest: groups };
    expect(await valuesOf(await openTfjs(JSON.stringify(model), shards), 'hidden/kernel')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('without weights is refused with what to do', async () => {
    await expect(openTfjs('{"modelTopology": {}}')).rejects.toThrow(/model\.json: .*without weights.*Save it anew/);
  });
});

describe('a graph model', () => {
  it('is told from its operations what each constant is for', async () => {
    const weights = [
      weight('conv', [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]),
      weight('depthwise', [1, 1, 2, 1], [1, 2]),
      weight('transposed', [1, 1, 3, 2], [1, 2, 3, 4, 5, 6]),
      weight('columns', [2, 3], [1, 2, 3, 4, 5, 6]),
      weight('rows', [3, 2], [1, 2, 3, 4, 5, 6]),
      weight('left', [3, 2], [1, 2, 3, 4, 5, 6]),
      weight('table', [3, 2], [1, 2, 3, 4, 5, 6]),
      weight('added', [1, 2], [1, 2]),
      weight('scale', [2], [1, 2]),
      weight('mean', [2], [1, 2]),
      { name: 'sizes', shape: [2], dtype: 'int32', data: new Uint8Array(Int32Array.of(-1, 784).buffer) },
    ];
    const { groups, shards } = manifestOf(weights);
    const flag = (name: string) => ({ [name]: { b: true } });
    const nodes = [
      { op: 'Identity', input: ['conv'] },
      { op: '_FusedConv2D', input: ['x', 'node0:0', 'added'], attr: { fused_ops: { list: { s: ['Qmlhc0FkZA=='] } } } },
      { op: 'DepthwiseConv2dNative', input: ['x', 'depthwise'] },
      { op: 'Conv2DBackpropInput', input: ['sizes', 'transposed', 'x'] },
      { op: 'MatMul', input: ['x', 'columns'] },
      { op: '_FusedMatMul', input: ['x', 'rows'], attr: flag('transpose_b') },
      { op: 'MatMul', input: ['left', 'x'] },
      { op: 'GatherV2', input: ['table', 'x'] },
      { op: 'AddV2', input: ['columns', 'x'] },
      { op: 'FusedBatchNormV3', input: ['x', 'scale', 'added', 'mean', 'mean'] },
    ];
    const checkpoint = await openTfjs(graphModel(nodes, groups), shards);
    expect(checkpoint.format).toBe('TensorFlow.js graph model');
    expect(Object.fromEntries(checkpoint.tensors.map(tensor => [tensor.name, tensor]))).toMatchObject({
      conv: { kind: 'convolution', outputAxis: 3, inputAxis: 2 },
      depthwise: { kind: 'convolution', outputAxis: 2, inputAxis: null },
      transposed: { kind: 'convolution', outputAxis: 2, inputAxis: 3 },
      columns: { kind: 'dense', outputAxis: 1, inputAxis: 0 },
      rows: { kind: 'dense', outputAxis: 0, inputAxis: 1 },
      left: { kind: 'dense', outputAxis: 0, inputAxis: 1 },
      table: { kind: 'embedding', outputAxis: 1, inputAxis: 0 },
      added: { kind: 'bias', prunable: false },
      scale: { kind: 'normalization' },
      mean: { role: 'buffer' },
      sizes: { role: 'buffer', dtype: 'I32' },
    });
    expect(await valuesOf(checkpoint, 'sizes')).toEqual([-1, 784]);
  });

  it.each<[string, unknown]>([
    ['none', null],
    ['a list', []],
    [
      'nodes that are none',
      { node: [null, 1, {}, { name: 'x', op: 'MatMul' }, { name: 1, op: 'MatMul', input: [{}] }] },
    ],
    ['an operation that every object has', { node: [{ name: 'x', op: 'constructor', input: ['a', 'hidden/kernel'] }] }],
  ])('whose topology is %s shows its weights', async (_, modelTopology) => {
    const { groups, shards } = manifestOf([kernel]);
    const json = JSON.stringify({ format: 'graph-model', modelTopology, weightsManifest: groups });
    expect(await valuesOf(await openTfjs(json, shards), 'hidden/kernel')).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a weight manifest by itself', () => {
  it.each(['weights', 'paths'])('is recognised where %s come first', async first => {
    const { groups, shards } = manifestOf([kernel, bias]);
    const { weights, paths } = groups[0]!;
    const json = JSON.stringify([first === 'weights' ? { weights, paths } : { paths, weights }]);
    const checkpoint = await openTfjs(json, shards, 'net-weights_manifest.json');
    expect(checkpoint.format).toBe('TensorFlow.js weights');
    expect(await valuesOf(checkpoint, 'hidden/bias')).toEqual([7, 8, 9]);
    expect(checkpoint.bytes).toBe(json.length + 36);
  });
});

describe('weights that lie in several shards', () => {
  it('are read whatever the size of the shards and the range', async () => {
    const sizes = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(6), fc.nat(6), async (size, a, b) => {
        const { groups, shards } = manifestOf([bias, kernel], size);
        const checkpoint = await openTfjs(JSON.stringify(groups), shards);
        const [begin, end] = [Math.min(a, b), Math.max(a, b)];
        expect([...(await checkpoint.values(1, begin, end))]).toEqual([1, 2, 3, 4, 5, 6].slice(begin, end));
        const raw = checkpoint.raw(1);
        const inOne = Math.floor(12 / size) === Math.floor(35 / size);
        expect(raw !== null).toBe(inOne);
        if (raw) expect(await raw.source.read(raw.offset, raw.length)).toEqual(kernel.data);
      }),
    );
  });

  it('keep their places where one shard is missing or cut short', async () => {
    const { groups, shards } = manifestOf(
      Array.from({ length: 6 }, (_, i) => weight(`w${i}`, [2], [i, i])),
      20,
    );
    expect(Object.keys(shards)).toHaveLength(3);
    const second = 'group1-shard2of3.bin';
    const { [second]: whole, ...others } = shards;
    const without = await openTfjs(JSON.stringify(groups), others);
    // w2 begins in the first shard, w4 ends the second
    expect(errorsOf(without).map(error => error === null)).toEqual([true, true, false, false, false, true]);
    expect(errorsOf(without)[2]).toMatch(/group1-shard2of3\.bin: there is no such file/);
    expect(without.notes).toEqual([expect.stringContaining(second)]);
    expect(await valuesOf(without, 'w5')).toEqual([5, 5]);
    const short = await openTfjs(JSON.stringify(groups), { ...shards, [second]: whole!.subarray(0, 12) });
    expect(errorsOf(short).map(error => error === null)).toEqual([true, true, true, true, false, true]);
    expect(errorsOf(short)[4]).toMatch(/group1-shard2of3\.bin is cut short/);
    await expect(short.values(4, 0, 1)).rejects.toThrow(CheckpointError);
    expect(await valuesOf(short, 'w3')).toEqual([3, 3]);
  });

  it('have no place behind the first shard where which one is cut short cannot be told', async () => {
    const { groups } = manifestOf([weight('first', [3], [1, 2, 3]), kernel], 12);
    for (const sizes of [
      [12, 8, 13],
      [12, 14, 4],
    ]) {
      const shards = Object.fromEntries(groups[0]!.paths.map((path, i) => [path, new Uint8Array(sizes[i]!)]));
      const [first, second] = errorsOf(await openTfjs(JSON.stringify(groups), shards));
      expect(first).toBeNull();
      expect(second).toMatch(/bytes together and the weights 36: which shard is cut short cannot be told/);
    }
  });

  it('have no place behind the first shard where another one is missing and sizes differ', async () => {
    const { groups } = manifestOf([weight('first', [3], [1, 2, 3]), kernel], 12);
    const [a, b] = groups[0]!.paths as [string, string];
    const shards = { [a]: new Uint8Array(12), [b]: new Uint8Array(20) };
    const [first, second] = errorsOf(await openTfjs(JSON.stringify(groups), shards));
    expect([first, second]).toEqual([null, expect.stringMatching(/group1-shard3of3\.bin: there is no such file/)]);
  });

  it.each([
    [8, 20, 4],
    [16, 12, 8],
    [16, 8, 12],
    [16, 20, 4],
  ])('have no place behind a missing one where shards of %d, %d and %d bytes are of no one size', async (a, b, c) => {
    const { groups } = manifestOf([weight('first', [2], [1, 2]), weight('rest', [(a + b + c) / 4 - 2], [])], 12);
    const paths = ['a.bin', 'b.bin', 'c.bin'];
    const json = JSON.stringify([{ ...groups[0]!, paths }]);
    const checkpoint = await openTfjs(json, { 'a.bin': new Uint8Array(a), 'c.bin': new Uint8Array(c) });
    expect(errorsOf(checkpoint)).toEqual([null, expect.stringMatching(/b\.bin: there is no such file/)]);
    const last = {
      paths,
      weights: [
        ...groups[0]!.weights.slice(0, 1),
        { name: 'mid', dtype: 'float32', shape: [(a + b) / 4 - 2] },
        { name: 'end', dtype: 'float32', shape: [c / 4] },
      ],
    };
    const apart = await openTfjs(JSON.stringify([last]), { 'a.bin': new Uint8Array(a), 'c.bin': new Uint8Array(c) });
    expect(errorsOf(apart)[2]).toMatch(/b\.bin: there is no such file/);
  });

  it('are those that the shard holds where it alone is cut short', async () => {
    const { groups, shards } = manifestOf([kernel, bias]);
    const path = Object.keys(shards)[0]!;
    const checkpoint = await openTfjs(JSON.stringify(groups), { [path]: shards[path]!.subarray(0, 24) });
    expect(errorsOf(checkpoint)).toEqual([
      null,
      'group1-shard1of1.bin is cut short: of bytes 24 to 36 of its group there are none from 24',
    ]);
  });

  it('are told of where the shard holds more', async () => {
    const { groups, shards } = manifestOf([kernel]);
    const path = Object.keys(shards)[0]!;
    const checkpoint = await openTfjs(JSON.stringify(groups), { [path]: concat(shards[path]!, new Uint8Array(5)) });
    expect(checkpoint.notes).toEqual(['5 bytes behind the last weight of group1-shard1of1.bin are left out']);
  });
});

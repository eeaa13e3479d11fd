/** From what a PyTorch file holds to the list of tensors and their values. */
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';

import { namesOf, openBytes, valuesOf } from '../../support/openBytes';
import {
  call,
  encode,
  floats,
  list,
  named,
  type Picklable,
  piece,
  storage,
  tensor,
  torchLegacy,
  torchZip,
} from '../../support/pickles';

const six = floats(1, 2, 3, 4, 5, 6);
const matrix = tensor({ key: '0', count: 6, shape: [2, 3] });
const other = tensor({ key: '1', count: 3, shape: [3] });

describe('values of views', () => {
  const storages = { 0: floats(...Array.from({ length: 60 }, (_, i) => i)) };
  it.each<[string, { shape: number[]; stride: number[]; offset?: number }, (...index: number[]) => number]>([
    ['transposed', { shape: [12, 5], stride: [1, 12] }, (i = 0, j = 0) => i + 12 * j],
    [
      'permuted and stepped',
      { shape: [3, 2, 4], stride: [1, 30, 6], offset: 2 },
      (i = 0, j = 0, k = 0) => 2 + i + 30 * j + 6 * k,
    ],
    ['expanded', { shape: [4, 3], stride: [0, 1], offset: 5 }, (...index) => 5 + index[1]!],
  ])('%s, whole and from any value to any other', async (_, view, expected) => {
    const checkpoint = await openBytes(torchZip({ w: tensor({ key: '0', count: 60, ...view }) }, storages));
    const wanted = Array.from({ length: checkpoint.tensors[0]!.count }, (_, n) => {
      const index: number[] = [];
      for (let axis = view.shape.length - 1, rest = n; axis >= 0; axis--) {
        index.unshift(rest % view.shape[axis]!);
        rest = Math.floor(rest / view.shape[axis]!);
      }
      return expected(...index);
    });
    expect(checkpoint.raw(0)).toBeNull();
    for (let begin = 0; begin <= wanted.length; begin++) {
      for (let end = begin; end <= wanted.length; end++) {
        expect(Array.from(await checkpoint.values(0, begin, end))).toEqual(wanted.slice(begin, end));
      }
    }
  });

  it('a transposed matrix of more than is read at once', async () => {
    const [rows, columns] = [1500, 900];
    const stored = Float32Array.from({ length: rows * columns }, (_, i) => i);
    const view = tensor({ key: '0', count: stored.length, shape: [rows, columns], stride: [1, rows] });
    const checkpoint = await openBytes(torchZip({ w: view }, { 0: new Uint8Array(stored.buffer) }));
    const [begin, end] = [columns + 17, 3 * columns + 5];
    const wanted = Array.from(
      { length: end - begin },
      (_, i) => Math.floor((begin + i) / columns) + rows * ((begin + i) % columns),
    );
    expect(Array.from(await checkpoint.values(0, begin, end))).toEqual(wanted);
  });

  it('scalars and tensors without values', async () => {
    const checkpoint = await openBytes(
      torchZip(
        {
          'a.scale': tensor({ key: '0', count: 60, offset: 7, shape: [] }),
          'b.weight': tensor({ key: 'none', count: 0, shape: [0, 4] }),
          w: matrix,
        },
        { 0: six.slice(0, 0), none: new Uint8Array(0) },
      ),
    );
    expect(checkpoint.tensors.map(({ name, error }) => [name, error === null])).toEqual([
      ['a.scale', false],
      ['b.weight', true],
      ['w', false],
    ]);
    expect(await valuesOf(checkpoint, 'b.weight')).toEqual([]);
    const scalar = await openBytes(torchZip({ w: tensor({ key: '0', count: 60, offset: 7, shape: [] }) }, storages));
    expect(await valuesOf(scalar, 'w')).toEqual([7]);
  });

  it('sparse tensors as the dense ones that they stand for', async () => {
    const longs = (...values: number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const index = (key: string, shape: number[]): Picklable =>
      tensor({ key, type: 'Long', count: shape.reduce((a, b) => a * b), shape });
    const coo = call('torch._utils', '_rebuild_sparse_tensor', named('torch', 'sparse_coo'), [
      index('i', [2, 3]),
      tensor({ key: 'v', count: 3, shape: [3] }),
      [3, 4],
    ]);
    const csr = call('torch._utils', '_rebuild_sparse_tensor', named('torch', 'sparse_csr'), [
      index('p', [4]),
      index('c', [3]),
      tensor({ key: 'v', count: 3, shape: [3] }),
      [3, 4],
    ]);
    const bad = call('torch._utils', '_rebuild_sparse_tensor', named('torch', 'sparse_coo'), [
      index('i', [2, 3]),
      tensor({ key: 'v', count: 3, shape: [3] }),
      [2, 2],
    ]);
    const checkpoint = await openBytes(
      torchZip(
        { 'coo.weight': coo, 'csr.weight': csr, 'bad.weight': bad },
        { i: longs(2, 0, 2, 1, 3, 1), p: longs(0, 1, 1, 3), c: longs(3, 0, 2), v: floats(1, 2, 3) },
      ),
    );
    // two entries at (2, 1) add up
    expect(await valuesOf(checkpoint, 'coo.weight')).toEqual([0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 0]);
    expect(await valuesOf(checkpoint, 'csr.weight')).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 3, 0]);
    await expect(valuesOf(checkpoint, 'bad.weight')).rejects.toThrow(/bad.weight: index 2 of an entry is outside/);
    expect(Array.from(await checkpoint.values(0, 3, 10))).toEqual([2, 0, 0, 0, 0, 0, 4]);
  });

  it('quantised tensors by their scale and zero point, for all or by channel', async () => {
    const scales = tensor({ key: 's', type: 'Double', count: 2, shape: [2] });
    const zeros = tensor({ key: 'z', type: 'Long', count: 2, shape: [2] });
    const stored = (): Picklable => storage({ key: 'q', type: 'QInt8', count: 4 });
    const quantised = (...parameters: Picklable[]): Picklable =>
      call('torch._utils', '_rebuild_qtensor', stored(), 0, [2, 2], [2, 1], parameters, false, {});
    const checkpoint = await openBytes(
      torchZip(
        {
          'a.weight': quantised(named('torch', 'per_tensor_affine'), 0.5, 1),
          'b.weight': quantised(named('torch', 'per_channel_affine'), scales, zeros, 0),
          'c.weight': quantised(named('torch', 'per_channel_affine'), scales, zeros, 5),
        },
        {
          q: Uint8Array.of(1, 3, 255, 5),
          s: new Uint8Array(Float64Array.of(1, 2).buffer),
          z: new Uint8Array(BigInt64Array.of(0n, 1n).buffer),
        },
      ),
    );
    expect(checkpoint.tensors[0]!.dtype).toBe('QINT8');
    expect(await valuesOf(checkpoint, 'a.weight')).toEqual([0, 1, -1, 2]);
    expect(await valuesOf(checkpoint, 'b.weight')).toEqual([1, 3, -4, 8]);
    expect(checkpoint.tensors[2]!.error).toMatch(/axis is outside/);
  });
});

describe('what is a weight', () => {
  const storages = { 0: six, 1: floats(7, 8, 9) };

  it('finds state dicts below, and shortens their names where all share a prefix', async () => {
    const checkpoint = await openBytes(
      torchZip({ epoch: 3, best: 0.5, state_dict: { 'module.fc.weight': matrix, 'module.fc.bias': other } }, storages),
    );
    expect(namesOf(checkpoint)).toEqual(['fc.weight', 'fc.bias']);
    expect(checkpoint.metadata).toEqual([
      ['epoch', '3'],
      ['best', '0.5'],
    ]);
    expect(checkpoint.notes).toEqual([
      'The weights are in "state_dict"; names are given without it.',
      'All names began with "module."; they are given without it.',
    ]);
  });

  it('keeps a prefix that one name does not have', async () => {
    const checkpoint = await openBytes(torchZip({ 'module.fc.weight': matrix, bias: other }, storages));
    expect(namesOf(checkpoint)).toEqual(['module.fc.weight', 'bias']);
  });

  it('lists optimiser state, masks and random state apart, behind the weights', async () => {
    const checkpoint = await openBytes(
      torchZip(
        {
          optimizer: { state: { 0: { exp_avg: tensor({ key: '2', count: 6, shape: [2, 3] }) } }, param_groups: list() },
          masks_dict: { 'fc.weight': tensor({ key: '3', count: 6, shape: [2, 3] }) },
          rng_state: tensor({ key: '4', type: 'Byte', count: 3, shape: [3] }),
          model: { 'fc.weight': matrix, 'fc.bias': other },
        },
        { ...storages, 2: six, 3: six, 4: Uint8Array.of(1, 2, 3) },
      ),
    );
    expect(checkpoint.tensors.map(({ name, role }) => [name, role])).toEqual([
      ['fc.weight', 'weight'],
      ['fc.bias', 'weight'],
      ['optimizer.state.0.exp_avg', 'optimizer'],
      ['masks_dict.fc.weight', 'other'],
      ['rng_state', 'other'],
    ]);
  });

  it('counts a running average of the weights in no total', async () => {
    const copy = tensor({ key: '1', count: 6, shape: [2, 3] });
    const checkpoint = await openBytes(torchZip({ model: { w: matrix }, ema: { w: copy } }, { 0: six, 1: six }));
    expect(namesOf(checkpoint, 'weight')).toEqual(['w']);
    expect(namesOf(checkpoint, 'other')).toEqual(['ema.w']);
  });

  it('opens a whole module with the classes of its writer, and says which it did not know', async () => {
    const child = piece(
      call('torch.nn.modules.linear', 'Linear').bytes,
      encode({ _parameters: { weight: matrix, bias: null }, _buffers: { steps: other }, _modules: {}, in_features: 3 }),
      'b',
    );
    const root = piece(
      call('my.models', 'Net').bytes,
      encode({ training: true, _parameters: {}, _buffers: {}, _modules: { fc: child } }),
      'b',
    );
    const checkpoint = await openBytes(torchZip(root, storages));
    expect(namesOf(checkpoint)).toEqual(['fc.weight', 'fc.steps']);
    expect(checkpoint.notes).toEqual(['The pickle names my.models.Net: not run, kept as plain data.']);
  });

  it('tells what a pickle wanted to run', async () => {
    const checkpoint = await openBytes(torchZip({ w: matrix, hook: call('os', 'system', 'true') }, storages));
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(checkpoint.notes.join()).toContain('os.system: not run');
  });

  it('counts the same memory once, and tells views that share it in part', async () => {
    const tied = await openBytes(torchZip({ 'embed.weight': matrix, 'head.weight': matrix }, storages));
    expect(tied.tensors.map(({ tiedTo, bytes }) => [tiedTo, bytes])).toEqual([
      [null, 24],
      ['embed.weight', 0],
    ]);
    expect(await valuesOf(tied, 'head.weight')).toEqual([1, 2, 3, 4, 5, 6]);
    const part = tensor({ key: '0', count: 6, offset: 2, shape: [4] });
    const views = await openBytes(torchZip({ 'a.weight': matrix, 'b.weight': part }, storages));
    expect(views.tensors.every(({ tiedTo }) => tiedTo === null)).toBe(true);
    expect(views.notes.join()).toMatch(/"a.weight" and "b.weight" are views of the same memory in part/);
  });

  it('multiplies the masks of torch.nn.utils.prune into the weights', async () => {
    const mask = tensor({ key: 'm', count: 6, shape: [2, 3] });
    const checkpoint = await openBytes(
      torchZip(
        { 'fc.bias': other, 'fc.weight_orig': matrix, 'fc.weight_mask': mask },
        { ...storages, m: floats(1, 0, 1, 0, 0, 1) },
      ),
    );
    expect(namesOf(checkpoint)).toEqual(['fc.bias', 'fc.weight']);
    expect(await valuesOf(checkpoint, 'fc.weight')).toEqual([1, 0, 3, 0, 0, 6]);
    expect(checkpoint.tensors[1]).toMatchObject({ prunable: true, bytes: 48 });
    expect(checkpoint.raw(1)).toBeNull();
    expect(checkpoint.notes.join()).toMatch(/1 pruned by torch.nn.utils.prune/);
  });

  it('follows cycles once', async () => {
    const cyclic = piece('}q\x05', encode('self'), 'h\x05s', encode('w'), matrix.bytes, 's');
    expect(namesOf(await openBytes(torchZip(cyclic, storages)))).toEqual(['w']);
  });

  it('numbers names that come twice', async () => {
    const checkpoint = await openBytes(torchZip({ 'a.b': matrix, a: { b: other } }, storages));
    expect(namesOf(checkpoint)).toEqual(['a.b', 'a.b (2)']);
    expect(checkpoint.notes.join()).toMatch(/1 names come more than once/);
  });
});

describe('one bad tensor', () => {
  it.each<[string, Picklable, RegExp]>([
    [
      'that reaches beyond its storage',
      tensor({ key: '0', count: 6, shape: [2, 4] }),
      /reaches to value 8 of a storage of 6/,
    ],
    [
      'of 10^9 values over six',
      tensor({ key: '0', count: 6, shape: [1e9], stride: [0] }),
      /repeats 6 values to 1000000000/,
    ],
    ['whose shape overflows', tensor({ key: '0', count: 6, shape: [2 ** 40, 2 ** 40] }), /more than 2\^53 values/],
    ['with a negative size', tensor({ key: '0', count: 6, shape: [-2, -3], stride: [3, 1] }), /no list of sizes/],
    [
      'with a negative stride',
      tensor({ key: '0', count: 6, shape: [6], stride: [-1] }),
      /strides are no list of positive/,
    ],
    ['with a negative offset', tensor({ key: '0', count: 6, shape: [6], offset: -1 }), /offset is no position/],
    ['of 40 axes', tensor({ key: '0', count: 6, shape: new Array<number>(40).fill(1) }), /no list of sizes/],
    ['whose storage is missing', tensor({ key: 'gone', count: 6, shape: [6] }), /storage gone is not in the archive/],
    [
      'whose storage is too short',
      tensor({ key: 'short', count: 6, shape: [6] }),
      /has 4 bytes, and the pickle says 24/,
    ],
    ['of complex numbers', tensor({ key: 'c', type: 'ComplexFloat', count: 1, shape: [1] }), /type C64 are not read/],
    [
      'of an unknown storage',
      tensor({ key: '0', type: 'Evil', count: 6, shape: [6] }),
      /storage is of an unknown kind/,
    ],
    [
      'on the meta device',
      call('torch._utils', '_rebuild_meta_tensor_no_storage', named('torch', 'float32'), [2], [1], false),
      /no values were saved/,
    ],
  ])('%s is listed with its error, the others as ever', async (_, bad, error) => {
    const checkpoint = await openBytes(
      torchZip({ 'bad.weight': bad, 'good.weight': matrix }, { 0: six, short: floats(1), c: floats(1, 2) }),
    );
    expect(checkpoint.tensors[0]!.name).toBe('bad.weight');
    expect(checkpoint.tensors[0]!.error).toMatch(error);
    await expect(checkpoint.values(0, 0, 1)).rejects.toThrow(CheckpointError);
    expect(await valuesOf(checkpoint, 'good.weight')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a legacy file that ends early keeps what is there', async () => {
    const tensors = {
      'a.weight': tensor({ key: '7', count: 6, shape: [6], legacy: true }),
      'b.weight': tensor({ key: '9', count: 6, shape: [6], legacy: true }),
    };
    const whole = torchLegacy(tensors, [
      ['7', 6, six],
      ['9', 6, six],
    ]);
    const checkpoint = await openBytes(whole.subarray(0, whole.length - 1));
    expect(await valuesOf(checkpoint, 'a.weight')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(checkpoint.tensors[1]!.error).toMatch(/storage 9 goes on to byte \d+, and the file ends at \d+/);
    const lying = await openBytes(
      torchLegacy(tensors, [
        ['7', 2 ** 40, six],
        ['9', 6, six],
      ]),
    );
    expect(lying.tensors.map(({ error }) => error)).toEqual(
      new Array(2).fill(expect.stringMatching(/has 1099511627776 values/)),
    );
  });
});

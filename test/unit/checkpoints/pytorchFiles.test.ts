/** PyTorch's containers: the zip and the legacy format, bare pickles, and what is left of them when damaged. */
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { concat, text, zipBytes } from '../../support/checkpoints';
import { namesOf, openBytes, valuesOf } from '../../support/openBytes';
import {
  call,
  encode,
  floats,
  named,
  pickle,
  type Picklable,
  piece,
  tensor,
  torchLegacy,
  torchZip,
} from '../../support/pickles';

const six = floats(1, 2, 3, 4, 5, 6);
const matrix = tensor({ key: '0', count: 6, shape: [2, 3] });
const other = tensor({ key: '1', count: 3, shape: [3] });

describe('containers', () => {
  it('reads the zip format, its values as they lie in the file', async () => {
    const bytes = torchZip({ 'fc.weight': matrix, 'fc.bias': other }, { 0: six, 1: floats(7, 8, 9) });
    const checkpoint = await openBytes(bytes);
    expect(checkpoint.format).toBe('PyTorch (zip)');
    expect(checkpoint.tensors[0]).toMatchObject({
      name: 'fc.weight',
      dtype: 'F32',
      shape: [2, 3],
      bytes: 24,
      prunable: true,
    });
    expect(await valuesOf(checkpoint, 'fc.bias')).toEqual([7, 8, 9]);
    const { source, offset, length } = checkpoint.raw(0)!;
    expect(await source.read(offset, length)).toEqual(six);
    expect(checkpoint.bytes).toBe(bytes.length);
  });

  it('reads the values of compressed entries', async () => {
    const bytes = zipBytes([
      { name: 'x/data.pkl', data: pickle({ w: matrix }), deflate: true },
      { name: 'x/data/0', data: six, deflate: true },
    ]);
    const checkpoint = await openBytes(bytes);
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('swaps the bytes of archives from big-endian machines', async () => {
    const swapped = Uint8Array.from(six, (_, i) => six[i - (i % 4) + 3 - (i % 4)]!);
    const checkpoint = await openBytes(
      torchZip({ w: matrix }, { 0: swapped }, [{ name: 'archive/byteorder', data: text('big') }]),
    );
    expect(checkpoint.raw(0)).toBeNull();
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('opens TorchScript without reading its code', async () => {
    const module = piece('c__torch__.torch.nn\nLinear\n)\x81', encode({ training: true, weight: matrix }), 'b');
    const root = piece('c__torch__\nNet\n)\x81', encode({ training: false, fc: module, scale: other }), 'b');
    const checkpoint = await openBytes(
      torchZip(root, { 0: six, 1: floats(7, 8, 9) }, [
        { name: 'archive/constants.pkl', data: pickle([]) },
        { name: 'archive/code/__torch__.py', data: text('import os\nos.system("true")') },
      ]),
    );
    expect(checkpoint.format).toBe('PyTorch (TorchScript)');
    expect(namesOf(checkpoint, 'weight')).toEqual(['fc.weight', 'scale']);
    expect(checkpoint.notes.join()).toMatch(/code was not read/);
  });

  it('reads the legacy format, its storages in the order of their list', async () => {
    const legacy = (key: string, count: number, shape: number[], view?: Picklable): Picklable =>
      tensor({ key, count, shape, legacy: true, ...(view !== undefined && { view: view as readonly Picklable[] }) });
    const checkpoint = await openBytes(
      torchLegacy(
        {
          state_dict: {
            'a.weight': legacy('7', 6, [2, 3]),
            'b.weight': legacy('9', 4, [2, 2]),
            'c.weight': legacy('9', 4, [1, 2], ['v', 2, 2]),
          },
        },
        [
          ['9', 4, floats(10, 20, 30, 40)],
          ['7', 6, six],
        ],
      ),
      'model.pth.tar',
    );
    expect(checkpoint.format).toBe('PyTorch (legacy pickle)');
    expect(await valuesOf(checkpoint, 'a.weight')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await valuesOf(checkpoint, 'b.weight')).toEqual([10, 20, 30, 40]);
    expect(await valuesOf(checkpoint, 'c.weight')).toEqual([30, 40]);
  });

  it('reads NumPy arrays in a bare pickle, of either order', async () => {
    const array = (bytes: Uint8Array, order: string, fortran: boolean): Picklable => {
      const dtype = piece(
        call('numpy', 'dtype', 'f4', false, true).bytes,
        encode([3, order, null, null, null, -1, -1, 0]),
        'b',
      );
      const empty = call('numpy.core.multiarray', '_reconstruct', named('numpy', 'ndarray'), [0], 'b');
      return piece(empty.bytes, encode([1, [2, 3], dtype, fortran, bytes]), 'b');
    };
    const checkpoint = await openBytes(pickle({ w: array(six, '<', false), f: array(six, '<', true) }), 'weights.pkl');
    expect(checkpoint.format).toBe('Python pickle');
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await valuesOf(checkpoint, 'f')).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it('says what to do with the tar format of 2016', async () => {
    const tar = Buffer.alloc(1024);
    tar.write('sys_info');
    tar.write('ustar', 257);
    await expect(openBytes(tar, 'old.pth')).rejects.toThrow(/tar format of before 0.2 .*save it anew/);
  });

  it('leaves zips of others to others', async () => {
    const npz = zipBytes([{ name: 'a.txt', data: text('hello') }]);
    await expect(openBytes(npz, 'x.pt')).rejects.toThrow(/no checkpoint format/);
  });
});

describe('damaged files', () => {
  const small = { 'fc.weight': matrix, 'fc.bias': other };
  const legacySmall = {
    'fc.weight': tensor({ key: '0', count: 6, shape: [2, 3], legacy: true }),
    'fc.bias': tensor({ key: '1', count: 3, shape: [3], legacy: true }),
  };
  const files: readonly (readonly [string, Uint8Array])[] = [
    ['zip', torchZip(small, { 0: six, 1: floats(7, 8, 9) })],
    [
      'legacy',
      torchLegacy(legacySmall, [
        ['0', 6, six],
        ['1', 3, floats(7, 8, 9)],
      ]),
    ],
  ];

  /** Opens and reads everything; only a CheckpointError may come of it. */
  async function readAll(bytes: Uint8Array): Promise<void> {
    try {
      const checkpoint = await openBytes(bytes);
      for (const [index, { count, error }] of checkpoint.tensors.entries()) {
        if (error === null)
          expect(await checkpoint.values(index, 0, Math.min(count, 1000))).toHaveLength(Math.min(count, 1000));
      }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
    }
  }

  it.each(files)('a %s file cut off at any byte is refused or read right', async (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) await readAll(bytes.slice(0, length));
  });

  it.each(files)('a %s file with any byte turned over is refused or read', async (_, bytes) => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0xff, bytes[at]! ^ 0x80, bytes[at]! + 1]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        await readAll(damaged);
      }
    }
  });

  it('nesting of a million dicts ends in a note', async () => {
    const deep = piece(Buffer.alloc(300_000, ']'), Buffer.alloc(299_999, 'a'));
    const checkpoint = await openBytes(torchZip({ w: matrix, deep }, { 0: six }));
    expect(namesOf(checkpoint)).toEqual(['w']);
    expect(checkpoint.notes.join()).toMatch(/Not looked into deep/);
  });

  it('a pickle without tensors says so', async () => {
    await expect(openBytes(concat(pickle({ a: 1 })), 'x.pkl')).rejects.toThrow(/without tensors/);
  });
});

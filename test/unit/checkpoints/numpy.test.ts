import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { parseLiteral } from '../../../src/checkpoints/numpyLiteral';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { concat, npyBytes, text, zipBytes, type ZipFixture } from '../../support/checkpoints';

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const open = (bytes: Uint8Array, name = 'folder/weights.npy') => openCheckpoint(memorySource(name, bytes));

describe('a .npy array', () => {
  it.each([1, 2, 3] as const)('of version %d.0 gives its values', async version => {
    const checkpoint = await open(npyBytes(header("'<f4'", '(2, 3)'), floats(1, 2, 3, 4, 5, 6), version));
    expect(checkpoint.format).toBe('NumPy (.npy)');
    expect(checkpoint.tensors).toMatchObject([{ name: 'weights', dtype: 'F32', shape: [2, 3], count: 6, bytes: 24 }]);
    expect([...(await checkpoint.values(0, 1, 4))]).toEqual([2, 3, 4]);
    const raw = checkpoint.raw(0)!;
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(floats(1, 2, 3, 4, 5, 6));
  });

  it.each<[string, Uint8Array, number[]]>([
    ['<f8', new Uint8Array(Float64Array.of(1.1, -2).buffer), [1.1, -2]],
    ['<f2', Uint8Array.of(0, 0x3c, 0, 0x7c), [1, Infinity]],
    ['>f4', Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0), [1, -2]],
    ['>i2', Uint8Array.of(1, 2, 0xff, 0xfe), [258, -2]],
    ['>u8', Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7), [256, 7]],
    ['<i8', new Uint8Array(BigInt64Array.of(-3n, 4n).buffer), [-3, 4]],
    ['|b1', Uint8Array.of(0, 1), [0, 1]],
    ['|u1', Uint8Array.of(200, 1), [200, 1]],
    ['|i1', Uint8Array.of(200, 1), [-56, 1]],
  ])('of %s gives its values', async (descr, data, values) => {
    const checkpoint = await open(npyBytes(header(`'${descr}'`, '(2,)'), data));
    expect([...(await checkpoint.values(0, 0, 2))]).toEqual(values);
    expect(checkpoint.raw(0) === null).toBe(descr.startsWith('>'));
  });

  it('in column-major order is read in row-major order, whatever the range', async () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), fc.nat(), fc.boolean(), async (shape, a, b, big) => {
        const count = shape.reduce((product, size) => product * size, 1);
        // element (i, j, k, …) lies at i + j·I + k·I·J …, and has the value of its place in row-major order
        const data = new DataView(new ArrayBuffer(4 * count));
        for (let place = 0; place < count; place++) {
          let [rest, index, stride] = [place, 0, count];
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            stride /= shape[axis]!;
            index += (rest % shape[axis]!) * stride;
            rest = Math.floor(rest / shape[axis]!);
          }
          data.setInt32(4 * index, place, !big);
        }
        const bytes = npyBytes(
          header(big ? "'>i4'" : "'<i4'", `(${shape.join(', ')})`, 'True'),
          new Uint8Array(data.buffer),
        );
        const checkpoint = await open(bytes);
        const [begin, end] = [a % (count + 1), b % (count + 1)].sort((x, y) => x - y) as [number, number];
        const expected = Array.from({ length: end - begin }, (_, i) => begin + i);
        expect([...(await checkpoint.values(0, begin, end))]).toEqual(expected);
        if (shape.filter(size => size > 1).length > 1) expect(checkpoint.raw(0)).toBeNull();
      }),
    );
  });

  it('without axes or without values is one value or none', async () => {
    const scalar = await open(npyBytes(header("'<f4'", '()'), floats(7)));
    expect(scalar.tensors[0]).toMatchObject({ shape: [], count: 1 });
    expect([...(await scalar.values(0, 0, 1))]).toEqual([7]);
    const empty = await open(npyBytes(header("'<f4'", '(3, 0)', 'True'), new Uint8Array(0)));
    expect([...(await empty.values(0, 0, 0))]).toEqual([]);
  });

  it('takes the long integers of Python 2, and tells of bytes behind the array', async () => {
    const checkpoint = await open(npyBytes(header('"<f4"', '(1L,)'), floats(1, 2)));
    expect(checkpoint.tensors[0]!.shape).toEqual([1]);
    expect(checkpoint.notes).toEqual(['4 bytes after the array are left out']);
  });

  const good = header("'<f4'", '(1,)');
  it.each<[string, Uint8Array, RegExp]>([
    ['of Python objects', npyBytes(header("'|O'", '(1,)'), floats(1)), /Python objects: they are pickled/],
    ['of a structured type', npyBytes(header("[('a', '<f4'), ('b', '<i4', (2,))]", '(1,)'), floats(1)), /structured/],
    ['of text', npyBytes(header("'<U5'", '(1,)'), new Uint8Array(20)), /type "<U5" is not one of numbers/],
    ['of complex numbers', npyBytes(header("'<c8'", '(1,)'), floats(1, 2)), /type "<c8"/],
    ['of bfloat16', npyBytes(header("'<V2'", '(1,)'), floats(1)), /save as float32/],
    ['of a type of Object.prototype', npyBytes(header("'toString'", '(1,)'), floats(1)), /type "toString"/],
    [
      'of a billion values',
      npyBytes(header("'<f4'", '(1000000000,)'), floats(1)),
      /needs 4000000000 bytes, but 4 follow/,
    ],
    [
      'of a shape that overflows',
      npyBytes(header("'<f4'", `(${'9007199254740991,'.repeat(30)})`), floats(1)),
      /cut short/,
    ],
    ['of too many axes', npyBytes(header("'<f4'", `(${'1,'.repeat(40)})`), floats(1)), /shape is not a tuple/],
    ['of a negative size', npyBytes(header("'<f4'", '(-1,)'), floats(1)), /shape is not a tuple/],
    ['whose shape is no tuple', npyBytes(header("'<f4'", '(1)'), floats(1)), /shape is not a tuple/],
    ['of version 4', npyBytes(good, floats(1)).fill(4, 6, 7), /version 4\.0 of \.npy is not known/],
    ['with code for a header', npyBytes("__import__('os').system('id')", floats(1)), /no Python literal/],
    ['with an expression in its header', npyBytes(header("'<f4'", '(1+1,)'), floats(1)), /"\+1,/],
    ['with a field more', npyBytes(good.replace('}', "'x': 1}"), floats(1)), /not just descr, fortran_order, shape/],
    ['with a field less', npyBytes("{'descr': '<f4'}", floats(1)), /not just/],
    ['with a field twice', npyBytes(good.replace('}', "'shape': (2,)}"), floats(1)), /the key "shape" twice/],
    ['with a header that is no dictionary', npyBytes('(1,)', floats(1)), /not a dictionary/],
    ['with a nested header', npyBytes('('.repeat(50_000), floats(1)), /nested deeper than 16/],
    ['with a header longer than the file', npyBytes(good, floats(1)).fill(255, 8, 10), /header claims 65535 bytes/],
    ['cut in its header', npyBytes(good, floats(1)).subarray(0, 40), /header claims 118 bytes, but 30 follow/],
    ['cut in its values', npyBytes(good, floats(1)).subarray(0, -1), /needs 4 bytes, but 3 follow/],
    ['cut in its length', npyBytes(good, floats(1), 2).subarray(0, 9), /too few/],
  ])('%s is refused with the reason', async (_, bytes, reason) => {
    await expect(open(bytes)).rejects.toThrow(CheckpointError);
    await expect(open(bytes)).rejects.toThrow(reason);
    await expect(open(bytes)).rejects.toThrow(/^folder\/weights\.npy: /);
  });
});

describe('a .npz archive', () => {
  const array = (...values: number[]) => npyBytes(header("'<f4'", `(${values.length},)`), floats(...values));
  const openZip = (...entries: ZipFixture[]) => open(zipBytes(entries), 'net.npz');

  it('gives its arrays, stored and deflated', async () => {
    const checkpoint = await openZip(
      { name: 'dense/kernel.npy', data: npyBytes(header("'<f4'", '(1, 2)'), floats(1, 2)) },
      { name: 'b.npy', data: array(3, 4, 5), deflate: true },
      { name: 'readme.txt', data: text('x') },
    );
    expect(checkpoint.format).toBe('NumPy (.npz)');
    expect(checkpoint.tensors).toMatchObject([
      { name: 'dense/kernel', prunable: true, outputAxis: 1, inputAxis: 0 },
      { name: 'b', shape: [3] },
    ]);
    expect([...(await checkpoint.values(0, 0, 2))]).toEqual([1, 2]);
    expect([...(await checkpoint.values(1, 1, 3))]).toEqual([4, 5]);
    expect([...(await checkpoint.values(1, 0, 1))]).toEqual([3]);
    const raw = checkpoint.raw(0)!;
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(floats(1, 2));
    expect(checkpoint.raw(1)).toBeNull();
    expect(checkpoint.notes).toEqual(['1 entries of the archive are no arrays: left out']);
    await checkpoint.close();
  });

  it.each<[string, ZipFixture, RegExp]>([
    [
      'of Python objects',
      { name: 'bad.npy', data: npyBytes(header("'|O'", '(1,)'), floats(1)) },
      /bad\.npy: an array of Py/,
    ],
    ['that is cut', { name: 'bad.npy', data: array(1, 2).subarray(0, -2) }, /needs 8 bytes, but 6/],
    ['that is no array', { name: 'bad.npy', data: text('not at all') }, /not a \.npy array/],
    ['that is encrypted', { name: 'bad.npy', data: array(1, 2), deflate: true, forged: { flags: 1 } }, /encrypted/],
  ])('shows the other arrays beside one %s', async (_, bad, reason) => {
    const checkpoint = await openZip(bad, { name: 'good.npy', data: array(1) });
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['bad', 'good']);
    expect(checkpoint.tensors[0]!.error).toMatch(reason);
    expect(checkpoint.raw(0)).toBeNull();
    await expect(checkpoint.values(0, 0, 1)).rejects.toThrow(reason);
    expect([...(await checkpoint.values(1, 0, 1))]).toEqual([1]);
  });

  it('lists a name that comes twice once, as unreadable', async () => {
    const checkpoint = await openZip({ name: 'a.npy', data: array(1) }, { name: 'a.npy', data: array(2) });
    expect(checkpoint.tensors.length).toBe(1);
    expect(checkpoint.tensors[0]!.error).toMatch(/more than once/);
  });
});

describe('Python literals', () => {
  it.each<[string, unknown]>([
    ["'a'", 'a'],
    ['"it\'s"', "it's"],
    ['(1)', 1],
    ['(1,)', [1]],
    ['[ 1, -2 , None]', [1, -2, null]],
    ['(True, False)', [true, false]],
    ['()', []],
    ["{'a': {'b': [1]}}\n", new Map([['a', new Map([['b', [1]]])]])],
  ])('%s', (literal, value) => {
    expect(parseLiteral(literal)).toEqual(value);
  });

  it.each([
    '',
    'x',
    'Truely',
    '1.5',
    '12abc',
    "'a",
    "'\\x41'",
    '{1: 2}',
    "{'a' 1}",
    "{'a': 1",
    '(1 2)',
    '(,)',
    '[1)',
    '1 1',
    ')',
  ])('%j is refused', literal => {
    expect(() => parseLiteral(literal)).toThrow(SyntaxError);
  });

  it('never fails otherwise than with a SyntaxError', () => {
    const pieces = fc.constantFrom('{', '}', '(', ')', '[', ']', ',', ':', "'a'", '1', 'True', ' ', '"');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), list => {
        try {
          parseLiteral(list.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});

it('an archive that is cut short is refused, whatever it holds', async () => {
  const bytes = zipBytes([{ name: 'a.npy', data: npyBytes(header("'<f4'", '(1,)'), floats(1)) }]);
  await expect(open(bytes.subarray(0, 150), 'net.npz')).rejects.toThrow(/net\.npz: its zip directory cannot be read/);
  await expect(open(concat(bytes, text('more')), 'net.npz')).rejects.toThrow(CheckpointError);
});

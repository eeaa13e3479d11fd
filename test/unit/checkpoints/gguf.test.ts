/** GGUF: metadata and tensors of all versions and both orders of bytes, and what quantised blocks stand for. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { Random } from '../../../src/shared/random';
import { concat } from '../../support/checkpoints';
import { blockTypes, packBlock } from '../../support/ggufBlocks';
import { ggufBytes, name, texts, u32, type GgufTensor, type GgufValue } from '../../support/ggufFiles';

const open = (bytes: Uint8Array, file = 'folder/model.gguf'): Promise<Checkpoint> =>
  openCheckpoint(memorySource(file, bytes));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const f32 = (tensor: string, ne: readonly (number | bigint)[], ...values: number[]): GgufTensor => {
  return { name: tensor, ne, type: 0, data: floats(...values) };
};
const six = f32('blk.0.attn_q.weight', [3, 2], 1, 2, 3, 4, 5, 6);
const two = f32('output_norm.weight', [2], 7, 8);
const nest = (depth: number): GgufValue =>
  depth === 0 ? { type: 'list', of: 'u8', value: [] } : { type: 'list', of: 'list', value: [nest(depth - 1)] };

describe('a GGUF file', () => {
  it.each([1, 2, 3])('of version %d gives its metadata, tensors and values', async version => {
    const metadata = [['general.architecture', name('llama')] as const];
    const checkpoint = await open(ggufBytes([six, two], metadata, { version }));
    expect(checkpoint.format).toBe(`GGUF v${version}`);
    expect(checkpoint.metadata).toEqual([['general.architecture', 'llama']]);
    expect(checkpoint.tensors).toMatchObject([
      {
        name: 'blk.0.attn_q.weight',
        dtype: 'F32',
        // outputs first, though the file names the inputs first
        shape: [2, 3],
        bytes: 24,
        kind: 'attention',
        prunable: true,
        outputAxis: 0,
        inputAxis: 1,
      },
      { name: 'output_norm.weight', shape: [2], kind: 'normalization', prunable: false },
    ]);
    expect([...(await checkpoint.values(0, 1, 5))]).toEqual([2, 3, 4, 5]);
    expect([...(await checkpoint.values(1, 0, 2))]).toEqual([7, 8]);
    const raw = checkpoint.raw(0)!;
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(six.data);
    expect(checkpoint.notes).toEqual([]);
    await checkpoint.close();
  });

  it('in big-endian order gives the same values, and says so', async () => {
    const swapped = Buffer.from(six.data).swap32();
    const tensors = [
      { ...six, data: swapped },
      { name: 'bytes', ne: [2], type: 24, data: Uint8Array.of(1, 255) },
      { name: 'q.weight', ne: [32], type: 2, data: new Uint8Array(18) },
    ];
    const bytes = ggufBytes(tensors, [['general.alignment', u32(64)]], { bigEndian: true, alignment: 64 });
    const checkpoint = await open(bytes);
    expect(checkpoint.format).toBe('GGUF v3, big-endian');
    expect([...(await checkpoint.values(0, 0, 6))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await checkpoint.values(1, 0, 2))]).toEqual([1, -1]);
    expect(checkpoint.raw(0)).toBeNull();
    expect(checkpoint.places!(0)).toMatchObject({ valueBytes: 4, strides: [12, 4] });
    expect(checkpoint.tensors[2]!.error).toMatch(/blocks of big-endian files are not decoded/);
    const backwards = Uint8Array.from(bytes);
    backwards.set([0x46, 0x55, 0x47, 0x47]);
    expect([...(await (await open(backwards)).values(0, 0, 6))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, number, Uint8Array, number[]]>([
    ['F16', 1, Uint8Array.of(0, 0x3c, 0, 0x7c), [1, Infinity]],
    ['BF16', 30, Uint8Array.of(0x80, 0x3f, 0, 0xc0), [1, -2]],
    ['F64', 28, new Uint8Array(Float64Array.of(1.1, -2).buffer), [1.1, -2]],
    ['I8', 24, Uint8Array.of(1, 255), [1, -1]],
    ['I16', 25, Uint8Array.of(1, 0, 255, 255), [1, -1]],
    ['I32', 26, new Uint8Array(Int32Array.of(1, -7).buffer), [1, -7]],
    ['I64', 27, new Uint8Array(BigInt64Array.of(1n, -7n).buffer), [1, -7]],
  ])('has values of %s', async (dtype, type, data, values) => {
    const checkpoint = await open(ggufBytes([{ name: 't', ne: [2], type, data }]));
    expect(checkpoint.tensors[0]).toMatchObject({ dtype, bytes: data.length, error: null });
    expect([...(await checkpoint.values(0, 0, 2))]).toEqual(values);
  });

  it('shows its metadata shortened, whatever the types', async () => {
    const metadata: [string, GgufValue][] = [
      ['general.file_type', u32(15)],
      ['a', { type: 'bool', value: 1 }],
      ['b', { type: 'f32', value: 0.5 }],
      ['c', { type: 'i32', value: -3 }],
      ['d', { type: 'u64', value: 2n ** 63n }],
      ['e', { type: 'list', of: 'text', value: Array.from({ length: 100_000 }, (_, i) => name(`t${i}`)) }],
      ['f', { type: 'list', of: 'u16', value: [1, 2].map(value => ({ type: 'u16' as const, value })) }],
      ['g', name('x'.repeat(5000))],
      ['h', nest(3)],
      ['i', { type: 'list', of: 'text', value: [] }],
    ];
    const checkpoint = await open(ggufBytes([two], metadata));
    expect(checkpoint.metadata).toEqual([
      ['general.file_type', '15 (mostly Q4_K, medium)'],
      ['a', 'true'],
      ['b', '0.5'],
      ['c', '-3'],
      ['d', String(2n ** 63n)],
      ['e', '[t0, t1, t2, t3, t4, t5, t6, t7, … 100000 values]'],
      ['f', '[1, 2]'],
      ['g', `${'x'.repeat(1000)}…`],
      ['h', '[[[[]]]]'],
      ['i', '[]'],
    ]);
    expect([...(await checkpoint.values(0, 0, 2))]).toEqual([7, 8]);
  });

  it('in parts says so', async () => {
    const checkpoint = await open(ggufBytes([two], [['split.count', { type: 'u16', value: 3 }]]));
    expect(checkpoint.notes).toEqual([expect.stringContaining('One of 3 parts')]);
  });

  it('without tensors is a vocabulary', async () => {
    expect((await open(ggufBytes([], [['general.name', name('vocabulary')]]))).tensors).toEqual([]);
  });
});

describe('quantised blocks', () => {
  it.each(blockTypes)('of $name stand for what they were made of', async ({ name: type, type: id, bytes: size }) => {
    const random = new Random(3, type);
    const blocks = Array.from({ length: 6 }, () => packBlock(type, random));
    const length = blocks[0]!.values.length;
    const data = concat(...blocks.map(({ bytes }) => bytes));
    expect(data.length).toBe(6 * size);
    const checkpoint = await open(ggufBytes([{ name: 'w.weight', ne: [2 * length, 3], type: id, data }]));
    expect(checkpoint.tensors[0]).toMatchObject({
      dtype: type,
      shape: [3, 2 * length],
      bytes: data.length,
      prunable: true,
    });
    const values = blocks.flatMap(block => block.values.map(Math.fround));
    expect(Array.from(await checkpoint.values(0, 0, 6 * length), value => value + 0)).toEqual(values.map(v => v + 0));
    // a range that begins and ends within blocks
    const [begin, end] = [length - 3, 3 * length + 5];
    const piece = Array.from(await checkpoint.values(0, begin, end), value => value + 0);
    expect(piece).toEqual(values.slice(begin, end).map(v => v + 0));
    expect((await checkpoint.values(0, 5, 5)).length).toBe(0);
    expect(checkpoint.raw(0)).toBeNull();
    expect(checkpoint.notes).toEqual([expect.stringContaining('numbers they stand for')]);
  });

  it('with a scale of NaN or infinity hold such values', async () => {
    const data = concat(Uint8Array.of(0, 0x7c), new Uint8Array(16).fill(0x98));
    const checkpoint = await open(ggufBytes([{ name: 'w', ne: [32], type: 2, data }]));
    const values = await checkpoint.values(0, 0, 32);
    expect([values[0], values[31]]).toEqual([NaN, Infinity]);
  });

  it.each<[number, string, RegExp]>([
    [16, 'IQ2_XXS', /come from the tables of its quantiser.*llama-quantize/],
    [29, 'IQ1_M', /come from the tables/],
    [9, 'Q8_1', /meant for computing/],
    [40, 'NVFP4', /values of type NVFP4 are not decoded.*llama-quantize/],
    [4, 'unknown', /type Q4_2 was removed from GGUF: convert/],
    [99, 'unknown', /type 99 is not known: it is newer than this reader, or the file is damaged/],
  ])('of type %d are listed with the reason', async (type, dtype, reason) => {
    const checkpoint = await open(ggufBytes([{ name: 'w', ne: [256], type, data: new Uint8Array(320) }, two]));
    expect(checkpoint.tensors[0]!.dtype).toBe(dtype);
    expect(checkpoint.tensors[0]!.error).toMatch(reason);
    await expect(checkpoint.values(0, 0, 1)).rejects.toThrow(/^folder\/model\.gguf: tensor "w": /);
    expect([...(await checkpoint.values(1, 0, 2))]).toEqual([7, 8]);
  });
});

describe('a tensor is unreadable and the others are shown', () => {
  it.each<[string, GgufTensor, RegExp]>([
    [
      'whose rows are no whole blocks',
      { name: 'x', ne: [31], type: 2, data: new Uint8Array(18) },
      /rows of 31 values are no multiple of the 32/,
    ],
    ['that ends behind the file', f32('x', [1e9], 1), /it ends at byte 4000000032 of 96.*cut short/],
    ['that begins behind the file', { ...f32('x', [1], 1), offset: 2n ** 63n }, /no multiple|ends at byte/],
    ['of sizes beyond all numbers', f32('x', [2n ** 63n, 2n ** 63n], 1), /beyond all memory|shape/],
    ['of a product beyond all numbers', f32('x', [2n ** 30n, 2n ** 30n], 1), /beyond all memory/],
    [
      'that begins off the alignment',
      { ...f32('x', [1], 1), offset: 36 },
      /offset 36 is no multiple of the alignment 32/,
    ],
    [
      'that overlaps another',
      { ...f32('x', [16], ...new Array<number>(16).fill(1)), offset: 0 },
      /overlaps|it overlaps/,
    ],
  ])('%s', async (_, tensor, reason) => {
    const good = f32('good', [1], 9);
    const checkpoint = await open(ggufBytes([two, tensor, { ...good, offset: 64 }]));
    const errors = Object.fromEntries(checkpoint.tensors.map(({ name: key, error }) => [key, error]));
    const [bad] = Object.entries(errors).filter(([, error]) => error !== null);
    expect(bad?.[1]).toMatch(reason);
    expect(Object.values(errors).filter(error => error === null).length).toBe(2);
    expect(errors['good']).toBeNull();
  });

  it('whose name stands twice, listed once', async () => {
    const checkpoint = await open(ggufBytes([two, { ...six, name: two.name }, six]));
    expect(checkpoint.tensors.map(({ name: key }) => key)).toEqual([two.name, six.name]);
    expect(checkpoint.tensors[0]!.error).toMatch(/more than once/);
    expect([...(await checkpoint.values(1, 0, 6))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('where the file is cut in its data', async () => {
    const bytes = ggufBytes([two, six]);
    const checkpoint = await open(bytes.subarray(0, bytes.length - 12));
    expect(checkpoint.tensors.map(({ error }) => error === null)).toEqual([true, false]);
  });
});

describe('a file is refused with the offset and the reason', () => {
  const alignment = (value: GgufValue) => ggufBytes([two], [['general.alignment', value]]);
  it.each<[string, Uint8Array, RegExp]>([
    ['of another version', ggufBytes([], [], { version: 4 }), /version 4 of GGUF is not known/],
    ['of version 0', ggufBytes([], [], { version: 0 }), /version 0 of GGUF is not known/],
    [
      'of 2⁶³ tensors',
      ggufBytes([], [], { counts: { tensors: 2n ** 63n } }),
      /9223372036854776000 tensors, and 100000 are/,
    ],
    [
      'of more tensors than it has',
      ggufBytes([], [], { counts: { tensors: 9n } }),
      /at byte 32: tensor "" takes 4 bytes, and 0 are left/,
    ],
    ['of 2⁶³ keys', ggufBytes([], [], { counts: { keys: 2n ** 63n } }), /keys of metadata, and 10000 are the limit/],
    [
      'with a key twice',
      ggufBytes(
        [],
        [
          ['a', u32(1)],
          ['a', u32(2)],
        ],
      ),
      /the key "a" twice/,
    ],
    ['with a key without end', ggufBytes([], [['a'.repeat(5000), u32(1)]]), /a key of the metadata has 5000 bytes/],
    ['with a name without end', ggufBytes([{ ...two, name: 'a'.repeat(5000) }]), /the name of a tensor has 5000 bytes/],
    ['with lists in lists without end', ggufBytes([], [['a', nest(1000)]]), /nested deeper than 16/],
    ['with too many axes', ggufBytes([f32('x', new Array<number>(33).fill(1), 1)]), /33 axes, and 32 are the limit/],
    ['with an alignment of 0', alignment(u32(0)), /general\.alignment is 0, which is no power of 2/],
    ['with an alignment of 24', alignment(u32(24)), /general\.alignment is 24/],
    [
      'with an alignment of 2⁶³',
      alignment({ type: 'u64', value: 2n ** 63n }),
      /general\.alignment is 9223372036854776000/,
    ],
    ['with an alignment in words', alignment(name('32')), /general\.alignment is NaN/],
  ])('%s', async (_, bytes, reason) => {
    await expect(open(bytes)).rejects.toThrow(CheckpointError);
    await expect(open(bytes)).rejects.toThrow(reason);
    await expect(open(bytes)).rejects.toThrow(/^folder\/model\.gguf: /);
  });

  it('with a text, list or type that does not fit', async () => {
    const forge = (value: GgufValue, at: number, bytes: readonly number[]): Uint8Array => {
      const whole = ggufBytes([], [['k', value]]);
      whole.set(bytes, 24 + 8 + 1 + at);
      return whole;
    };
    const huge = [255, 255, 255, 255, 255, 255, 255, 127];
    await expect(open(forge(name('x'), 4, huge))).rejects.toThrow(
      /at byte \d+: a text of the metadata claims 9\d+ bytes/,
    );
    await expect(open(forge(texts('x'), 8, huge))).rejects.toThrow(/a list claims 9\d+ values of 8 bytes or more/);
    await expect(open(forge(u32(1), 0, [13]))).rejects.toThrow(/a value of type 13, which GGUF does not have/);
    await expect(open(forge(texts('x'), 4, [77]))).rejects.toThrow(/a value of type 77|a list claims/);
  });

  it('wherever it is cut in its header', async () => {
    const bytes = ggufBytes(
      [two],
      [
        ['general.name', name('x')],
        ['t', texts('a', 'b')],
      ],
    );
    const header = bytes.length - 32;
    for (let length = 1; length < header - 31; length++) {
      await expect(open(bytes.subarray(0, length)), String(length)).rejects.toThrow(CheckpointError);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../../src/checkpoints/safetensors';

const file = 'w.safetensors';

function raw(header: string | object, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (begin: number, end: number, shape = [end - begin]): object => ({
  dtype: 'U8',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('gives back what was written, whatever the order, names and values', () => {
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 9 }).map(data => ({ dtype: 'F32' as const, data })),
      fc.int32Array({ maxLength: 9 }).map(data => ({ dtype: 'I32' as const, data })),
      fc.uint8Array({ maxLength: 9 }).map(data => ({ dtype: 'U8' as const, data })),
    );
    const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'a"b\\c', 'ä/ö'));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string()),
        (list, metadata) => {
          const tensors = list.map(([key, value]) => ({ name: key, shape: [value.data.length], ...value }));
          const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata), file);
          expect(decoded.tensors.size).toBe(tensors.length);
          for (const { name: key, ...expected } of tensors) expect(decoded.tensors.get(key)).toEqual(expected);
          expect([...decoded.metadata]).toEqual(Object.entries(metadata));
        },
      ),
    );
  });

  it('reads from a view that is not aligned', () => {
    const bytes = encodeSafetensors([{ name: 'x', dtype: 'F32', shape: [1, 2], data: Float32Array.of(1.5, -2) }]);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeSafetensors(shifted.subarray(3), file).tensors.get('x')!.data).toEqual(Float32Array.of(1.5, -2));
    expect(decodeSafetensors(Buffer.from(shifted).subarray(3), file).tensors.get('x')!.shape).toEqual([1, 2]);
  });

  it('keeps every tensor aligned and its header a multiple of 8 bytes, as the reference does', () => {
    const bytes = encodeSafetensors([
      { name: 'mask', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: 'x', dtype: 'F32', shape: [1], data: Float32Array.of(1) },
    ]);
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    expect(bytes.subarray(-3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /too few/],
    ['a header longer than the file', Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 123, 125), /claims 200 bytes/],
    ['a header length beyond 2^53', new Uint8Array(16).fill(255), /claims 18446744073709551615/],
    ['a header that is no JSON', raw('{"a":'), /not valid JSON/],
    ['a header that is not UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 123, 34, 255, 34), /not valid JSON/],
    ['a header that is a list', raw('[]'), /not a JSON object/],
    ['a header that starts with a space', raw(' {}'), /not a JSON object/],
    ['a deeply nested header', raw(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /nested deeper than 3/],
    ['a name given twice', raw(`{"a":${JSON.stringify(entry(0, 1))},"\\u0061":{}}`, new Uint8Array(1)), /"a" twice/],
    ['a field given twice', raw('{"a":{"dtype":"U8","dtype":"F32"}}'), /"dtype" twice/],
    ['an entry that is no object', raw({ a: 1 }), /"a": its header entry/],
    ['a dtype of Object.prototype', raw({ a: { dtype: 'toString', shape: [], data_offsets: [0, 1] } }), /dtype "toS/],
    ['a dtype not supported', raw({ a: { dtype: 'BF16', shape: [], data_offsets: [0, 2] } }), /F32, I32, U8/],
    ['a negative size', raw({ a: entry(0, 1, [-1]) }, new Uint8Array(1)), /shape is not/],
    ['a size that is not whole', raw({ a: entry(0, 1, [1.5]) }, new Uint8Array(1)), /shape is not/],
    ['a shape that overflows', raw({ a: entry(0, 1, [2 ** 40, 2 ** 40]) }, new Uint8Array(1)), /does not fit/],
    ['a shape of another size', raw({ a: entry(0, 4, [3]) }, new Uint8Array(4)), /does not fit/],
    ['offsets the wrong way round', raw({ a: entry(4, 0, [4]) }, new Uint8Array(4)), /does not fit/],
    ['three offsets', raw({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }), /two whole numbers/],
    ['a tensor beyond the end', raw({ a: entry(0, 8) }, new Uint8Array(7)), /cut short/],
    ['overlapping tensors', raw({ a: entry(0, 4), b: entry(3, 7) }, new Uint8Array(7)), /"b": overlaps/],
    ['a hole', raw({ a: entry(0, 4), b: entry(5, 7) }, new Uint8Array(7)), /"b" leaves a hole/],
    ['bytes left over', raw({ a: entry(0, 4) }, new Uint8Array(6)), /2 bytes after/],
    ['metadata that is no string', raw({ __metadata__: { epoch: 1 } }), /"epoch" is not a string/],
  ])('refuses %s, naming file and reason', (_, bytes, reason) => {
    const read = () => decodeSafetensors(bytes, file);
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(reason);
    expect(read).toThrow(/^w\.safetensors: /);
  });

  it('reads a header of many megabytes', () => {
    const name = 'a'.repeat(12_000_000);
    expect(() => decodeSafetensors(raw(`{"${name}":1}`), file)).toThrow(CheckpointError);
  });

  it('never fails otherwise than with a CheckpointError on any bytes', () => {
    const good = encodeSafetensors([{ name: 'x', dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) }]);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (position, value, length) => {
        const bytes = good.slice(0, length);
        if (position < length) bytes[position] = value;
        try {
          decodeSafetensors(bytes, file);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
    );
  });

  it('refuses to write what could not be read again', () => {
    const x: NamedTensor = { name: 'x', dtype: 'F32', shape: [1], data: Float32Array.of(1) };
    expect(() => encodeSafetensors([x, x])).toThrow(/"x" is taken/);
    expect(() => encodeSafetensors([{ ...x, name: '__metadata__' }])).toThrow(/taken/);
    expect(() => encodeSafetensors([{ ...x, shape: [2] }])).toThrow(/does not fit 1 values/);
  });
});

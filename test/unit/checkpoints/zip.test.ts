import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openZip } from '../../../src/checkpoints/zip';
import { concat, text, zipBytes, type ZipFixture } from '../../support/checkpoints';

const open = (entries: readonly ZipFixture[], zip64 = false) =>
  openZip(memorySource('a.zip', zipBytes(entries, zip64)));

/** Bytes without a pattern, of which deflate saves half. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 28;
  });
}

describe('a zip archive', () => {
  it.each([false, true])('gives its entries, stored and deflated (zip64: %s)', async zip64 => {
    const data = noise(5000);
    const zip = await open(
      [
        { name: 'a/', data: text('') },
        { name: 'a/stored', data },
        { name: 'a/deflated', data, deflate: true },
        { name: 'ä', data: text('') },
      ],
      zip64,
    );
    expect(zip.entries.map(({ name, size, stored, error }) => [name, size, stored, error])).toEqual([
      ['a/stored', 5000, true, null],
      ['a/deflated', 5000, false, null],
      ['ä', 0, true, null],
    ]);
    for (const name of ['a/stored', 'a/deflated']) {
      expect(await zip.readAll(name, 5000)).toEqual(data);
      expect(await zip.read(name, 4000, 10)).toEqual(data.subarray(4000, 4010));
      await expect(zip.read(name, 4995, 6)).rejects.toThrow(/a\.zip: a\/\w+: bytes 4995 to 5001 .* has 5000/);
      await expect(zip.readAll(name, 4999)).rejects.toThrow(/5000 bytes, and 4999 are the most/);
    }
    expect(zip.entry('a/stored')?.size).toBe(5000);
    expect(zip.entry('b')).toBeNull();
    await expect(zip.read('b', 0, 1)).rejects.toThrow(/entry "b": the archive has no such entry/);
  });

  it('tells where a stored entry lies in the file, and that a deflated one lies nowhere as it is', async () => {
    const data = noise(64);
    const zip = await open([
      { name: 'x', data: text('before') },
      { name: 'stored', data },
      { name: 'deflated', data, deflate: true },
    ]);
    const raw = await zip.raw('stored');
    expect(await raw!.source.read(raw!.offset, raw!.length)).toEqual(data);
    expect(await zip.raw('deflated')).toBeNull();
  });

  it('reads a deflated entry in any order of ranges, together or apart', async () => {
    const data = noise(300_000);
    const zip = await open([{ name: 'x', data, deflate: true }]);
    const range = fc.tuple(fc.nat(data.length), fc.nat(10_000));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 5 }), async ranges => {
        const wanted = ranges.map(([from, length]) => [from, Math.min(length, data.length - from)] as const);
        const read = await Promise.all(wanted.map(([from, length]) => zip.read('x', from, length)));
        wanted.forEach(([from, length], i) => expect(read[i]).toEqual(data.subarray(from, from + length)));
      }),
      { numRuns: 20 },
    );
  });

  it('starts again for a byte that was read just before', async () => {
    const data = noise(1000);
    const zip = await open([{ name: 'x', data, deflate: true }]);
    await zip.read('x', 10, 10);
    expect(await zip.read('x', 19, 3)).toEqual(data.subarray(19, 22));
  });

  it('inflates no further than it is asked to', async () => {
    const bytes = zipBytes([{ name: 'x', data: noise(8_000_000), deflate: true }]);
    let read = 0;
    const inner = memorySource('a.zip', bytes);
    const counting: ByteSource = {
      ...inner,
      read: (offset, length) => {
        read += length;
        return inner.read(offset, length);
      },
    };
    const zip = await openZip(counting);
    await zip.read('x', 0, 100);
    expect(bytes.length).toBeGreaterThan(2_500_000);
    expect(read).toBeLessThan(1_500_000);
  });

  it('goes on after a read that was cancelled', async () => {
    const data = noise(100_000);
    const zip = await open([{ name: 'x', data, deflate: true }]);
    await expect(zip.read('x', 0, 10, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    expect(await zip.read('x', 50_000, 10)).toEqual(data.subarray(50_000, 50_010));
  });

  const data = noise(100);
  it.each<[string, ZipFixture, RegExp]>([
    [
      'that is encrypted',
      { name: 'x', data, forged: { flags: 1, size: 88 } },
      /encrypted: unpack it with its password/,
    ],
    ['of another compression', { name: 'x', data, forged: { method: 93 } }, /compression method 93 is not supported/],
    ['that climbs out', { name: '../x', data }, /absolute or leads out/],
    ['that is absolute', { name: '/x', data }, /absolute or leads out/],
    ['with a drive', { name: 'C:/x', data }, /absolute or leads out/],
    ['with a backslash', { name: 'a\\x', data }, /absolute or leads out/],
    ['with a NUL in its name', { name: 'a\0x', data }, /NUL/],
    ['with a name without end', { name: 'a'.repeat(5000), data }, /longer than 4096/],
    [
      'that claims more than deflate can hold',
      { name: 'x', data, deflate: true, forged: { size: 2 ** 31 } },
      /more than defl/,
    ],
    ['that overlaps another', { name: 'x', data, forged: { offset: 0 } }, /overlaps another/],
    ['beyond the end', { name: 'x', data, forged: { offset: 2 ** 31 } }, /unexpected EOF|but it has|bounds/],
    [
      'that holds less than it claims',
      { name: 'x', data, deflate: true, forged: { size: 101 } },
      /ends after 100 bytes of the 101/,
    ],
    [
      'that holds more than it claims',
      { name: 'x', data, deflate: true, forged: { size: 99 } },
      /more than the 99 bytes/,
    ],
    ['whose bytes are damaged', { name: 'x', data: new Uint8Array(100).fill(255), forged: { method: 8 } }, /damaged/],
  ])('gives an entry %s no bytes, and still the others', async (_, bad, reason) => {
    const zip = await open([{ name: 'first', data }, { name: 'good', data }, bad]);
    const read = zip.readAll(bad.name, 2 ** 32);
    await expect(read).rejects.toThrow(CheckpointError);
    await expect(read).rejects.toThrow(reason);
    await expect(read).rejects.toThrow(/^a\.zip: /);
    expect(await zip.readAll('good', 100)).toEqual(data);
  });

  it('gives neither of two entries of one name', async () => {
    const zip = await open([
      { name: 'x', data },
      { name: 'x', data: text('other') },
    ]);
    expect(zip.entries.map(({ error }) => error)).toEqual(Array(2).fill('the archive holds this name more than once'));
    await expect(zip.read('x', 0, 1)).rejects.toThrow(/more than once/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['cut short', zipBytes([{ name: 'x', data }]).subarray(0, 150), /directory cannot be read: End of central/],
    ['of nothing but its signature', Uint8Array.of(0x50, 0x4b, 3, 4), /directory cannot be read/],
    ['with bytes behind it', concat(zipBytes([{ name: 'x', data }]), text('tail')), /directory cannot be read/],
  ])('%s is refused as a whole', async (_, bytes, reason) => {
    await expect(openZip(memorySource('a.zip', bytes))).rejects.toThrow(CheckpointError);
    await expect(openZip(memorySource('a.zip', bytes))).rejects.toThrow(reason);
  });

  it('that claims more entries than fit into it is refused before any is read', async () => {
    const bytes = zipBytes([{ name: 'x', data }], true);
    new DataView(bytes.buffer).setBigUint64(bytes.length - 22 - 20 - 56 + 32, 2n ** 40n, true);
    await expect(openZip(memorySource('a.zip', bytes))).rejects.toThrow(/claims 1099511627776 entries, and 6 are/);
  });

  it('is read or refused by name, whatever byte of it is damaged', async () => {
    const good = zipBytes([
      { name: 'a', data: noise(50) },
      { name: 'b', data: noise(500), deflate: true },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (position, value) => {
        const bytes = good.slice();
        bytes[position] = value;
        try {
          const zip = await openZip(memorySource('a.zip', bytes));
          for (const { name } of zip.entries) await zip.readAll(name, 1000);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

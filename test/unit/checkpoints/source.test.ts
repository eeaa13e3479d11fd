import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openFile } from '../../../src/checkpoints/source';

const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-source-'));
afterAll(() => rmSync(directory, { recursive: true }));

const place = (name: string) => path.join(directory, name);

function write(name: string, bytes: string | Uint8Array): string {
  mkdirSync(path.dirname(place(name)), { recursive: true });
  writeFileSync(place(name), bytes);
  return place(name);
}

const numbers = Uint8Array.from({ length: 100 }, (_, i) => i);

describe.each<[string, () => Promise<ByteSource>]>([
  [
    'file',
    () => {
      write('folder/part/shard.bin', Uint8Array.of(7));
      return openFile(write('folder/numbers.bin', numbers));
    },
  ],
  ['memory', () => Promise.resolve(memorySource('numbers.bin', numbers, { 'part/shard.bin': Uint8Array.of(7) }))],
])('a source in a %s', (_, open) => {
  it('reads exactly the range that is asked for', async () => {
    const source = await open();
    expect(source.size).toBe(100);
    expect([...(await source.read(10, 5))]).toEqual([10, 11, 12, 13, 14]);
    expect((await source.read(100, 0)).length).toBe(0);
    await source.close();
  });

  it.each([
    [96, 5],
    [-1, 2],
    [0, -1],
    [0.5, 1],
    [2 ** 53, 1],
    [0, 2 ** 60],
  ])('refuses to read from %d on %d bytes, and allocates nothing', async (offset, length) => {
    const source = await open();
    await expect(source.read(offset, length)).rejects.toThrow(CheckpointError);
    await expect(source.read(offset, length)).rejects.toThrow(/numbers\.bin: bytes .* but it has 100/);
    await source.close();
  });

  it('stops when it is cancelled', async () => {
    const source = await open();
    await expect(source.read(0, 1, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    await source.close();
  });

  it('opens a file beside it or below', async () => {
    const source = await open();
    const shard = await source.beside('./part//shard.bin');
    expect([...(await shard.read(0, 1))]).toEqual([7]);
    await Promise.all([shard.close(), source.close()]);
  });

  it.each<[string, RegExp]>([
    ['../secret', /leads out of its folder/],
    ['part/../../secret', /leads out of its folder/],
    ['part\\..\\..\\secret', /leads out of its folder/],
    ['/etc/passwd', /absolute path/],
    ['\\\\server\\share', /absolute path/],
    ['C:\\windows\\win.ini', /colon/],
    ['file:///etc/passwd', /colon/],
    ['shard\0.bin', /NUL/],
    ['./', /no file name/],
    ['', /no file name/],
    ['nowhere.bin', /nowhere\.bin: there is no such file/],
  ])('refuses %j beside it', async (name, reason) => {
    const source = await open();
    await expect(source.beside(name)).rejects.toThrow(CheckpointError);
    await expect(source.beside(name)).rejects.toThrow(reason);
    await source.close();
  });
});

describe('a file', () => {
  it.each<[string, () => string, RegExp]>([
    ['that is not there', () => place('none'), /no such file/],
    ['that is a folder', () => directory, /a folder, not a file/],
    ['without bytes', () => write('empty', ''), /0 bytes/],
    ['that is a device', () => '/dev/zero', /a device, pipe or socket/],
    [
      'that is a Git LFS pointer',
      () => write('lfs', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      /a Git LFS pointer, not the file itself \(of 12345 bytes\): run `git lfs pull`/,
    ],
  ])('%s is refused with the reason', async (_, file, reason) => {
    await expect(openFile(file())).rejects.toThrow(CheckpointError);
    await expect(openFile(file())).rejects.toThrow(reason);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is refused with the reason', async () => {
    const file = write('locked', 'x');
    chmodSync(file, 0);
    await expect(openFile(file)).rejects.toThrow(/permission denied/);
  });

  it('that was cut since it was opened says so', async () => {
    const file = write('cut', numbers);
    const source = await openFile(file);
    truncateSync(file, 50);
    await expect(source.read(40, 20)).rejects.toThrow(/ends at byte 50, though it had 100 .* open it again/);
    await source.close();
  });

  it('is another one once it has changed, and the same one if not', async () => {
    const file = write('identity', numbers);
    const identities: string[] = [];
    for (const change of [
      () => undefined,
      () => undefined,
      () => utimesSync(file, 1, 1),
      () => write('identity', 'y'),
    ]) {
      change();
      const source = await openFile(file);
      identities.push(source.identity);
      await source.close();
    }
    expect(identities[0]).toBe(identities[1]);
    expect(new Set(identities).size).toBe(3);
  });

  it('opens no link beside it that leads out of its folder', async () => {
    write('secret', 'x');
    const source = await openFile(write('inner/index', numbers));
    symlinkSync(place('secret'), place('inner/link'));
    symlinkSync(directory, place('inner/up'));
    await expect(source.beside('link')).rejects.toThrow(/a link that leads out/);
    await expect(source.beside('up/secret')).rejects.toThrow(/a link that leads out/);
    await source.close();
  });

  it('opens what it has checked: a backslash parts folders, and no name with one in it is opened in their place', async () => {
    const source = await openFile(write('parts/index.json', '{}'));
    write('parts/deep/shard', 'inside');
    write('elsewhere', 'outside');
    symlinkSync(place('elsewhere'), place('parts/deep\\shard'));
    const shard = await source.beside('deep\\shard');
    expect(Buffer.from(await shard.read(0, shard.size)).toString()).toBe('inside');
    await shard.close();
    await source.close();
  });

  it('that is a link into a store of blobs finds its shards there, as in the cache of Hugging Face', async () => {
    write('blobs/1', numbers);
    write('blobs/2', Uint8Array.of(9));
    mkdirSync(place('snapshot'));
    symlinkSync(place('blobs/1'), place('snapshot/index'));
    symlinkSync(place('blobs/2'), place('snapshot/shard'));
    const source = await openFile(place('snapshot/index'));
    const shard = await source.beside('shard');
    expect([...(await shard.read(0, 1))]).toEqual([9]);
    await Promise.all([shard.close(), source.close()]);
  });
});

import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { text, zipBytes } from '../../support/checkpoints';

const tar = new Uint8Array(512);
tar.set(text('folder/model.pt'));
tar.set(text('ustar'), 257);

it.each<[string, Uint8Array, RegExp]>([
  ['gzip', gzipSync('x'), /gzip: unpack it first/],
  ['tar', tar, /a tar archive: unpack it first/],
  ['zip', zipBytes([{ name: 'readme.txt', data: text('x') }]), /zip archive/],
  ['an image', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /a PNG image/],
  ['a web page', text('\n<!DOCTYPE html><html>'), /a web page: perhaps a download that asked for a login/],
  ['text', text('Grüße\n'), /it looks like text/],
  ['text cut within a character', text('ü'.repeat(3000)).subarray(0, 4095), /it looks like text/],
  ['JSON', text('{"a": 1}'), /JSON without a weight manifest or index/],
  ['zeros', new Uint8Array(100), /nothing but zero bytes/],
  ['anything', Uint8Array.of(0xfe, 0x01, 0x02, 0xff), /binary data that begins with fe 01 02 ff/],
])('%s is refused by what it is', async (_, bytes, reason) => {
  const opening = openCheckpoint(memorySource('folder/file.bin', bytes));
  await expect(opening).rejects.toThrow(CheckpointError);
  await expect(opening).rejects.toThrow(reason);
  await expect(opening).rejects.toThrow(/^folder\/file\.bin: no checkpoint format that is known/);
});

it('a file that is refused is closed', async () => {
  let closed = 0;
  const source = memorySource('x', text('x'));
  const opening = openCheckpoint({
    ...source,
    close: () => {
      closed++;
      return Promise.resolve();
    },
  });
  await expect(opening).rejects.toThrow(CheckpointError);
  expect(closed).toBe(1);
});

import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { concat, text, zipBytes } from '../../support/checkpoints';

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

const index = concat(Uint8Array.of(0, 0, 6, 8, 1, 0x1a, 2, 8, 1, 0), new Uint8Array(40));

it.each<[string, Uint8Array, RegExp]>([
  [
    'saved_model.pb',
    Uint8Array.of(8, 1, 0x12, 5, 10, 3, 0x22, 1, 0x31),
    /a TensorFlow SavedModel.*model\.save\("model\.keras"\)/,
  ],
  ['variables/variables.index', index, /the index of a TensorFlow checkpoint.*tensorflowjs_converter/],
  ['variables/variables.data-00000-of-00001', new Uint8Array(40), /a part of a TensorFlow checkpoint/],
  ['checkpoint', text('model_checkpoint_path: "model-1"\n'), /the list of TensorFlow's checkpoints/],
  ['a.tflite', concat(new Uint8Array(4).fill(28), text('TFL3')), /a TensorFlow Lite model/],
  ['net/group1-shard1of2.bin', Uint8Array.of(0x4d, 0x5a, 0, 1), /a shard of TensorFlow\.js.*open the model\.json/],
  ['face_model-shard1', Uint8Array.of(1, 2, 3), /open the model\.json or weights_manifest\.json beside it/],
])('%s of TensorFlow is told, with what to do', async (name, bytes, reason) => {
  await expect(openCheckpoint(memorySource(name, bytes))).rejects.toThrow(reason);
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

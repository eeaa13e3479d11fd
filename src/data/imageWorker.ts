/** Entry of a thread that decodes images. */
import { parentPort } from 'node:worker_threads';
import { decodeBatch, type EncodedImage } from './imageBatch';
import type { Size } from './imageFile';

const port = parentPort!;

interface Task {
  readonly batch: readonly EncodedImage[];
  readonly size: Size;
}

// one after another: answers come in the order of what is asked
let last = Promise.resolve();
port.on('message', ({ batch, size }: Task) => {
  last = last.then(async () => {
    const decoded = await decodeBatch(batch, size);
    port.postMessage(decoded, 'pixels' in decoded ? [decoded.pixels.buffer as ArrayBuffer] : []);
  });
});

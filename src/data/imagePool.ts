/** Decodes many images, several at a time on worker threads; what comes out is in order and the same either way. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { DataError } from './dataset';
import type { Size } from './imageFile';
import { decodeBatch, type DecodedBatch, type EncodedImage } from './imageBatch';

/** Bundles lie in dist/ beside the worker; sources (in tests) two folders above. */
const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../dist');

const batchImages = 32;
/** Bytes of a batch, encoded: large images come in small batches. */
const batchBytes = 2 ** 24;
/** Below, starting threads takes longer than they save. */
const fewImages = 512;
const mostThreads = 8;

/**
 * @param count of the images, to know whether threads pay
 * @param take gets [images × height × width × channels], the images that come next
 * @throws DataError naming the first image, in their order, that cannot be decoded
 */
export async function decodeImages(
  images: AsyncIterable<EncodedImage> | Iterable<EncodedImage>,
  count: number,
  size: Size,
  take: (pixels: Uint8Array) => Promise<void>,
): Promise<void> {
  const threads = count < fewImages ? 0 : Math.min(mostThreads, availableParallelism());
  const workers = Array.from({ length: threads }, () => new DecodingThread());
  const pending: Promise<DecodedBatch>[] = [];
  const takeFirst = async (): Promise<void> => {
    const decoded = await pending.shift()!;
    if ('reason' in decoded) throw new DataError(decoded.file, decoded.reason);
    await take(decoded.pixels);
  };
  try {
    let next = 0;
    for await (const batch of batches(images)) {
      if (threads === 0) {
        pending.push(decodeBatch(batch, size));
        await takeFirst();
        continue;
      }
      const decoding = workers[next++ % threads]!.decode(batch, size);
      // an earlier batch may end all before this one is looked at
      decoding.catch(() => undefined);
      pending.push(decoding);
      if (pending.length >= 2 * threads) await takeFirst();
    }
    while (pending.length > 0) await takeFirst();
  } finally {
    await Promise.all(workers.map(worker => worker.end()));
  }
}

async function* batches(
  images: AsyncIterable<EncodedImage> | Iterable<EncodedImage>,
): AsyncGenerator<readonly EncodedImage[]> {
  let batch: EncodedImage[] = [];
  let bytes = 0;
  for await (const image of images) {
    batch.push(image);
    bytes += image.bytes?.length ?? 0;
    if (batch.length < batchImages && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Answers in the order of what it is asked. */
class DecodingThread {
  private readonly worker = new Worker(path.join(distDirectory, 'image-worker.js'));
  private readonly waiting: { resolve: (decoded: DecodedBatch) => void; reject: (error: Error) => void }[] = [];
  private failure: Error | null = null;

  constructor() {
    this.worker.on('message', (decoded: DecodedBatch) => this.waiting.shift()?.resolve(decoded));
    this.worker.on('error', error => {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    });
    this.worker.on('exit', code => {
      this.fail(new Error(`a thread that decodes images ended with exit code ${code}`));
    });
  }

  decode(batch: readonly EncodedImage[], size: Size): Promise<DecodedBatch> {
    if (this.failure) return Promise.reject(this.failure);
    // a view would be sent with all the bytes that it is a view of
    const sent = batch.map(({ file, bytes }) => ({ file, bytes: bytes && bytes.slice() }));
    const transfer = sent.flatMap(({ bytes }) => (bytes ? [bytes.buffer] : []));
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage({ batch: sent, size }, transfer);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** HDF5 files are made in a thread, which ends with it: the library takes its time and memory there. */
import { Worker } from 'node:worker_threads';
import type { FromHdf5Writer, Hdf5Content, Hdf5WriterData } from './hdf5Protocol';
import { hdf5WorkerPath } from './hdf5Thread';

/** @throws Error with the reason; the signal's reason */
export async function makeHdf5(content: Hdf5Content, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  const workerData: Hdf5WriterData = { content };
  const worker = new Worker(hdf5WorkerPath, { workerData });
  const stop = (): void => {
    void worker.terminate();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      worker.on('message', (answer: FromHdf5Writer) => {
        if (answer.ok) resolve(answer.bytes);
        else reject(new Error(answer.reason));
      });
      worker.on('error', reject);
      worker.on('exit', code => {
        reject(new Error(`the thread that writes HDF5 ended with ${String(code)}`));
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** Entry of the thread that reads an HDF5 file: one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { Hdf5OpenFile } from './hdf5OpenFile';
import type { FromHdf5Thread, Hdf5ThreadData, Hdf5Work, ToHdf5Thread } from './hdf5Protocol';

const port = parentPort!;
const { progress } = workerData as Hdf5ThreadData;
let open: Hdf5OpenFile | null = null;
/** One after the other: making an instance takes a turn of the loop. */
let turn: Promise<void> = Promise.resolve();

port.on('message', ({ id, work }: ToHdf5Thread) => {
  turn = turn.then(async () => {
    let answer: FromHdf5Thread;
    try {
      answer = { id, ok: true, result: await run(work) };
    } catch (error) {
      answer = { id, ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
    const bytes = answer.ok && answer.result instanceof Uint8Array ? [answer.result.buffer as ArrayBuffer] : [];
    port.postMessage(answer, bytes);
  });
});

async function run(work: Hdf5Work): Promise<(FromHdf5Thread & { ok: true })['result']> {
  switch (work.kind) {
    case 'open':
      close();
      open = new Hdf5OpenFile(work.file, progress);
      return open.contents();
    case 'values':
      if (!open) throw new Error('no file is open');
      return open.values(work.range);
    case 'close':
      close();
      return null;
  }
}

function close(): void {
  const file = open;
  open = null;
  try {
    file?.close();
  } catch {
    // what a damaged file has left of the library goes with it
  }
}

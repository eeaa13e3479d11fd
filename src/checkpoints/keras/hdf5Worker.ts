/** Entry of the thread that reads HDF5 files, one at a time, and of the one that makes one: they share the library's bundle. */
import { parentPort, workerData } from 'node:worker_threads';
import { Hdf5OpenFile } from './hdf5OpenFile';
import type {
  FromHdf5Thread,
  FromHdf5Writer,
  Hdf5ThreadData,
  Hdf5Work,
  Hdf5WriterData,
  ToHdf5Thread,
} from './hdf5Protocol';
import { writeHdf5 } from './hdf5Write';

const port = parentPort!;
const given = workerData as Hdf5ThreadData | Hdf5WriterData;
let open: Hdf5OpenFile | null = null;
/** One after the other: making an instance takes a turn of the loop. */
let turn: Promise<void> = Promise.resolve();

if ('content' in given) void make(given);
else serve(given);

async function make({ content }: Hdf5WriterData): Promise<void> {
  let answer: FromHdf5Writer;
  try {
    answer = { ok: true, bytes: await writeHdf5(content) };
  } catch (error) {
    answer = { ok: false, reason: reasonOf(error) };
  }
  port.postMessage(answer, answer.ok ? [answer.bytes.buffer as ArrayBuffer] : []);
}

function serve({ progress }: Hdf5ThreadData): void {
  port.on('message', ({ id, work }: ToHdf5Thread) => {
    turn = turn.then(async () => {
      let answer: FromHdf5Thread;
      try {
        answer = { id, ok: true, result: await run(work, progress) };
      } catch (error) {
        answer = { id, ok: false, reason: reasonOf(error) };
      }
      const bytes = answer.ok && answer.result instanceof Uint8Array ? [answer.result.buffer as ArrayBuffer] : [];
      port.postMessage(answer, bytes);
    });
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function run(work: Hdf5Work, progress: SharedArrayBuffer): Promise<(FromHdf5Thread & { ok: true })['result']> {
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

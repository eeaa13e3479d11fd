/**
 * The HDF5 library in a thread of its own: it is C that damaged files may send round in circles, and its memory and its time
 * end with the thread. A thread serves one file; one that is done waits a while for the next.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type {
  FromHdf5Thread,
  Hdf5Contents,
  Hdf5File,
  Hdf5Range,
  Hdf5ThreadData,
  Hdf5Work,
  ToHdf5Thread,
} from './hdf5Protocol';

// bundled, this file lies in dist/ beside the thread; under a test runner it is where it is written
const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../../dist');

export const hdf5WorkerPath = path.join(distDirectory, 'hdf5-worker.js');

/** Between two signs of life the library inflates a chunk at most: a second on a slow machine. */
const watchMilliseconds = 1_000;
const mostSilentTurns = 7;
const idleMilliseconds = 5_000;
/** For what JavaScript holds in the thread: names, and the numbers of a range. */
const heapMegabytes = 192;

interface Waiting {
  readonly resolve: (result: (FromHdf5Thread & { ok: true })['result']) => void;
  readonly reject: (error: Error) => void;
}

/** Threads without a file, for the next one. */
const spares = new Set<Hdf5Thread>();
const mostSpares = 1;

export class Hdf5Thread {
  private readonly worker: Worker;
  private readonly progress = new Int32Array(new SharedArrayBuffer(8));
  private readonly waiting = new Map<number, Waiting>();
  private watch: NodeJS.Timeout | undefined;
  private idle: NodeJS.Timeout | undefined;
  private ended: Error | null = null;
  private next = 0;

  private constructor() {
    const workerData: Hdf5ThreadData = { progress: this.progress.buffer };
    this.worker = new Worker(hdf5WorkerPath, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    this.worker.on('message', (answer: FromHdf5Thread) => {
      this.settle(answer);
    });
    this.worker.on('error', error => {
      const memory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.end(memory ? new Error('its structure takes more memory than is given to one file: damaged') : error);
    });
    this.worker.on('exit', code => {
      this.end(new Error(`the thread that reads HDF5 ended with ${code}`));
    });
  }

  /** @throws Error with the reason, without the file's name; the thread is gone then */
  static async open(file: Hdf5File): Promise<{ thread: Hdf5Thread; contents: Hdf5Contents }> {
    const [spare] = spares;
    const thread = spare ?? new Hdf5Thread();
    spares.delete(thread);
    clearTimeout(thread.idle);
    try {
      return { thread, contents: (await thread.ask({ kind: 'open', file })) as Hdf5Contents };
    } catch (error) {
      await thread.release();
      throw error;
    }
  }

  /** @returns values, little-endian. @throws Error with the reason, without the file's name */
  async values(range: Hdf5Range): Promise<Uint8Array> {
    return (await this.ask({ kind: 'values', range })) as Uint8Array;
  }

  /** The file is done with. */
  async release(): Promise<void> {
    if (this.ended) return;
    try {
      await this.ask({ kind: 'close' });
    } catch {
      return;
    }
    if (spares.size >= mostSpares) {
      await this.worker.terminate();
      return;
    }
    spares.add(this);
    this.idle = setTimeout(() => {
      spares.delete(this);
      void this.worker.terminate();
    }, idleMilliseconds);
    this.idle.unref();
  }

  private ask(work: Hdf5Work): Promise<(FromHdf5Thread & { ok: true })['result']> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.worker.ref();
      this.watch ??= setInterval(this.silence(), watchMilliseconds);
      const message: ToHdf5Thread = { id, work };
      this.worker.postMessage(message);
    });
  }

  private settle(answer: FromHdf5Thread): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (this.waiting.size === 0) this.rest();
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(new Error(answer.reason));
  }

  private rest(): void {
    clearInterval(this.watch);
    this.watch = undefined;
    // an idle thread must not keep a command-line process alive
    this.worker.unref();
  }

  /** Ends the thread where it neither answers nor reads for long. A slow disk is no circle: the thread says when it reads. */
  private silence(): () => void {
    let [seen, turns] = [-1, 0];
    return () => {
      const [reads, reading] = [Atomics.load(this.progress, 0), Atomics.load(this.progress, 1)];
      // 0: it is starting still, and its own errors tell if it does not
      turns = reading === 1 || reads !== seen || reads === 0 ? 0 : turns + 1;
      seen = reads;
      if (turns < mostSilentTurns) return;
      this.end(new Error('the HDF5 library does not come to an end with it: its structure is damaged'));
      void this.worker.terminate();
    };
  }

  private end(error: Error): void {
    if (this.ended) return;
    this.ended = error;
    spares.delete(this);
    clearTimeout(this.idle);
    this.rest();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

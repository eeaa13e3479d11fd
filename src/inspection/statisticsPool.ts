/** Worker threads for statistics: started when there is work, ended when there has been none for a while. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PartialStatistics } from '../sparsity/partial';
import { wasm, type WasmModule } from '../training/wasm/webassembly';
import type { FromStatisticsWorker, StatisticsTask, ToStatisticsWorker } from './statisticsTask';

// bundled, this file lies in dist/ beside worker and kernels; under a test runner it is where it is written
const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../dist');

/** One at work and one waiting, so that a thread never waits for a message. */
const tasksPerThread = 2;
const idleMilliseconds = 5_000;

interface Waiting {
  readonly task: StatisticsTask;
  readonly resolve: (partial: PartialStatistics) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly running: Map<number, Waiting>;
}

export class StatisticsPool {
  private readonly queue: Waiting[] = [];
  private readonly pool: Thread[] = [];
  private module: WasmModule | null = null;
  private next = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly threads: number) {}

  /**
   * @param task one whose bytes are here gives them away: they move to the thread
   * @throws Error where the file cannot be read
   */
  async run(task: StatisticsTask): Promise<PartialStatistics> {
    clearTimeout(this.idle);
    this.module ??= await wasm.compile(await readFile(path.join(distDirectory, 'statistics.wasm')));
    return new Promise((resolve, reject) => {
      this.queue.push({ task, resolve, reject });
      this.dispatch();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    const ended = this.pool.splice(0);
    await Promise.all(ended.map(({ worker }) => worker.terminate()));
    const left = [...ended.flatMap(({ running }) => [...running.values()]), ...this.queue.splice(0)];
    for (const { reject } of left) reject(new Error('the inspector was closed'));
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const thread = this.freest();
      if (!thread) return;
      const waiting = this.queue.shift()!;
      const id = this.next++;
      thread.running.set(id, waiting);
      thread.worker.ref();
      const { values } = waiting.task;
      const message: ToStatisticsWorker = { id, task: waiting.task };
      thread.worker.postMessage(message, values instanceof Uint8Array ? [values.buffer as ArrayBuffer] : []);
    }
    if (this.pool.every(({ running }) => running.size === 0)) {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => void this.close(), idleMilliseconds);
      this.idle.unref();
    }
  }

  /** Null where all are busy. A new thread only where none is free: one tensor of a few values needs one. */
  private freest(): Thread | null {
    const [least] = [...this.pool].sort((a, b) => a.running.size - b.running.size);
    if (least?.running.size === 0) return least;
    if (this.pool.length < this.threads) return this.start();
    return least && least.running.size < tasksPerThread ? least : null;
  }

  private start(): Thread {
    const worker = new Worker(path.join(distDirectory, 'inspector-worker.js'), { workerData: this.module });
    const thread: Thread = { worker, running: new Map() };
    this.pool.push(thread);
    worker.on('message', (answer: FromStatisticsWorker) => {
      const waiting = thread.running.get(answer.id);
      thread.running.delete(answer.id);
      // an idle thread must not keep a command-line process alive
      if (thread.running.size === 0) worker.unref();
      if (answer.ok) waiting?.resolve(answer.partial);
      else waiting?.reject(new Error(answer.error));
      this.dispatch();
    });
    const lost = (error: Error): void => {
      const place = this.pool.indexOf(thread);
      if (place >= 0) this.pool.splice(place, 1);
      for (const { reject } of thread.running.values()) reject(error);
      thread.running.clear();
      this.dispatch();
    };
    worker.on('error', lost);
    worker.on('exit', code => {
      if (this.pool.includes(thread)) lost(new Error(`a thread of the inspector ended with ${code}`));
    });
    return thread;
  }
}

/**
 * The wasm executor: training plans on CPU threads over one shared memory. Needs nothing installed. Where shared memory
 * is missing it trains on one thread; the bits are the same.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { DataError, type DataSet } from '../../data/dataset';
import { planOf } from '../network';
import {
  type Evaluation,
  type Executor,
  MemoryLimitError,
  type MemoryPlan,
  NonFiniteLossError,
  noLosses,
  type SessionState,
  type SplitName,
  type Trained,
  trained,
  type TrainingSession,
  type TrainOptions,
} from '../trainer';
import { defaultThreads, describeDevice, sharedMemory } from './machine';
import { placeData } from './memory';
import { defaultCompressBelow } from './program';
import type { FromWorker, ToWorker, WorkerStart } from './protocol';
import { wasm } from './webassembly';

/** Raised whenever the same inputs give other bits. */
export const numericVariant = '3';

/** Bundles lie in dist/ beside the worker and the kernels; sources (in tests) three folders above. */
const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../../dist');

export interface WasmOptions {
  /** Default: all processors this process may use, at most 16. */
  readonly threads?: number;
  /** Density below which a layer is stored as compressed rows: for measuring where the switch pays. */
  readonly compressBelow?: number;
}

export async function createWasmExecutor(data: DataSet, options: WasmOptions = {}): Promise<Executor> {
  const wanted = options.threads ?? defaultThreads();
  const memory = sharedMemory();
  const threads = memory ? wanted : 1;
  const sharing = { threads, compressBelow: options.compressBelow ?? defaultCompressBelow };
  const module = await wasm.compile(
    await readFile(path.join(distDirectory, memory ? 'kernels.wasm' : 'kernels-single.wasm')),
  );
  const shared = memory && { memory, layout: placeData(memory, data) };
  const stop = new MessageChannel();
  const isStored = data.training.stored !== undefined;
  // with shared memory, a thread more reads ahead; its work is waiting
  const numbers = [...Array.from({ length: threads }, (_, thread) => thread), ...(shared && isStored ? [-1] : [])];
  const workers = numbers.map(thread => {
    const start: WorkerStart = {
      module,
      thread,
      sharing,
      shared,
      data: shared ? null : data,
      stop: thread === 0 ? stop.port2 : null,
    };
    return new WorkerHandle(
      new Worker(path.join(distDirectory, 'worker.js'), {
        workerData: start,
        transferList: thread === 0 ? [stop.port2] : [],
      }),
    );
  });
  const [leader, ...followers] = workers as [WorkerHandle, ...WorkerHandle[]];
  return {
    name: 'wasm',
    device: describeDevice(threads),
    variant: numericVariant,
    async open(setup) {
      planOf(setup.network);
      const opened = await leader.ask({ type: 'open', setup });
      if (opened.type === 'refused') throw new MemoryLimitError(opened.plan, opened.limit, setup.batchSize);
      if (opened.type !== 'opened') throw unexpected(opened);
      await Promise.all(followers.map(follower => follower.ask({ type: 'follow', program: opened.program })));
      const { memory: planned, outputs } = opened.program;
      return new WasmSession(planned, outputs, leader, followers, data, () => {
        stop.port1.postMessage('stop');
      });
    },
    async close() {
      stop.port1.close();
      await Promise.all(workers.map(worker => worker.terminate()));
    },
  };
}

class WasmSession implements TrainingSession {
  constructor(
    readonly memory: MemoryPlan,
    /** Of an example. */
    private readonly outputs: number,
    private readonly leader: WorkerHandle,
    private readonly followers: readonly WorkerHandle[],
    private readonly data: DataSet,
    private readonly sendStop: () => void,
  ) {}

  async train(step: number, { signal, onProgress, after = noLosses, seconds }: TrainOptions = {}): Promise<Trained> {
    signal?.throwIfAborted();
    const stop = (): void => {
      this.sendStop();
    };
    signal?.addEventListener('abort', stop, { once: true });
    const reply = await this.leader.ask({ type: 'train', step, sum: after.sum, seconds: seconds ?? null }, current =>
      onProgress?.({ step: current }),
    );
    signal?.removeEventListener('abort', stop);
    if (reply.type === 'stopped') signal?.throwIfAborted();
    if (reply.type === 'unreadable') throw new DataError(reply.file, reply.reason);
    if (reply.type === 'diverged') throw new NonFiniteLossError(reply.step);
    if (reply.type !== 'trained') throw unexpected(reply);
    return trained(reply.step, reply.sum, reply.steps, after, reply.seconds);
  }

  async evaluate(split: SplitName, signal?: AbortSignal): Promise<Evaluation | null> {
    signal?.throwIfAborted();
    if (this.data[split].count === 0) return null;
    const reply = await this.leader.ask({ type: 'evaluate', split });
    if (reply.type === 'unreadable') throw new DataError(reply.file, reply.reason);
    if (reply.type !== 'evaluated') throw unexpected(reply);
    return { loss: reply.loss, accuracy: reply.hits / reply.count, seconds: reply.seconds };
  }

  async predict(
    split: SplitName,
    visit: (first: number, outputs: Float32Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { count } = this.data[split];
    for (let first = 0; first < count;) {
      signal?.throwIfAborted();
      const reply = await this.leader.ask({ type: 'predict', split, first });
      if (reply.type === 'unreadable') throw new DataError(reply.file, reply.reason);
      if (reply.type !== 'predicted') throw unexpected(reply);
      visit(first, reply.outputs);
      first += reply.outputs.length / this.outputs;
    }
  }

  async weights(): Promise<Float32Array[]> {
    const reply = await this.leader.ask({ type: 'weights' });
    if (reply.type !== 'weights') throw unexpected(reply);
    return [...reply.weights];
  }

  async state(): Promise<SessionState> {
    const reply = await this.leader.ask({ type: 'state' });
    if (reply.type !== 'state') throw unexpected(reply);
    return reply.state;
  }

  async close(): Promise<void> {
    const closed = this.followers.map(follower => follower.next());
    // together: where the leader is gone, nobody would hear of a follower's end
    await Promise.all([this.leader.ask({ type: 'close' }), ...closed]);
  }
}

function unexpected(message: FromWorker): Error {
  return new Error(`the training thread answered "${message.type}" out of turn`);
}

/** A worker that answers each question once; a crash rejects the question at hand. */
class WorkerHandle {
  private pending: { resolve: (message: FromWorker) => void; reject: (error: Error) => void } | null = null;
  private onProgress: ((step: number) => void) | undefined;
  private failure: Error | null = null;

  constructor(private readonly worker: Worker) {
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'progress') this.onProgress?.(message.step);
      else this.settle()?.resolve(message);
    });
    worker.on('error', (error: Error) => {
      this.failure = error;
      this.settle()?.reject(error);
    });
    worker.on('exit', code => {
      this.failure ??= new Error(`a training thread ended with exit code ${String(code)}`);
      this.settle()?.reject(this.failure);
    });
  }

  ask(message: ToWorker, onProgress?: (step: number) => void): Promise<FromWorker> {
    this.onProgress = onProgress;
    const reply = this.next();
    this.worker.postMessage(message);
    return reply;
  }

  /** The next message that is not progress. */
  next(): Promise<FromWorker> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
    });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(): { resolve: (message: FromWorker) => void; reject: (error: Error) => void } | null {
    const { pending } = this;
    this.pending = null;
    return pending;
  }
}

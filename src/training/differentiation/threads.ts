/** Differentiation on worker threads: the job's own thread stays free, and work that is cancelled ends at once. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Plan } from '../plan/plan';
import { processors } from '../wasm/machine';
import type { WasmModule } from '../wasm/webassembly';
import { type Derivatives, merge, mostShares, type Share, sharesOf } from './derivatives';
import type { Examples, InputQuestion, Question } from './differentiation';
import { compileProducts, distDirectory } from './product';

export interface WorkerStart {
  readonly plan: Plan;
  readonly module: WasmModule;
}

export interface ToDerivativeWorker {
  readonly id: number;
  readonly share: Share;
}

export type FromDerivativeWorker =
  | { readonly id: number; readonly ok: true; readonly sums: Float64Array[] }
  | { readonly id: number; readonly ok: false; readonly error: string };

interface Waiting {
  readonly resolve: (sums: Float64Array[]) => void;
  readonly reject: (error: unknown) => void;
}

export class ThreadedDerivatives implements Derivatives {
  private readonly waiting = new Map<number, Waiting>();
  private readonly workers: Worker[] = [];
  private next = 0;

  /** @param most threads, up to what shares there can be; as many as there are processors unless given */
  static async create(plan: Plan, most = processors()): Promise<ThreadedDerivatives> {
    return new ThreadedDerivatives(plan, await compileProducts(), Math.min(mostShares, most));
  }

  private constructor(
    private readonly plan: Plan,
    private readonly module: WasmModule,
    private readonly threads: number,
  ) {}

  async sum(
    question: Question | InputQuestion,
    batches: readonly Examples[],
    asked: readonly boolean[],
    signal?: AbortSignal,
  ): Promise<Float64Array[]> {
    signal?.throwIfAborted();
    const shares = sharesOf(this.plan, question, batches, asked);
    const stop = (): void => void this.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return merge(await Promise.all(shares.map((share, i) => this.take(share, i % this.threads))));
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** What is under way is rejected. */
  async close(): Promise<void> {
    const ended = this.workers.splice(0);
    for (const { reject } of this.waiting.values()) reject(new Error('differentiation was stopped'));
    this.waiting.clear();
    await Promise.all(ended.map(worker => worker.terminate()));
  }

  private take(share: Share, thread: number): Promise<Float64Array[]> {
    const id = this.next++;
    const message: ToDerivativeWorker = { id, share };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      (this.workers[thread] ??= this.start()).postMessage(message);
    });
  }

  private start(): Worker {
    const workerData: WorkerStart = { plan: this.plan, module: this.module };
    const worker = new Worker(path.join(distDirectory, 'derivative-worker.js'), { workerData });
    worker.on('message', (answer: FromDerivativeWorker) => {
      const waiting = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if (answer.ok) waiting?.resolve(answer.sums);
      else waiting?.reject(new Error(answer.error));
    });
    worker.on('error', error => {
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
    return worker;
  }
}

/** Statistics of the tensors of any checkpoint, on threads; memory stays bounded whatever their size. */
import { availableParallelism } from 'node:os';
import type { Checkpoint } from '../checkpoints/checkpoint';
import { CheckpointError } from '../checkpoints/checkpointError';
import type { TensorInfo, TensorStatistics } from '../shared/inspection';
import { PartialMerger } from '../sparsity/partial';
import { StatisticsAccumulator } from '../sparsity/statistics';
import { structureOf, unitOf, type StructurePlan } from '../sparsity/structurePlan';
import { countable } from './countable';
import { Limit } from './limit';
import { largestTask } from './statisticsKernel';
import { StatisticsPool } from './statisticsPool';
import { isRawFormat, rawBytes, type StatisticsTask } from './statisticsTask';

/** Values of a task, about; decoded ones are held as float32 until their task is done. */
const taskValues = 2 ** 20;
/** Values counted at once where they are counted here: a few milliseconds, in which no message is answered. */
const plainChunk = 2 ** 18;
/** One at work, one waiting. */
const tasksPerThread = 2;
const mostThreads = 8;

export interface EngineOptions {
  /** As many as there are processors, at most 8, unless given. */
  readonly threads?: number;
}

export class StatisticsEngine {
  private readonly threads: number;
  private readonly pool: StatisticsPool;
  private readonly tasks: Limit;

  constructor({ threads = Math.min(mostThreads, availableParallelism()) }: EngineOptions = {}) {
    this.threads = threads;
    this.pool = new StatisticsPool(threads);
    this.tasks = new Limit(threads * tasksPerThread);
  }

  /** How many tensors to ask for at a time, so that no thread waits. */
  get width(): number {
    return this.threads + 1;
  }

  /**
   * @param index into the checkpoint's tensors
   * @throws CheckpointError where values cannot be read; the signal's reason
   */
  async statistics(checkpoint: Checkpoint, index: number, signal?: AbortSignal): Promise<TensorStatistics> {
    signal?.throwIfAborted();
    const tensor = countable(checkpoint, index);
    const plan = structureOf(tensor);
    if (tensor.count === 0 || unitOf(plan) > largestTask) return plainStatistics(checkpoint, index, signal);
    const file = fileTasks(checkpoint, index, plan);
    if (file) return this.onThreads(tensor, plan, range => Promise.resolve(file(range)), signal);
    const first = await checkpoint.values(index, 0, 1, signal);
    if (first instanceof Float64Array || unitOf(plan) > taskValues) return plainStatistics(checkpoint, index, signal);
    return this.onThreads(tensor, plan, decodedTasks(checkpoint, index, plan, signal), signal);
  }

  async close(): Promise<void> {
    await this.pool.close();
  }

  private async onThreads(
    tensor: TensorInfo,
    plan: StructurePlan,
    taskOf: (range: Range) => Promise<StatisticsTask>,
    signal: AbortSignal | undefined,
  ): Promise<TensorStatistics> {
    const merger = new PartialMerger(tensor.count, plan);
    const size = taskSize(plan);
    const parts = Math.ceil(tensor.count / size);
    let next = 0;
    let failed = false;
    const work = async (): Promise<void> => {
      while (next < parts && !failed) {
        const place = next++;
        const begin = place * size;
        const range = { begin, count: Math.min(size, tensor.count - begin) };
        const partial = await this.tasks.run(async () => {
          signal?.throwIfAborted();
          return this.pool.run(await taskOf(range));
        });
        signal?.throwIfAborted();
        merger.add(place, partial);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(parts, this.threads * tasksPerThread) }, work));
    } catch (error) {
      failed = true;
      signal?.throwIfAborted();
      if (error instanceof CheckpointError) throw error;
      throw new CheckpointError(tensor.name, error instanceof Error ? error.message : String(error));
    }
    return merger.result();
  }
}

interface Range {
  readonly begin: number;
  readonly count: number;
}

/** A multiple of the unit, so that no group is cut. */
function taskSize(plan: StructurePlan): number {
  const unit = unitOf(plan);
  return unit * Math.max(1, Math.floor(taskValues / unit));
}

/** Null where the threads cannot read the tensor by themselves. */
function fileTasks(
  checkpoint: Checkpoint,
  index: number,
  plan: StructurePlan,
): ((range: Range) => StatisticsTask) | null {
  const { dtype: format, count } = checkpoint.tensors[index]!;
  const raw = checkpoint.raw(index);
  if (!raw?.source.path || !isRawFormat(format) || raw.length !== count * rawBytes[format]) return null;
  const { path, identity } = raw.source;
  return range => ({
    ...range,
    format,
    plan,
    values: { path, identity, offset: raw.offset + range.begin * rawBytes[format] },
  });
}

function decodedTasks(
  checkpoint: Checkpoint,
  index: number,
  plan: StructurePlan,
  signal: AbortSignal | undefined,
): (range: Range) => Promise<StatisticsTask> {
  return async range => {
    // a copy, because a reader may give a view of what it keeps, and a task gives its bytes away
    const floats = Float32Array.from(await checkpoint.values(index, range.begin, range.begin + range.count, signal));
    return { ...range, format: 'F32', plan, values: new Uint8Array(floats.buffer) };
  };
}

/** For what the kernels do not take: doubles, and shapes of rows too long for their memory. */
async function plainStatistics(
  checkpoint: Checkpoint,
  index: number,
  signal: AbortSignal | undefined,
): Promise<TensorStatistics> {
  const tensor = checkpoint.tensors[index]!;
  const accumulator = new StatisticsAccumulator(tensor);
  for (let begin = 0; begin < tensor.count; begin += plainChunk) {
    signal?.throwIfAborted();
    accumulator.add(await checkpoint.values(index, begin, Math.min(begin + plainChunk, tensor.count), signal));
  }
  return accumulator.result();
}

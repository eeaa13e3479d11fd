/** Statistics of many tensors of one checkpoint, those first that are looked at. */
import type { TensorStatistics } from '../shared/inspection';
import type { StatisticsResult } from '../shared/inspectorMessages';
import type { OpenFile } from './openFiles';
import type { StatisticsCache } from './statisticsCache';
import type { StatisticsEngine } from './statisticsEngine';

export class StatisticsRequest {
  /** Wishes, the most urgent last; those counted already are passed over. */
  private readonly wishes: number[];
  private readonly left: Set<number>;

  /** @param tensors indices; those that the file does not have are left out */
  constructor(
    private readonly file: OpenFile,
    tensors: readonly number[],
  ) {
    this.wishes = tensors.filter(index => index < file.checkpoint.tensors.length).reverse();
    this.left = new Set(this.wishes);
  }

  prefer(tensors: readonly number[]): void {
    this.wishes.push(...tensors.filter(index => this.left.has(index)).reverse());
  }

  /** @throws the signal's reason; what cannot be read is told of its tensor */
  async run(
    engine: StatisticsEngine,
    cache: StatisticsCache,
    signal: AbortSignal,
    send: (tensor: number, result: StatisticsResult) => void,
  ): Promise<void> {
    const work = async (): Promise<void> => {
      for (let index = this.next(); index !== null; index = this.next()) {
        signal.throwIfAborted();
        let result: StatisticsResult;
        try {
          result = { ok: true, statistics: await statisticsOf(this.file, index, engine, cache, signal) };
        } catch (error) {
          signal.throwIfAborted();
          result = { ok: false, error: error instanceof Error ? error.message : String(error) };
        }
        send(index, result);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: engine.width }, work));
    // counted is counted: kept even where the rest was given up
    await cache.save(this.file.identity).catch(() => undefined);
    const failed = ended.find(result => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private next(): number | null {
    for (;;) {
      const index = this.wishes.pop();
      if (index === undefined) return null;
      if (this.left.delete(index)) return index;
    }
  }
}

/** From the cache, or counted. */
export async function statisticsOf(
  { checkpoint, identity }: OpenFile,
  index: number,
  engine: StatisticsEngine,
  cache: StatisticsCache,
  signal: AbortSignal,
): Promise<TensorStatistics> {
  const known = await cache.get(identity, checkpoint, index);
  if (known) return known;
  const statistics = await engine.statistics(checkpoint, index, signal);
  await cache.set(identity, checkpoint, index, statistics);
  return statistics;
}

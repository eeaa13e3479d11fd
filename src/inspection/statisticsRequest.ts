/** Statistics of many tensors of one checkpoint, those first that are looked at. */
import type { TensorStatistics } from '../shared/inspection';
import type { StatisticsResult } from '../shared/inspectorMessages';
import type { OpenFile } from './openFiles';
import type { StatisticsCache } from './statisticsCache';
import type { StatisticsEngine } from './statisticsEngine';
import type { Wishes } from './wishes';

/**
 * @param wishes indices of tensors
 * @throws the signal's reason; what cannot be read is told of its tensor
 */
export async function countAll(
  file: OpenFile,
  wishes: Wishes,
  engine: StatisticsEngine,
  cache: StatisticsCache,
  signal: AbortSignal,
  send: (tensor: number, result: StatisticsResult) => void,
): Promise<void> {
  const work = async (): Promise<void> => {
    for (let index = wishes.next(); index !== null; index = wishes.next()) {
      signal.throwIfAborted();
      let result: StatisticsResult;
      try {
        result = { ok: true, statistics: await statisticsOf(file, index, engine, cache, signal) };
      } catch (error) {
        signal.throwIfAborted();
        result = { ok: false, error: error instanceof Error ? error.message : String(error) };
      }
      send(index, result);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: engine.width }, work));
  // counted is counted: kept even where the rest was given up, and no loss where it cannot be kept
  await cache.save(file.identity).catch(() => undefined);
  const failed = ended.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * From the cache, or counted.
 * @throws CheckpointError where it cannot be read; the signal's reason
 */
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

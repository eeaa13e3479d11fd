/** Statistics of the tensors of any checkpoint; memory stays bounded whatever their size. */
import type { Checkpoint } from '../checkpoints/checkpoint';
import { CheckpointError } from '../checkpoints/checkpointError';
import type { TensorStatistics } from '../shared/inspection';
import { StatisticsAccumulator } from '../sparsity/statistics';

/** Values decoded at once. */
const chunk = 2 ** 20;

export class StatisticsEngine {
  /**
   * @param index into the checkpoint's tensors
   * @throws CheckpointError where values cannot be read; the signal's reason
   */
  async statistics(checkpoint: Checkpoint, index: number, signal?: AbortSignal): Promise<TensorStatistics> {
    const tensor = checkpoint.tensors[index]!;
    if (tensor.error !== null) throw new CheckpointError(tensor.name, tensor.error);
    const accumulator = new StatisticsAccumulator(tensor);
    for (let begin = 0; begin < tensor.count; begin += chunk) {
      signal?.throwIfAborted();
      accumulator.add(await checkpoint.values(index, begin, Math.min(begin + chunk, tensor.count), signal));
    }
    return accumulator.result();
  }

  async close(): Promise<void> {
    // nothing is held yet
  }
}

/** A checkpoint with the statistics of all its tensors. */
import type { Checkpoint } from '../../checkpoints/checkpoint';
import { CheckpointError } from '../../checkpoints/checkpointError';
import type { StatisticsEngine } from '../../inspection/statisticsEngine';
import type { CheckpointSummary, TensorInfo, TensorStatistics } from '../../shared/inspection';

export interface InspectedTensor {
  readonly info: TensorInfo;
  /** null where `error` says why. */
  readonly statistics: TensorStatistics | null;
  readonly error: string | null;
}

export interface Inspected {
  readonly summary: CheckpointSummary;
  /** In the order of the file. */
  readonly tensors: readonly InspectedTensor[];
}

/**
 * A tensor that cannot be read harms no other. Memory that tensors share is read once.
 * @throws the signal's reason
 */
export async function inspect(
  file: string,
  checkpoint: Checkpoint,
  engine: StatisticsEngine,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Inspected> {
  const { format, bytes, metadata, notes } = checkpoint;
  const { tensors: infos } = checkpoint;
  const reads: Read[] = new Array<Read>(infos.length);
  const indexOf = new Map(infos.map(({ name }, index) => [name, index]));
  /** The tensor that is read in place of another: itself, where the memory is not that of an earlier one. */
  const origin = (index: number): number => {
    const { tiedTo, count } = infos[index]!;
    const twin = tiedTo === null ? undefined : indexOf.get(tiedTo);
    return twin !== undefined && twin < index && infos[twin]!.count === count ? twin : index;
  };
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < infos.length) {
      const index = next++;
      if (origin(index) !== index) continue;
      signal.throwIfAborted();
      reads[index] = await readOne(checkpoint, index, engine, signal);
      onProgress(++done, infos.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(engine.width, infos.length) }, work));
  const tensors = infos.map((info, index) => ({ info, ...reads[origin(index)]! }));
  return { summary: { file, format, bytes, metadata, notes, tensors: infos }, tensors };
}

interface Read {
  readonly statistics: TensorStatistics | null;
  readonly error: string | null;
}

async function readOne(
  checkpoint: Checkpoint,
  index: number,
  engine: StatisticsEngine,
  signal: AbortSignal,
): Promise<Read> {
  const { error } = checkpoint.tensors[index]!;
  if (error !== null) return { statistics: null, error };
  try {
    return { statistics: await engine.statistics(checkpoint, index, signal), error: null };
  } catch (reason) {
    if (!(reason instanceof CheckpointError)) throw reason;
    return { statistics: null, error: withoutFile(reason) };
  }
}

/** The list stands under the file's name already. */
function withoutFile({ message, file }: CheckpointError): string {
  return message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
}

/** What was written is opened as anyone would open it, and held against what should be in it. */
import type { Checkpoint } from '../checkpoints/checkpoint';
import { CheckpointError } from '../checkpoints/checkpointError';
import { openCheckpoint } from '../checkpoints/open';
import { openFile } from '../checkpoints/source';
import type { ExpectedTensor } from './artefact';

/** What a checkpoint gives at a time. */
const blockValues = 2 ** 22;

/**
 * @param name of the file, for messages
 * @throws CheckpointError where a tensor is missing, is one too many or differs in a bit; the signal's reason
 */
export async function checkWritten(
  file: string,
  name: string,
  expected: readonly ExpectedTensor[],
  signal: AbortSignal,
): Promise<void> {
  const fail = (reason: string): never => {
    throw new CheckpointError(name, `not written, because it did not come out as planned: ${reason}`);
  };
  const checkpoint = await openCheckpoint(await openFile(file));
  try {
    const found = new Map(checkpoint.tensors.map((tensor, index) => [tensor.name, index]));
    if (found.size !== expected.length)
      fail(`it holds ${String(found.size)} tensors instead of ${String(expected.length)}`);
    for (const tensor of expected) {
      const index = found.get(tensor.name);
      if (index === undefined) return fail(`"${tensor.name}" is not in it`);
      const { shape } = checkpoint.tensors[index]!;
      if (shape.join() !== tensor.shape.join()) fail(`"${tensor.name}" has the shape [${shape.join(', ')}]`);
      const place = await firstDifference(checkpoint, index, tensor, signal);
      if (place >= 0) fail(`value ${String(place)} of "${tensor.name}" differs`);
    }
  } finally {
    await checkpoint.close();
  }
}

/** -1: there is none. */
async function firstDifference(
  checkpoint: Checkpoint,
  index: number,
  { data }: ExpectedTensor,
  signal: AbortSignal,
): Promise<number> {
  for (let begin = 0; begin < data.length; begin += blockValues) {
    const end = Math.min(data.length, begin + blockValues);
    const values = await checkpoint.values(index, begin, end, signal);
    for (let i = 0; i < values.length; i++) {
      // 0 and -0 are two numbers here, and NaN is one
      if (!Object.is(values[i], data[begin + i])) return begin + i;
    }
    if (values.length !== end - begin) return begin + values.length;
  }
  return -1;
}

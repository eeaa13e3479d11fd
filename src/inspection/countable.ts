import type { Checkpoint } from '../checkpoints/checkpoint';
import { CheckpointError } from '../checkpoints/checkpointError';
import type { TensorInfo } from '../shared/inspection';

/** Values that a tensor may claim whatever the size of its file: seconds of work. */
const alwaysCounted = 2 ** 30;
/** More of them for each byte of the file no format holds that is not made to keep its reader busy for days. */
const valuesPerByte = 1024;

/**
 * The tensor, where its values can be read in a time that its file is worth: a few bytes, repeated, can claim any number.
 * @throws CheckpointError that names it
 */
export function countable(checkpoint: Checkpoint, index: number): TensorInfo {
  const tensor = checkpoint.tensors[index]!;
  if (tensor.error !== null) throw new CheckpointError(tensor.name, tensor.error);
  if (tensor.count > Math.max(alwaysCounted, valuesPerByte * checkpoint.bytes)) {
    throw new CheckpointError(
      tensor.name,
      `it claims ${tensor.count} values in a file of ${checkpoint.bytes} bytes: they repeat, and are not read one by one`,
    );
  }
  return tensor;
}

/** What every checkpoint that opens must keep to, whatever is in the file. */
import type { ByteSource, Checkpoint } from '../../src/checkpoints/checkpoint';
import { limits } from '../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../src/checkpoints/checkpointError';
import { bytesPerElement, decode, isDtype } from '../../src/checkpoints/dtypes';
import { memorySource } from '../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../src/checkpoints/open';
import type { TensorInfo } from '../../src/shared/inspection';
import { demand, type Files, type Outcome } from './target';

/** Values that are read whole; of longer tensors pieces only. */
const manyValues = 2 ** 16;
const tensorsRead = 200;
/** A message is for people. */
const longestMessage = 20_000;

/**
 * Opens the file in memory, with the others beside it, and reads every tensor.
 * @returns 'refused' also where one of its tensors cannot be read
 * @throws where a promise is broken
 */
export async function readCheckpoint(files: Files, main: string): Promise<Outcome> {
  const ledger = { opened: 0, closed: 0 };
  const names = Object.keys(files);
  let checkpoint: Checkpoint;
  try {
    checkpoint = await openCheckpoint(watched(memorySource(main, files[main]!, files), ledger));
  } catch (error) {
    demandRefusal(error, names);
    demand(ledger.closed === ledger.opened, `sources closed after a refusal, not ${ledger.closed} of ${ledger.opened}`);
    return 'refused';
  }
  try {
    demandSoundList(checkpoint);
    let outcome: Outcome = 'valid';
    for (let index = 0; index < Math.min(tensorsRead, checkpoint.tensors.length); index++) {
      try {
        await readTensor(checkpoint, index);
      } catch (error) {
        demandRefusal(error, names);
        outcome = 'refused';
      }
    }
    return outcome;
  } finally {
    await checkpoint.close();
    demand(
      ledger.closed === ledger.opened,
      `sources closed with the checkpoint, not ${ledger.closed} of ${ledger.opened}`,
    );
  }
}

function demandRefusal(error: unknown, names: readonly string[]): void {
  if (!(error instanceof CheckpointError)) throw error;
  const { message } = error;
  demand(
    names.some(name => message.includes(name)),
    `an error that names its file, not: ${message.slice(0, 1000)}`,
  );
  demand(message.length < longestMessage, `a message that people can read, not ${message.length} characters`);
}

/** Counts what is opened and closed, once each. */
function watched(source: ByteSource, ledger: { opened: number; closed: number }): ByteSource {
  ledger.opened++;
  let open = true;
  return {
    name: source.name,
    size: source.size,
    identity: source.identity,
    read(offset, length, signal) {
      demand(open, 'no read after closing');
      return source.read(offset, length, signal);
    },
    beside: async path => watched(await source.beside(path), ledger),
    close: () => {
      if (open) ledger.closed++;
      open = false;
      return source.close();
    },
  };
}

function demandSoundList({ format, tensors, metadata, notes, bytes }: Checkpoint): void {
  demand(format !== '', 'a format');
  demand(isSize(bytes), `a size of the file, not ${bytes}`);
  demand(tensors.length <= limits.tensors, 'no more tensors than the limit');
  demand(
    notes.every(note => note.length < longestMessage),
    'notes that people can read',
  );
  demand(
    metadata.every(pair => pair.every(text => typeof text === 'string')),
    'metadata is text',
  );
  const names = new Set<string>();
  for (const tensor of tensors) {
    demandSoundTensor(tensor);
    demand(!names.has(tensor.name), `names are unique, not ${JSON.stringify(tensor.name)} twice`);
    demand(tensor.tiedTo === null || names.has(tensor.tiedTo), 'a tie leads to an earlier tensor');
    names.add(tensor.name);
  }
}

function demandSoundTensor(tensor: TensorInfo): void {
  const { name, dtype, shape, count, bytes, role, kind, prunable, outputAxis, inputAxis, error } = tensor;
  const promise = (condition: boolean, what: string): void => {
    demand(condition, `${what}: ${JSON.stringify(tensor).slice(0, 1000)}`);
  };
  promise(name.length <= limits.nameLength, 'a name within the limit');
  promise(dtype !== '' && dtype.length <= 100, 'a dtype');
  promise(shape.length <= limits.rank && shape.every(isSize), 'a shape');
  promise(count === shape.reduce((product, size) => product * size, 1) && isSize(count), 'a count that fits the shape');
  promise(isSize(bytes), 'a number of bytes');
  promise(role === 'weight' || (kind === null && !prunable), 'no kind but of a weight');
  promise(
    [outputAxis, inputAxis].every(axis => axis === null || (axis >= 0 && axis < shape.length)),
    'axes in the shape',
  );
  promise(error === null || (error !== '' && error.length < longestMessage), 'an error that people can read');
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** @throws the reader's own error where the values cannot be read */
async function readTensor(checkpoint: Checkpoint, index: number): Promise<void> {
  const { dtype, count, error } = checkpoint.tensors[index]!;
  const raw = checkpoint.raw(index);
  if (error !== null) {
    demand(raw === null, 'no range of a tensor that cannot be read');
    await checkpoint.values(index, 0, Math.min(count, 1));
    throw new Error('broken promise: values of a tensor that cannot be read');
  }
  const whole = await readPiece(checkpoint, index, 0, Math.min(count, manyValues));
  for (const [begin, end] of [
    [Math.floor(whole.length / 3), whole.length],
    [0, Math.floor(whole.length / 2)],
  ] as const) {
    const piece = await readPiece(checkpoint, index, begin, end);
    demand(
      piece.every((value, i) => Object.is(value, whole[begin + i])),
      'the same values in pieces as in one',
    );
  }
  await readPiece(checkpoint, index, Math.max(0, count - 100), count);
  if (raw) {
    demand(isDtype(dtype) && raw.length === count * bytesPerElement[dtype], 'a range of the tensor’s size');
    const bytes = await raw.source.read(raw.offset, Math.min(raw.length, whole.length * bytesPerElement[dtype]));
    demand(
      decode(dtype, bytes).every((value, i) => Object.is(value, whole[i])),
      'the same values raw as read',
    );
  }
  if (count > 0) await demandCancelled(checkpoint, index);
}

async function readPiece(
  checkpoint: Checkpoint,
  index: number,
  begin: number,
  end: number,
): Promise<Float32Array | Float64Array> {
  const values = await checkpoint.values(index, begin, end);
  demand(values instanceof Float32Array || values instanceof Float64Array, 'values are floats');
  demand(values.length === end - begin, `${end - begin} values, not ${values.length}`);
  return values;
}

async function demandCancelled(checkpoint: Checkpoint, index: number): Promise<void> {
  const reason = new Error('cancelled');
  const caught = await checkpoint.values(index, 0, 1, AbortSignal.abort(reason)).catch((error: unknown) => error);
  demand(caught === reason, 'a cancelled read ends with the reason of its signal');
}

/** Inputs of an array that stay in its file where they stand there as they are taken, else in the cache. */
import { createHash } from 'node:crypto';
import { runsAsIs } from '../checkpoints/numpyValues';
import { identify } from './imageSplits';
import { eachFloats, eachPiece, inputBytes, shapeOfInputs, type ArrayFile, type Inputs } from './numpyArrays';
import { storeInputs, type Storage } from './storage';
import { storedPart } from './stored';

/** Raised whenever the same array gives other values. */
const arrayVariant = 1;

/** @throws DataError, also where a value is not finite; CheckpointError */
export async function storeArray(
  array: ArrayFile,
  channels: 'first' | 'last' | undefined,
  storage: Storage,
): Promise<Inputs> {
  const { header, file, label, begin } = array;
  const { shape, count, planes } = shapeOfInputs(array, channels);
  const isBytes = header.dtype === 'U8';
  const type = isBytes ? 'uint8' : 'float32';
  const bytesPerExample = inputBytes(header) / count;
  const isAsTaken = isBytes || (header.dtype === 'F32' && !header.bigEndian);
  if (begin !== null && isAsTaken && runsAsIs(header)) {
    if (!isBytes) await eachFloats(array, () => undefined);
    const place = { offset: begin + header.dataStart, stride: bytesPerExample, count };
    const parts = [await storedPart(file, place)];
    const inputs = isBytes ? new Uint8Array(0) : new Float32Array(0);
    return { shape, count, inputs, stored: { type, bytesPerExample, planes: planes ?? 1, parts, rows: null } };
  }
  const identity = JSON.stringify({ arrayVariant, label, header, file: await identify([file]) });
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const made = { key, type, count, bytesPerExample, make: isBytes ? copyBytes : copyFloats } as const;
  const { inputs, stored } = await storeInputs(file, made, storage, false);
  return { shape, count, inputs, ...(stored && { stored: { ...stored, planes: planes ?? 1 } }) };

  async function copyBytes(append: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await eachPiece(array, piece => append(Uint8Array.from(piece)));
  }

  async function copyFloats(append: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await eachFloats(array, ({ buffer, byteOffset, byteLength }) =>
      append(new Uint8Array(buffer, byteOffset, byteLength)),
    );
  }
}

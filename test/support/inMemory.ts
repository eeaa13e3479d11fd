/** Data sets whose inputs lie in files, brought into memory to compare with. */
import type { DataSet, Split } from '../../src/data/dataset';
import { inputPieces } from '../../src/data/stored';

/** The same data set with all inputs in memory. */
export function inMemory(data: DataSet): DataSet {
  const [training, validation, test] = [data.training, data.validation, data.test].map(loadSplit) as [
    Split,
    Split,
    Split,
  ];
  return { ...data, training, validation, test };
}

function loadSplit(split: Split): Split {
  const { stored, count, labels } = split;
  if (!stored) return split;
  const bytes = new Uint8Array(count * stored.bytesPerExample);
  let end = 0;
  for (const { buffer, byteOffset, byteLength } of inputPieces(split)) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), end);
    end += byteLength;
  }
  return { count, labels, inputs: stored.type === 'uint8' ? bytes : new Float32Array(bytes.buffer) };
}

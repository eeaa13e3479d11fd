/** Data sets in safetensors: tensors of inputs and labels, named as the arrays of a .npz are. */
import type { Checkpoint } from '../checkpoints/checkpoint';
import { isDtype } from '../checkpoints/dtypes';
import { safetensorsReader } from '../checkpoints/safetensorsReader';
import { openFile } from '../checkpoints/source';
import type { DataConfig, Loss } from '../shared/experiment';
import { readSplits, translated } from './arraySplits';
import { DataError, type DataSource } from './dataset';
import { listed, usualArrays } from './numpy';
import type { ArrayFile } from './numpyArrays';
import type { Storage } from './storage';

type SafetensorsConfig = Extract<DataConfig, { format: 'safetensors' }>;

/** @throws DataError that names the file and the tensor */
export function readSafetensors(
  file: string,
  config: SafetensorsConfig,
  loss: Loss,
  storage: Storage,
): Promise<DataSource> {
  return withTensors(file, config, (names, open) => readSplits(names, config, loss, 'data.tensors', open, storage));
}

/** Opens the tensors for as long as `use` takes. @throws DataError that names the file and the tensor */
export function withTensors<T>(
  file: string,
  { tensors }: Pick<SafetensorsConfig, 'tensors'>,
  use: (names: NonNullable<SafetensorsConfig['tensors']>, open: (name: string) => Promise<ArrayFile>) => Promise<T>,
): Promise<T> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const checkpoint = await safetensorsReader.open(source);
      const names = tensors ?? usualArrays(file, namesOf(checkpoint), 'data.tensors');
      return await use(names, name => Promise.resolve(openTensor(file, checkpoint, name)));
    } finally {
      await source.close();
    }
  });
}

function namesOf({ tensors }: Checkpoint): string[] {
  return tensors.map(({ name }) => name);
}

/** A tensor as an array whose values begin at a place in the file. */
function openTensor(file: string, checkpoint: Checkpoint, name: string): ArrayFile {
  const index = checkpoint.tensors.findIndex(tensor => tensor.name === name);
  const tensor = checkpoint.tensors[index];
  if (!tensor) {
    const there = listed(namesOf(checkpoint));
    throw new DataError(file, `holds no tensor ${JSON.stringify(name)}, only ${there}; correct "data.tensors"`);
  }
  const { dtype, shape, error } = tensor;
  const place = checkpoint.raw(index);
  if (error !== null || !place || !isDtype(dtype)) {
    throw new DataError(
      file,
      `${name}: ${error ?? `its values, of type ${dtype}, are not read`}; fetch or write it again`,
    );
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const header = { dtype, bigEndian: false, fortranOrder: false, shape, count, dataStart: place.offset };
  return { file, label: `${name}: `, source: place.source, header, begin: 0, close: () => Promise.resolve() };
}

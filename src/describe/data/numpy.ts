/** Looks at NumPy's arrays, and tensors in safetensors: headers, all labels, and the inputs of the examples that are shown. */
import { openFile } from '../../checkpoints/source';
import { openZip } from '../../checkpoints/zip';
import { readNpyValues, runsAsIs } from '../../checkpoints/numpyValues';
import { DataError } from '../../data/dataset';
import { translated } from '../../data/arraySplits';
import { chooseNames, openArray, openEntry } from '../../data/numpy';
import { interleave, readLabels, shapeOfInputs, type ArrayFile } from '../../data/numpyArrays';
import { withTensors } from '../../data/safetensorsData';
import type { DataConfig } from '../../shared/dataConfig';
import { mostInputBytes, type Examples, type Look, type Values } from './looked';

type NumpyConfig = Extract<DataConfig, { format: 'npz' | 'npy' | 'safetensors' }>;

interface Names {
  readonly trainingInputs: string;
  readonly trainingLabels: string;
  readonly testInputs?: string | undefined;
}

export async function lookAtNpz(config: Extract<NumpyConfig, { format: 'npz' }>, file: string): Promise<Look> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const zip = await openZip(source);
      return await lookAtArrays(config, chooseNames(file, zip, config.arrays), name => openEntry(file, zip, name));
    } finally {
      await source.close();
    }
  });
}

export function lookAtNpy(
  config: Extract<NumpyConfig, { format: 'npy' }>,
  at: (file: string) => string,
): Promise<Look> {
  return lookAtArrays(config, config.files, name => openArray(at(name)));
}

export function lookAtSafetensors(
  config: Extract<NumpyConfig, { format: 'safetensors' }>,
  file: string,
): Promise<Look> {
  return withTensors(file, config, (names, open) => lookAtArrays(config, names, open));
}

async function lookAtArrays(
  config: NumpyConfig,
  names: Names,
  open: (name: string) => Promise<ArrayFile>,
): Promise<Look> {
  const { shape, count, planes, examples } = await withArray(open, names.trainingInputs, async array => {
    const found = shapeOfInputs(array, config.channels);
    return { ...found, examples: await firstExamples(array, found.count) };
  });
  const labels = await withArray(open, names.trainingLabels, array =>
    readLabels(array, { name: names.trainingInputs, count }),
  );
  const test =
    names.testInputs === undefined
      ? null
      : await withArray(open, names.testInputs, array => {
          const { shape: other, count: examplesToTest } = shapeOfInputs(array, config.channels);
          if (other.join() === shape.join()) return Promise.resolve(examplesToTest);
          throw new DataError(
            array.file,
            `test examples have the shape ${other.join('×')}, but training examples ${shape.join('×')}`,
          );
        });
  const size = shape.reduce((product, side) => product * side, 1);
  const shown: Examples = {
    count: Math.floor(examples.length / size),
    columns: null,
    labelAt: i => labels[i]!,
    valuesAt: i => {
      const values = examples.slice(i * size, (i + 1) * size);
      if (planes !== null) interleave(values, 1, planes, shape[0]! * shape[1]!);
      return Promise.resolve(values);
    },
  };
  return {
    config,
    inputShape: shape,
    classes: null,
    classNames: null,
    task: 'classification',
    training: count,
    validation: null,
    test,
    exact: true,
    labels,
    examples: shown,
    notes: planes === null ? [] : ['The channels come first in the file; they are put last.'],
  };
}

async function withArray<T>(
  open: (name: string) => Promise<ArrayFile>,
  name: string,
  use: (array: ArrayFile) => Promise<T>,
): Promise<T> {
  const array = await open(name);
  try {
    return await translated(array.file, () => use(array));
  } finally {
    await array.close();
  }
}

/** The values of as many examples as fit into the bytes that are looked at; one at least. */
async function firstExamples({ source, header }: ArrayFile, count: number): Promise<Values> {
  const bytes = header.dtype === 'U8';
  const size = header.count / count;
  const examples = Math.min(count, Math.max(1, Math.floor(mostInputBytes / (size * (bytes ? 1 : 4)))));
  // a piece of a column-major array takes all of it: not worth a picture
  if (!runsAsIs(header)) return new Float32Array(0);
  const values = await readNpyValues(source, header, 0, examples * size);
  return bytes ? Uint8Array.from(values) : Float32Array.from(values);
}

/**
 * Data sets in NumPy's files: .npz with the arrays of both splits, as Keras' mnist.npz, or a .npy for each array. Headers,
 * zip archives and values are read by src/checkpoints, which bounds them.
 */
import { readNpyHeader } from '../checkpoints/numpyHeader';
import { openFile } from '../checkpoints/source';
import { openZip, type Zip } from '../checkpoints/zip';
import { usualArrayNames } from '../shared/arrayNames';
import type { DataConfig, Loss } from '../shared/experiment';
import { readSplits, translated, type Names } from './arraySplits';
import { DataError, type DataSource } from './dataset';
import type { ArrayFile } from './numpyArrays';
import type { Storage } from './storage';

type NpzConfig = Extract<DataConfig, { format: 'npz' }>;
type NpyConfig = Extract<DataConfig, { format: 'npy' }>;

/** Names of arrays that a message lists at most. */
const mostListed = 12;

/** @throws DataError that names the file and the array */
export async function readNpz(file: string, config: NpzConfig, loss: Loss, storage: Storage): Promise<DataSource> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const zip = await openZip(source);
      const open = (name: string): Promise<ArrayFile> => openEntry(file, zip, name);
      return await readSplits(chooseNames(file, zip, config.arrays), config, loss, 'data.arrays', open, storage);
    } finally {
      await source.close();
    }
  });
}

/** @param at path of a file that the experiment names. @throws DataError that names the file */
export async function readNpy(
  config: NpyConfig,
  at: (file: string) => string,
  loss: Loss,
  storage: Storage,
): Promise<DataSource> {
  return readSplits(config.files, config, loss, 'data.files', name => openArray(at(name)), storage);
}

/** Opens a .npy file. @throws DataError that names it */
export function openArray(file: string): Promise<ArrayFile> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const header = await readNpyHeader(source);
      return { file, label: '', source, header, begin: 0, close: () => source.close() };
    } catch (error) {
      await source.close();
      throw error;
    }
  });
}

/** @throws DataError where there is no array of this name, CheckpointError where it cannot be read */
export async function openEntry(file: string, zip: Zip, name: string): Promise<ArrayFile> {
  const entry = entryOf(zip, name);
  if (entry === null) {
    throw new DataError(
      file,
      `holds no array ${JSON.stringify(name)}, only ${listed(arraysOf(zip))}; correct "data.arrays"`,
    );
  }
  const source = await zip.source(entry);
  const header = await readNpyHeader(source);
  const begin = (await zip.raw(entry))?.offset ?? null;
  return { file, label: `${name}: `, source, header, begin, close: () => source.close() };
}

/** NumPy adds ".npy" to the names that it is given. */
function entryOf(zip: Zip, name: string): string | null {
  return [`${name}.npy`, name].find(entry => zip.entry(entry) !== null) ?? null;
}

/** Which array is what: as given, else by the usual names. @throws DataError where none has a usual name */
export function chooseNames(file: string, zip: Zip, given: NpzConfig['arrays']): Names {
  return given ?? usualArrays(file, arraysOf(zip), 'data.arrays');
}

/**
 * Of the names that there are, those that are usual.
 * @param field of the experiment that names them
 * @throws DataError where none are
 */
export function usualArrays(file: string, names: readonly string[], field: string): Names {
  const there = new Set(names);
  const has = (name: string): boolean => there.has(name);
  const found = usualArrayNames.find(([inputs, labels]) => has(inputs) && has(labels));
  if (!found) {
    throw new DataError(
      file,
      `holds no x_train with y_train, nor other usual names, but ${listed(names)}; say in "${field}" which is which`,
    );
  }
  const [trainingInputs, trainingLabels, testInputs, testLabels] = found;
  // one without the other is told when splits are read
  return {
    trainingInputs,
    trainingLabels,
    ...(has(testInputs) && { testInputs }),
    ...(has(testLabels) && { testLabels }),
  };
}

function arraysOf(zip: Zip): string[] {
  return zip.entries.filter(({ name }) => name.endsWith('.npy')).map(({ name }) => name.slice(0, -4));
}

/** For messages. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no arrays at all';
  const shown = names.slice(0, mostListed).map(name => JSON.stringify(name.slice(0, 80)));
  return shown.join(', ') + (names.length > mostListed ? `, … (${names.length} arrays)` : '');
}

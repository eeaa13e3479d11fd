/** Which Parquet files hold what: as the Hugging Face hub names them, or a single one. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { openFile } from '../../checkpoints/source';
import { DataError } from '../dataset';
import { readFooter, type ParquetFile } from './metadata';

export type ShardSplit = 'training' | 'validation' | 'test';
/** Files of each split, in order. */
export type Shards = Readonly<Record<ShardSplit, readonly string[]>>;

const splitNames: readonly (readonly [ShardSplit, RegExp])[] = [
  ['training', /^train(ing)?([-_.].*)?$/i],
  ['validation', /^(val|valid|validation|dev)([-_.].*)?$/i],
  ['test', /^test([-_.].*)?$/i],
];
const mostShards = 100_000;

/**
 * @param place a .parquet file, all of it training data; or a folder with train-*.parquet, or with folders of such names,
 * itself or in a folder `data`
 * @throws DataError
 */
export async function findShards(place: string): Promise<Shards> {
  if (!(await isFolder(place))) return { training: [place], validation: [], test: [] };
  const found = await inFolder(place);
  const shards = found.training.length === 0 ? await inFolder(path.join(place, 'data')).catch(() => found) : found;
  if (shards.training.length > 0) return shards;
  throw new DataError(
    place,
    'holds no train*.parquet, nor a folder train/ or data/ with Parquet files; put them there, or name one file in "data.path"',
  );
}

async function inFolder(folder: string): Promise<Shards> {
  const shards = { training: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const isParquet = entry.isFile() && entry.name.endsWith('.parquet');
    const stem = isParquet ? entry.name.slice(0, -'.parquet'.length) : entry.name;
    const split = splitNames.find(([, names]) => names.test(stem))?.[0];
    if (split === undefined) continue;
    const at = path.join(folder, entry.name);
    if (isParquet) shards[split].push(at);
    else if (entry.isDirectory()) shards[split].push(...(await parquetsIn(at)));
    if (shards[split].length > mostShards) throw new DataError(folder, `holds over ${mostShards} files of a split`);
  }
  for (const files of Object.values(shards)) files.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return shards;
}

async function parquetsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter(name => name.endsWith('.parquet')).map(name => path.join(folder, name));
}

async function isFolder(place: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file or folder' : message;
    throw new DataError(place, `${reason}; "data.path" names a Parquet file, or a folder of them`);
  }
}

/** @returns the file with its footer read; its source is to be closed. @throws DataError, CheckpointError */
export async function openParquet(file: string): Promise<ParquetFile> {
  const source = await openFile(file);
  try {
    return await readFooter(file, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens a file for as long as `use` takes. @throws DataError, CheckpointError */
export async function withParquet<T>(file: string, use: (parquet: ParquetFile) => Promise<T>): Promise<T> {
  const parquet = await openParquet(file);
  try {
    return await use(parquet);
  } finally {
    await parquet.source.close();
  }
}

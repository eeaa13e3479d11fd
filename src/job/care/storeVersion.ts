/** `store.json`: the version of a store. Whoever does not know the version leaves the store as it is. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { safeParse } from '../../shared/check';
import { isMissing, readBounded, StoreError, writeWhole } from '../files';

/** 1: records without checksums, and no `store.json`. */
export type StoreVersion = 1 | 2;
export const currentVersion = 2;

const name = 'store.json';
const mostBytes = 65536;
const schema = z.looseObject({ version: z.int().min(1) });

/**
 * Of a store that is empty, the current one. Nothing is written.
 * @returns also whether `store.json` is there and up to date
 * @throws StoreError where it is newer than this program, or cannot be read
 */
export async function readVersion(directory: string): Promise<{ version: StoreVersion; isNamed: boolean }> {
  const file = path.join(directory, name);
  let text: string;
  try {
    text = (await readBounded(file, mostBytes)).toString('utf8');
  } catch (error) {
    if (isMissing(error)) {
      return { version: (await hasRuns(directory)) ? 1 : currentVersion, isNamed: false };
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError(file, `${file} cannot be read: ${why}. Make it readable, or choose another store`);
  }
  const version = versionIn(text);
  if (version === null) {
    throw new StoreError(
      file,
      `${file} is damaged: it names no version. Delete it and run again: each run that has a checksum is held against it`,
    );
  }
  if (version > currentVersion) {
    throw new StoreError(
      file,
      `the store ${directory} has version ${version}, this program knows versions up to ${currentVersion}: ` +
        'update Winning Ticket, or choose another store. Nothing was changed',
    );
  }
  return version === 1 ? { version: 1, isNamed: false } : { version: currentVersion, isNamed: true };
}

/** @throws StoreError */
export async function writeVersion(directory: string): Promise<void> {
  await writeWhole(path.join(directory, name), `${JSON.stringify({ version: currentVersion })}\n`);
}

function versionIn(text: string): number | null {
  try {
    return safeParse(schema, JSON.parse(text)).data?.version ?? null;
  } catch {
    return null;
  }
}

async function hasRuns(directory: string): Promise<boolean> {
  try {
    return (await readdir(path.join(directory, 'runs'))).length > 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

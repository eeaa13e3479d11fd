/** What a store holds, without what differs between two computations of the same. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Left out of every JSON file: wall times of runs, of the report, and of steps as `worth.json` measures them. */
const timeFields = new Set(['startedAt', 'finishedAt', 'seconds']);
/**
 * Of a run's record: a hash over the whole of it, times too; the Node that computed it, of which VS Code has its own; and
 * the memory it took, more with more threads, of which a run that is alone has all.
 */
const recordFields = new Set(['checksum', 'versions', 'memory']);

/** Files below `runs/` and `experiments/`: path in the store → hash of the bytes, of JSON without times. */
export type StoreContent = ReadonlyMap<string, string>;

export function readContent(store: string): StoreContent {
  return new Map(
    filesBelow(store)
      .filter(name => !isLeftover(name))
      .map(name => [name, hashOf(path.join(store, name))]),
  );
}

/** @returns what is wrong with a store whose experiment is done, in words; nothing if it is as it would be undisturbed */
export function compared(store: string, reference: StoreContent): string[] {
  const left = leftovers(store).map(name => `${name} was left in the store`);
  return [...differences(reference, readContent(store)), ...left];
}

function leftovers(store: string): string[] {
  const damaged = path.join(store, 'damaged');
  return [
    ...filesBelow(store).filter(isLeftover),
    ...(existsSync(path.join(store, 'lock')) ? ['lock'] : []),
    ...(existsSync(damaged) ? readdirSync(damaged).map(name => path.join('damaged', name)) : []),
  ];
}

function differences(expected: StoreContent, found: StoreContent): string[] {
  const missing = [...expected.keys()].filter(name => !found.has(name)).map(name => `${name} is missing`);
  const extra = [...found.keys()].filter(name => !expected.has(name)).map(name => `${name} is too much`);
  const other = [...expected].filter(([name, hash]) => found.has(name) && found.get(name) !== hash);
  return [...missing, ...extra, ...other.map(([name]) => `${name} differs`)];
}

function filesBelow(store: string): string[] {
  return ['runs', 'experiments'].flatMap(room => {
    const directory = path.join(store, room);
    if (!existsSync(directory)) return [];
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.relative(store, path.join(entry.parentPath, entry.name)))
      .sort();
  });
}

function isLeftover(name: string): boolean {
  return /(^|\/)(lock|lock\.takeover|resume\.safetensors|progress\.json|wish\.json)$|\.tmp$/.test(name);
}

function hashOf(file: string): string {
  const bytes = readFileSync(file);
  const content = file.endsWith('.json') ? withoutTimes(JSON.parse(bytes.toString('utf8'))) : bytes;
  return createHash('sha256').update(content).digest('hex');
}

function withoutTimes(value: unknown): string {
  return JSON.stringify(value, (name, inner: unknown) =>
    timeFields.has(name) || recordFields.has(name) ? undefined : inner,
  );
}

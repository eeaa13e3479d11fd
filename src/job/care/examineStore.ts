/** What the doctor finds of a store: nothing of it is changed, but for a small file that is written and removed. */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ExaminedStore } from '../../shared/examination';
import { formatBytes, plural } from '../../shared/format';
import { countEntries, isMissing, writeWhole } from '../files';
import { seeLock } from '../lock';
import { bytesIn, reserveBytes, Space } from './space';
import { readVersion } from './storeVersion';

/** A clock that differs by more from that of the disk makes times in reports misleading. */
const mostClockSeconds = 60;

/** Never throws: what is wrong is among the problems. */
export async function examineStore(directory: string): Promise<ExaminedStore> {
  const problems: string[] = [];
  const tell = (error: unknown): null => {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  };
  const exists = await stat(directory).then(
    () => true,
    (error: unknown) => (isMissing(error) ? false : Boolean(tell(error))),
  );
  if (!exists) {
    return { directory, exists, version: null, runs: 0, damaged: 0, bytes: 0, freeBytes: null, holder: null, problems };
  }
  const version = await readVersion(directory).then(found => found.version, tell);
  const freeBytes = await new Space(directory).free();
  if (freeBytes !== null && freeBytes < reserveBytes) {
    problems.push(
      `the disk is nearly full: ${formatBytes(freeBytes)} are free, and ${formatBytes(reserveBytes)} are to stay so`,
    );
  }
  const [runs, damaged] = await Promise.all(
    ['runs', 'damaged'].map(name => countEntries(path.join(directory, name)).catch(tell)),
  );
  const bytes = (await bytesIn(directory).catch(tell)) ?? 0;
  await tryWriting(directory, problems);
  const holder = await holderOf(directory).catch(tell);
  return { directory, exists, version, runs: runs ?? 0, damaged: damaged ?? 0, bytes, freeBytes, holder, problems };
}

export function describeStore(store: ExaminedStore): string {
  const { directory, exists, version, runs, damaged, bytes, freeBytes, holder, problems } = store;
  if (!exists && problems.length === 0) return `store ${directory}: not there yet; the first run makes it\n`;
  const facts = [
    ...(version === null ? [] : [`version ${version}`]),
    `${plural(runs, 'folder')} of runs`,
    ...(damaged > 0 ? [`${damaged} set aside as damaged`] : []),
    formatBytes(bytes),
    ...(freeBytes === null ? [] : [`${formatBytes(freeBytes)} free on its disk`]),
  ];
  const lines = [`${problems.length === 0 ? '✔' : '✘'} store ${directory}: ${facts.join(', ')}`];
  if (holder) {
    const { pid, host, startedAt, experiment, isAlive } = holder;
    const who = `process ${pid} on ${host} since ${startedAt}${experiment === undefined ? '' : `, on ${experiment}`}`;
    lines.push(isAlive ? `  at work there: ${who}` : `  left by ${who}, which is gone: the next job takes over`);
  }
  return [...lines, ...problems.map(problem => `  ${problem}`), ''].join('\n');
}

async function tryWriting(directory: string, problems: string[]): Promise<void> {
  const file = path.join(directory, `doctor-${process.pid}`);
  try {
    await writeWhole(file, '');
    const apart = Math.round(((await stat(file)).mtimeMs - Date.now()) / 1000);
    if (Math.abs(apart) > mostClockSeconds) {
      problems.push(
        `the clock of its disk is ${Math.abs(apart)} s ${apart > 0 ? 'ahead of' : 'behind'} that of this machine`,
      );
    }
    await rm(file, { force: true });
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
}

async function holderOf(directory: string): Promise<ExaminedStore['holder']> {
  const seen = await seeLock(directory);
  if (!seen?.holder) return null;
  const { pid, host, startedAt, experiment } = seen.holder;
  const { isAlive } = seen;
  return { pid, host: host.split(' ')[0]!, startedAt, ...(experiment !== undefined && { experiment }), isAlive };
}

/** Whatever write fails, and however: what the store holds is believed only where it is right, and the next job completes it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { verifyStore } from '../../../../src/job/care/verify';
import { runExperiment } from '../../../../src/job/experiment';
import { RunStore } from '../../../../src/job/store';
import { parseExperiment } from '../../../../src/shared/parse';
import { fakeExecutor } from '../../../support/fakeExecutor';
import type { Fault, FaultyFiles } from '../../../support/faultyFiles';
import { compared, readContent } from '../../../torture/storeContent';

const files = vi.hoisted(() => ({ faulty: null as FaultyFiles | null }));
vi.mock('node:fs/promises', async original => {
  const support = await vi.importActual<{ FaultyFiles: typeof FaultyFiles }>('../../../support/faultyFiles');
  files.faulty = new support.FaultyFiles(await original<typeof Files>());
  return files.faulty.module;
});

const root = mkdtempSync(path.join(tmpdir(), 'wt-faults-'));
afterAll(() => rmSync(root, { recursive: true }));

const experiment = parseExperiment(
  JSON.stringify({
    name: 'tiny',
    model: 'builtin:mlp:2',
    data: { format: 'digits', training: 10, test: 10 },
    training: { steps: 4, batchSize: 5, evaluateEvery: 2 },
    pruning: { levels: 1 },
    worth: false,
  }),
  'tiny',
);

async function run(store: string, executor = fakeExecutor()): Promise<string> {
  try {
    const report = await runExperiment({
      experimentPath: path.join(root, 'tiny.ticket.json'),
      parsed: experiment,
      storeDirectory: store,
      emit: () => undefined,
      executors: [executor],
      checkpointSeconds: 0,
    });
    return report.status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The process that worked here is no more: its locks and temporaries bear a number that no process has. */
function bury(store: string): void {
  if (!existsSync(store)) return;
  for (const name of readdirSync(store, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(store, name);
    if (name.endsWith('.tmp')) renameSync(file, file.replace(`.${process.pid}.`, `.${2 ** 30}.`));
    if (path.basename(name) !== 'lock') continue;
    const text = readFileSync(file, 'utf8');
    // one that was cut while it was written names nobody: its heartbeat would tell, after a quarter of a minute
    if (!text.endsWith('}')) rmSync(file);
    else writeFileSync(file, text.replace(`"pid":${process.pid}`, `"pid":${2 ** 30}`));
  }
}

const undisturbed = path.join(root, 'undisturbed');
files.faulty!.begin(null);
const status = await run(undisturbed);
const operations = [...files.faulty!.operations];
const expected = readContent(undisturbed);

describe(`an experiment of ${operations.length} writes`, () => {
  it('is done where nothing fails', () => {
    expect(status).toBe('done');
    expect(new Set(operations)).toEqual(new Set(['open', 'write', 'fsync', 'rename', 'mkdir', 'flush of a folder']));
  });

  it.each<Fault>(['crash', 'short write', 'ENOSPC', 'EIO', 'EACCES'])(
    'is completed by the next job, whichever of them meets %s',
    async fault => {
      for (const [at, operation] of operations.entries()) {
        if (fault === 'short write' && operation !== 'write') continue;
        const store = path.join(root, `${fault}-${at}`);
        const where = `${fault} at ${at}, ${operation}`;
        files.faulty!.begin({ at, fault });
        const first = await run(store);
        files.faulty!.begin(null);
        bury(store);
        expect((await verifyStore(await RunStore.open(store))).damaged, where).toEqual([]);
        expect(await run(store), `${where}: ${first}`).toBe('done');
        expect(compared(store, expected), where).toEqual([]);
        rmSync(store, { recursive: true });
      }
    },
    600_000,
  );
});

type Json = Record<string, unknown>;
const readJson = (file: string): Json => JSON.parse(readFileSync(file, 'utf8')) as Json;
const runsOf = (store: string): string[] =>
  readdirSync(path.join(store, 'runs')).map(key => path.join(store, 'runs', key));

/** The undisturbed store as version 1 left it: no checksums in records and measurements, and nothing that names a version. */
function writeOldStore(store: string): void {
  cpSync(undisturbed, store, { recursive: true });
  rmSync(path.join(store, 'store.json'));
  for (const folder of runsOf(store)) {
    const record = { ...readJson(path.join(folder, 'run.json')), files: undefined, checksum: undefined };
    writeFileSync(path.join(folder, 'run.json'), JSON.stringify(record));
    writeFileSync(path.join(folder, 'worth.json'), JSON.stringify({ key: path.basename(folder) }));
  }
}

const migrated = path.join(root, 'migrated');
writeOldStore(migrated);
files.faulty!.begin(null);
const statusOfMigrated = await run(migrated);
const operationsOfMigration = [...files.faulty!.operations];
const expectedOfMigrated = readContent(migrated);

function checkMigrated(store: string, where: string): void {
  expect(readJson(path.join(store, 'store.json')), where).toEqual({ version: 2 });
  for (const folder of runsOf(store)) {
    for (const name of ['run.json', 'worth.json']) {
      expect(readJson(path.join(folder, name)), `${where}: ${name}`).toHaveProperty('checksum');
    }
  }
  expect(compared(store, expectedOfMigrated), where).toEqual([]);
}

describe(`a store of version 1, brought to version 2 with ${operationsOfMigration.length} writes`, () => {
  it('has checksums where nothing fails', () => {
    expect(statusOfMigrated).toBe('done');
    expect(runsOf(migrated)).toHaveLength(2);
    checkMigrated(migrated, 'undisturbed');
  });

  it.each<Fault>(['crash', 'short write', 'ENOSPC'])(
    'has them all after the next job, which computes nothing anew, whichever write meets %s',
    async fault => {
      for (const [at, operation] of operationsOfMigration.entries()) {
        if (fault === 'short write' && operation !== 'write') continue;
        const store = path.join(root, `old-${fault}-${at}`);
        const where = `${fault} at ${at}, ${operation}`;
        writeOldStore(store);
        files.faulty!.begin({ at, fault });
        await run(store);
        files.faulty!.begin(null);
        bury(store);
        const executor = fakeExecutor();
        expect(await run(store, executor), where).toBe('done');
        expect(executor.opened, where).toEqual([]);
        checkMigrated(store, where);
        expect(await verifyStore(await RunStore.open(store)), where).toMatchObject({
          sound: 2,
          damaged: [],
          setAside: 0,
        });
        rmSync(store, { recursive: true });
      }
    },
    600_000,
  );
});

/** Whatever write fails, and however: what the store holds is believed only where it is right, and the next job completes it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
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

async function run(store: string): Promise<string> {
  try {
    const report = await runExperiment({
      experimentPath: path.join(root, 'tiny.ticket.json'),
      parsed: experiment,
      storeDirectory: store,
      emit: () => undefined,
      executors: [fakeExecutor()],
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

/** Names and keys that messages, stores and the command line tell, and of which paths are made: none leads out of the store. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseClusterStatus } from '../../../src/host/clusterStatus';
import { toExperimentName } from '../../../src/host/experimentFiles';
import { refOfReport, storeName } from '../../../src/host/store';
import { checkJobMessage, checkPanelMessage, isExperimentName, parseReport } from '../../../src/host/validate';
import { readCluster } from '../../../src/job/cli/clusterArguments';
import { UsageError } from '../../../src/job/cli/usageError';
import { readQueue } from '../../../src/job/queueFile';
import { loadTicket } from '../../../src/job/ticketSource';
import { hostileNames, lookAlikes, reservedNames } from '../../support/hostileNames';
import { sampleReport } from '../../support/sampleReports';

const directory = mkdtempSync(path.join(tmpdir(), 'names-'));
afterAll(() => rmSync(directory, { recursive: true }));

const report = sampleReport({ levels: 1, replicates: 1 });
const [run] = report.runs;
const named = (name: string) => ({ ...report, experiment: { ...report.experiment, name } });
const keyed = (key: string) => ({ ...report, runs: [{ ...run!, key }] });
const region = { output: 0, outputs: 1, input: 0, inputs: 1 };
const mask = (key: string) => ({
  type: 'mask',
  request: 1,
  run: key,
  layer: 'a',
  weights: 'final',
  region,
  block: null,
});
const status = (experiment: string, key: string): string =>
  JSON.stringify({
    experiment,
    scheduler: 'slurm',
    runs: [{ key, name: 'a', state: 'done', job: '1' }],
    last: { job: null, state: 'over' },
    over: true,
  });
const savedAs = (name: string) => checkPanelMessage({ type: 'save', file: { name, kind: 'csv', content: '' } });

async function queued(name: string): Promise<number> {
  writeFileSync(
    path.join(directory, 'queue.json'),
    JSON.stringify({ version: 1, waiting: [{ name, file: path.resolve('/a.ticket.json') }] }),
  );
  return (await readQueue(directory)).length;
}

/** What follows holds sound names and keys too: nothing is refused for another reason. */
test('sound names and keys are taken', async () => {
  const { key } = run!;
  for (const name of ['lenet-mnist', 'a', '.hidden', 'a..b', 'console', 'auxiliary.2', 'com', 'x'.repeat(120)]) {
    expect(isExperimentName(name)).toBe(true);
    expect(checkJobMessage({ type: 'report', report: named(name) }).ok).toBe(true);
    expect(parseClusterStatus(status(name, key)).experiment).toBe(name);
    expect(await queued(name)).toBe(1);
  }
  expect(parseReport(JSON.stringify(keyed(key))).ok).toBe(true);
  expect(checkPanelMessage({ type: 'curves', runs: [key] }).ok).toBe(true);
  expect(checkPanelMessage({ type: 'evaluations', runs: [key] }).ok).toBe(true);
  expect(checkPanelMessage(mask(key)).ok).toBe(true);
  expect(savedAs('lenet test accuracy').ok).toBe(true);
});

describe.each([...hostileNames, ...lookAlikes, ...reservedNames])('%s', (_, name) => {
  test('is no name of an experiment', async () => {
    expect(isExperimentName(name)).toBe(false);
    expect(checkJobMessage({ type: 'report', report: named(name) }).ok).toBe(false);
    expect(parseReport(JSON.stringify(named(name))).ok).toBe(false);
    expect(() => parseClusterStatus(status(name, run!.key))).toThrow();
    expect(() => readCluster(['status', name], {})).toThrow(UsageError);
    expect(await queued(name)).toBe(0);
    await expect(
      loadTicket({ store: directory, name }, { method: 'iterative', level: 1, replicate: 0 }),
    ).rejects.toThrow(/is not the name of an experiment/);
    const made = toExperimentName(name);
    expect(isExperimentName(made)).toBe(true);
    expect(made).not.toMatch(/^\./);
  });

  test('is no key of a run, and no file to save', () => {
    expect(checkJobMessage({ type: 'report', report: keyed(name) }).ok).toBe(false);
    expect(checkPanelMessage({ type: 'curves', runs: [name] }).ok).toBe(false);
    expect(checkPanelMessage({ type: 'evaluations', runs: [name] }).ok).toBe(false);
    expect(checkPanelMessage(mask(name)).ok).toBe(false);
    expect(() => parseClusterStatus(status('a', name))).toThrow();
    expect(savedAs(name).ok).toBe(false);
  });
});

test.each(reservedNames)('a report in a folder called as %s belongs to no experiment', (_, name) => {
  const file = (folder: string): string => path.join('/w', storeName, 'experiments', folder, 'report.json');
  expect(refOfReport(file('a'))).toEqual({ store: path.join('/w', storeName), name: 'a' });
  expect(refOfReport(file(name))).toBeNull();
});

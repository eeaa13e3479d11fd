import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JobLog } from '../../../src/job/logFile';
import { longestLogMessage, parseLog } from '../../../src/shared/logLine';
import type { Report, RunStatus } from '../../../src/shared/report';
import { sampleReport } from '../../support/sampleReports';

let store: string;
beforeEach(() => (store = mkdtempSync(path.join(tmpdir(), 'winning-ticket-log-'))));
afterEach(() => rmSync(store, { recursive: true }));

const files = (): string[] => readdirSync(path.join(store, 'logs')).sort();
const lines = () => files().flatMap(name => parseLog(readFileSync(path.join(store, 'logs', name), 'utf8')));
const say = (log: JobLog, message: string): void => log.event({ type: 'log', level: 'info', message });

describe('the log of a job', () => {
  test('begins with what is at work, and keeps what is said', () => {
    const log = new JobLog(store, 'mine');
    log.start();
    log.event({ type: 'log', level: 'warn', message: 'a device was lost' });
    log.fail(new Error('the disk is full'));
    expect(lines()).toMatchObject([
      { level: 'info', message: 'started', experiment: 'mine', pid: process.pid, node: process.versions.node },
      { level: 'warn', message: 'a device was lost' },
      { level: 'error', message: 'ended: the disk is full' },
    ]);
    expect(files()).toEqual([expect.stringMatching(/^mine-\d{8}T\d{9}Z\.jsonl$/)]);
  });

  test('tells of each run once what it comes to, and not of those that were there before', () => {
    const done = sampleReport({ levels: 1, replicates: 1, done: 1, status: 'running', compare: [] });
    const [there, next] = done.runs;
    const at = (status: RunStatus, error?: string): Report => ({
      ...done,
      runs: [there!, { ...next!, status, ...(error !== undefined && { error }) }],
    });
    const log = new JobLog(store, 'mine');
    for (const report of [at('waiting'), at('running'), at('running'), at('failed', 'NaN')]) {
      log.event({ type: 'report', report });
    }
    log.event({ type: 'report', report: { ...at('failed', 'NaN'), status: 'failed', error: 'one run failed' } });
    expect(lines()).toMatchObject([
      { message: 'experiment running' },
      { message: 'run running', run: next!.key, method: 'iterative', pruningLevel: 1 },
      { level: 'error', message: 'run failed: NaN', run: next!.key },
      { level: 'error', message: 'experiment failed', error: 'one run failed' },
    ]);
  });

  test('is bounded: long messages are cut, full files are followed by others, the oldest go', async () => {
    const log = new JobLog(store, 'mine', { bytes: 2 * longestLogMessage, files: 3 });
    for (let i = 0; i < 10; i++) {
      say(log, `${i}${'x'.repeat(2 * longestLogMessage)}`);
      // names tell files apart by milliseconds
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    expect(files()).toHaveLength(3);
    expect(lines().map(({ message }) => message[0])).toEqual(['7', '8', '9']);
    expect(lines().every(({ message }) => message.length === longestLogMessage)).toBe(true);
  });

  test('leaves other files of the folder alone', () => {
    say(new JobLog(store, 'mine'), 'a');
    writeFileSync(path.join(store, 'logs', 'notes.txt'), 'mine');
    say(new JobLog(store, 'mine', { bytes: 1e6, files: 1 }), 'b');
    expect(files()).toContain('notes.txt');
  });

  test('is no reason to stop where it cannot be written', () => {
    symlinkSync('/dev/null', path.join(store, 'logs'));
    const log = new JobLog(store, 'mine');
    expect(() => {
      log.start();
      say(log, 'a');
    }).not.toThrow();
  });
});

test('a log is read up to the line that is being written; what is no line is left out', () => {
  const line = { time: '2026-01-01T00:00:00.000Z', level: 'info', message: 'a', run: 'b' };
  const others = [{ ...line, level: 'shout' }, { ...line, time: 'now' }, { ...line, run: { nested: 1 } }, 7];
  const text = [line, ...others, line].map(one => JSON.stringify(one)).join('\n');
  expect(parseLog(`${text}\n{"time":"2026`)).toEqual([line, line]);
});

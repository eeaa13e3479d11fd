/** `run --html`: the panel as one page, of a fresh and of a finished experiment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PageData } from '../../src/shared/panelPage';
import { cli } from '../support/jobs';
import { writeExperiment } from '../support/tinyExperiment';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-page-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const runs = (): string => path.join(directory, '.winning-ticket', 'runs');
const times = (): number[] => readdirSync(runs()).map(key => statSync(path.join(runs(), key, 'run.json')).mtimeMs);

it('writes the page with report, curves and evaluations; of a finished experiment it computes nothing', async () => {
  const file = writeExperiment(directory);
  expect((await cli(['run', file], directory)).code).toBe(0);
  const before = times();
  const { code, stderr } = await cli(['run', file, '--html', 'pages.html'], directory);
  expect(code).toBe(0);
  expect(stderr).toContain(`the panel is in ${path.join(directory, 'pages.html')}`);
  expect(times()).toEqual(before);
  expect(readdirSync(directory).filter(name => name.endsWith('.tmp'))).toEqual([]);
  const html = readFileSync(path.join(directory, 'pages.html'), 'utf8');
  const held = /id="experiment-data">(.*?)<\/script>/s.exec(html)![1]!;
  const { name, report, curves, evaluations } = JSON.parse(held) as PageData;
  expect(name).toBe('tiny');
  expect(report.status).toBe('done');
  // one cut to level 1 is level 1: both methods have its runs
  expect(Object.keys(curves).sort()).toEqual([...new Set(report.runs.map(run => run.key))].sort());
  for (const curve of Object.values(curves)) expect(curve.at(-1)!.step).toBe(30);
  const dense = report.series[0]!.points[0]!.runs[0]!;
  expect(evaluations[dense]).toMatchObject({ task: 'classification', examples: 100 });
});

it('says where it could not write, and what is wrong with the flag', async () => {
  const file = writeExperiment(directory, { pruning: { levels: 0 } });
  const missing = await cli(['run', file, '--html', 'no/such/folder.html'], directory);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('no/such/folder.html');
  const empty = await cli(['run', file, '--html', ''], directory);
  expect(empty.code).toBe(2);
  expect(empty.stderr).toContain('--html needs the path of a file');
});

/** The built command line trains runs side by side, and leaves every byte that it leaves one after another. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../src/shared/report';
import { cli } from '../support/jobs';
import { writeExperiment } from '../support/tinyExperiment';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-parallel-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const results = ['start.safetensors', 'final.safetensors', 'mask.safetensors', 'curve.jsonl', 'evaluation.json'];

/** @returns the report, and what each run left but for times */
async function runWith(experiment: string, parallel: number): Promise<{ report: Report; files: object }> {
  const store = path.join(directory, `store-${String(parallel)}`);
  const { code, stdout, stderr } = await cli(
    ['run', experiment, '--json', '--store', store, '--parallel', String(parallel)],
    directory,
  );
  expect(code, stderr).toBe(0);
  const runs = path.join(store, 'runs');
  const files = readdirSync(runs).flatMap(key =>
    results.map(name => [`${key}/${name}`, readFileSync(path.join(runs, key, name)).toString('base64')] as const),
  );
  return { report: JSON.parse(stdout) as Report, files: Object.fromEntries(files) };
}

it('gives weights, masks, curves and evaluations bit by bit', { timeout: 120_000 }, async () => {
  const experiment = writeExperiment(directory, {
    executor: 'wasm',
    replicates: 2,
    rewind: 5,
    training: { steps: 30, batchSize: 32, evaluateEvery: 10 },
    stability: { at: [0, 5] },
  });
  const alone = await runWith(experiment, 1);
  const together = await runWith(experiment, 2);
  expect(together.files).toEqual(alone.files);
  expect(Object.keys(alone.files).length).toBeGreaterThan(20 * results.length);
  // a run on fewer threads needs less memory
  const machine = ['seconds', 'memory'];
  const findings = (report: Report): unknown =>
    JSON.parse(JSON.stringify(report, (key, value: unknown) => (machine.includes(key) ? undefined : value)));
  expect(findings(together.report)).toEqual(findings(alone.report));
});

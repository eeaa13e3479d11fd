/**
 * Whole experiments of eight runs, one after another on all processors and two side by side, in turn: from starting the CLI
 * to its exit.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Settings } from './settings';

const subjects = [
  { model: 'builtin:mlp:32', batchSize: 32 },
  { model: 'builtin:lenet-300-100', batchSize: 60 },
] as const;

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export async function benchParallel({ steps, rounds }: Settings): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wt-bench-'));
  const lanes = 2;
  console.log(
    `\neight runs (two replicates, dense and three levels), ${String(steps)} steps each, seconds of the whole CLI`,
  );
  console.log(`model                    one at a time   ${String(lanes)} side by side   ratio: median (all)`);
  try {
    for (const subject of subjects) {
      const times = { alone: [] as number[], together: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        times.alone.push(await runExperiment(folder, { ...subject, steps }, 1));
        times.together.push(await runExperiment(folder, { ...subject, steps }, lanes));
      }
      const ratios = times.alone.map((seconds, round) => seconds / times.together[round]!);
      console.log(
        `${subject.model.padEnd(24)} ${middle(times.alone).toFixed(2).padStart(13)} ` +
          `${middle(times.together).toFixed(2).padStart(16)}   ${middle(ratios).toFixed(2)} (${ratios.map(ratio => ratio.toFixed(2)).join(', ')})`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns wall seconds, in a store of its own */
async function runExperiment(
  folder: string,
  { model, batchSize, steps }: { readonly model: string; readonly batchSize: number; readonly steps: number },
  parallel: number,
): Promise<number> {
  const file = path.join(folder, 'parallel.ticket.json');
  const store = path.join(folder, 'store');
  const experiment = {
    name: 'parallel',
    model,
    executor: 'wasm',
    data: { format: 'digits', training: 10_000, test: 1000 },
    training: { steps, batchSize, evaluateEvery: steps },
    pruning: { levels: 3, rate: 0.5 },
    compare: [],
    replicates: 2,
    worth: false,
  };
  writeFileSync(file, JSON.stringify(experiment));
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    ['dist/cli.js', 'run', file, '--store', store, '--parallel', String(parallel)],
    { stdio: 'ignore' },
  );
  const code = await new Promise(resolve => child.once('exit', resolve));
  const seconds = (performance.now() - begin) / 1000;
  if (code !== 0) throw new Error(`the CLI ended with ${String(code)}`);
  rmSync(store, { recursive: true });
  return seconds;
}

/** Loading of data sets: time and most memory held, first and second start; and steps on inputs that stay in files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DataConfig } from '../src/shared/experiment';
import { writeDigitsCsv, writeNpy, writePictures } from './dataSets';
import type { Loaded, LoadTask } from './loadOne';
import { markdownTable } from './markdown';

const npyConfig = {
  format: 'npy',
  files: { trainingInputs: 'x.npy', trainingLabels: 'y.npy' },
} as const satisfies DataConfig;

export function benchData(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wt-data-'));
  try {
    console.log('\ndata: loading, in a process of its own');
    console.log(markdownTable(['', 's', 'most memory, MB'], [...pictures(folder), ...tables(folder)]));
    console.log('\ndata: inputs that stay in a file, against the same in memory');
    console.log(markdownTable(['', 'load, s', 'ms a step', 'test, s', 'most memory, MB'], streams(folder)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return Promise.resolve();
}

function pictures(folder: string): string[][] {
  return (['png', 'jpeg'] as const).flatMap(kind => {
    const directory = path.join(folder, kind);
    writePictures(directory, kind, 10_000, 64);
    const config: DataConfig = { format: 'images', directory, size: 32, colour: 'rgb' };
    const cache = path.join(folder, 'cache');
    const rows = ['first', 'second'].map(start => {
      const { seconds, megabytes } = load({ config, directory: folder, cache });
      return [`10,000 ${kind.toUpperCase()} of 64×64 to 32×32, ${start} start`, ...figures(seconds, megabytes)];
    });
    rmSync(directory, { recursive: true });
    return rows;
  });
}

function tables(folder: string): string[][] {
  const csv = path.join(folder, 'digits.csv');
  writeDigitsCsv(csv, 60_000);
  const size = (statSync(csv).size / 1e6).toFixed(0);
  const config: DataConfig = { format: 'csv', file: csv, ignore: [] };
  const { seconds, megabytes } = load({ config, directory: folder, cache: null });
  rmSync(csv);
  const rows = [[`CSV, 60,000 × 785, ${size} MB`, ...figures(seconds, megabytes)]];
  writeNpy(folder, 65_000, [32, 32, 3]);
  for (const save of ['savez', 'savez_compressed'] as const) {
    const npz = path.join(folder, `${save}.npz`);
    const code = `import numpy as n; n.${save}(${JSON.stringify(npz)}, x=n.load('x.npy'), y=n.load('y.npy'))`;
    try {
      execFileSync(process.env['PYTHON'] ?? 'python3', ['-c', code], { cwd: folder, stdio: 'ignore' });
    } catch {
      continue;
    }
    const read = load({ config: { format: 'npz', file: npz }, directory: folder, cache: null });
    rows.push([`npz of 200 MB of bytes, ${save}`, ...figures(read.seconds, read.megabytes)]);
    rmSync(npz);
  }
  return rows;
}

function streams(folder: string): string[][] {
  const cases = [
    { model: 'builtin:lenet-300-100', shape: [28, 28, 1], count: 1_000_000, batchSize: 60, steps: 2000 },
    { model: 'builtin:simple-cnn', shape: [32, 32, 3], count: 300_000, batchSize: 64, steps: 60 },
  ];
  return cases.flatMap(({ model, shape, count, ...recipe }) => {
    const directory = path.join(folder, 'npy');
    mkdirSync(directory, { recursive: true });
    writeNpy(directory, count, shape);
    const bytes = (count * shape.reduce((product, n) => product * n, 1)) / 1e6;
    return [64, 4096].map(memory => {
      const config: DataConfig = { ...npyConfig, memory, validation: 0, testShare: 0.01 };
      const read = load({ config, directory, cache: null, training: { model, ...recipe } });
      return [
        `${model}, batch ${String(recipe.batchSize)}, ${bytes.toFixed(0)} MB ${memory < 100 ? 'in the file' : 'in memory'}`,
        read.seconds.toFixed(2),
        read.stepMilliseconds!.toFixed(3),
        read.evaluationSeconds!.toFixed(3),
        read.megabytes.toFixed(0),
      ];
    });
  });
}

function load(task: LoadTask): Loaded {
  const output = execFileSync(process.execPath, ['dist/bench-load.cjs', JSON.stringify(task)], { encoding: 'utf8' });
  return JSON.parse(output) as Loaded;
}

function figures(seconds: number, megabytes: number): [string, string] {
  return [seconds.toFixed(2), megabytes.toFixed(0)];
}

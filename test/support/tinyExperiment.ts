/** Small experiments on the built-in digits, for tests that train for real. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const tiny = {
  name: 'tiny',
  model: 'builtin:mlp:16',
  data: { format: 'digits', training: 500, test: 100 },
  training: { steps: 30, batchSize: 32 },
  pruning: { levels: 2 },
  compare: ['one-shot', 'random-reinit', 'random-mask'],
  worth: false,
};

/** Long enough that it is still at its first run when a test stops it. */
export const endless = { name: 'endless', training: { steps: 50_000_000, evaluateEvery: 50_000_000 } };

/** @returns the path of the experiment file */
export function writeExperiment(directory: string, overlay: object = {}): string {
  const experiment = { ...tiny, ...overlay };
  const file = path.join(directory, `${experiment.name}.ticket.json`);
  writeFileSync(file, JSON.stringify(experiment, null, 2));
  return file;
}

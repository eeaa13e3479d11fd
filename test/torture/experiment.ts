/** What is computed while it is killed: runs that need each other, and every kind of state that a checkpoint has to hold. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Ten runs: momentum, averaged weights, a schedule, a run that others rewind to, a run that prunes while it trains, and
 * one whose penalty rises. About half a minute of training on two cores.
 */
const whole = {
  name: 'torture',
  model: 'builtin:mlp:100',
  data: { format: 'digits', training: 4000, test: 1000 },
  executor: 'wasm',
  training: {
    optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
    schedule: { name: 'cosine', warmup: 100 },
    averageDecay: 0.99,
    batchSize: 64,
    steps: 3000,
    evaluateEvery: 200,
  },
  rewind: 200,
  pruning: { levels: 3, rate: 0.3 },
  compare: [
    'random-reinit',
    { method: 'gradual', sparsities: [0.6] },
    { method: 'dual-lottery-ticket', sparsities: [0.6] },
  ],
  seed: 7,
};

export type Torture = typeof whole;

/** @returns the path of the experiment file, in the folder */
export function writeTorture(directory: string, change: (experiment: Torture) => object = kept => kept): string {
  const file = path.join(directory, 'torture.ticket.json');
  writeFileSync(file, JSON.stringify(change(whole), null, 2));
  return file;
}

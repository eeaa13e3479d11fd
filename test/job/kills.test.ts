/** A few kills of what test/torture deals a hundred of. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cliVictim } from '../torture/cliVictim';
import { writeTorture } from '../torture/experiment';
import { runsThere } from '../torture/runsThere';
import { compared, readContent } from '../torture/storeContent';
import type { Life } from '../torture/victim';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-kills-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function start(name: string): Life {
  const experiment = writeTorture(directory, whole => ({
    ...whole,
    model: 'builtin:mlp:32',
    training: { ...whole.training, steps: 1500 },
    pruning: { levels: 1, rate: 0.3 },
    compare: [{ method: 'gradual', sparsities: [0.6] }],
    worth: false,
  }));
  mkdirSync(path.join(directory, name), { recursive: true });
  return cliVictim.start({
    experiment,
    store: path.join(directory, name),
    checkpointSeconds: 0.1,
    parallel: 1,
  });
}

/** @returns the steps that runs are saved at, once one is saved further than before */
async function savedBeyond(store: string, before: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const { saved, finished } = runsThere(store);
    for (const [run, step] of before) {
      if (!finished.has(run) && (saved.get(run) ?? 0) < step) throw new Error(`run ${run} began anew`);
    }
    if ([...saved].some(([run, step]) => step > (before.get(run) ?? 0))) return saved;
    await sleep(5);
  }
}

it('goes on in the middle of a run each time it was killed, and leaves what a job leaves that nobody killed', async () => {
  expect(await start('undisturbed').ended).toBe(0);
  const store = path.join(directory, 'killed');
  let saved: ReadonlyMap<string, number> = new Map();
  for (let kill = 0; kill < 3; kill++) {
    const life = start('killed');
    saved = await savedBeyond(store, saved);
    await life.kill();
  }
  expect(await start('killed').ended).toBe(0);
  expect(compared(store, readContent(path.join(directory, 'undisturbed')))).toEqual([]);
});

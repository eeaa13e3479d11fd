/** Kills dealt to each kind of victim, and what became of the stores. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Random } from '../../src/shared/random';
import { cliVictim } from './cliVictim';
import { writeTorture } from './experiment';
import { jobVictim } from './jobVictim';
import type { KillOptions } from './options';
import { killUntilDone } from './round';
import { readContent, type StoreContent } from './storeContent';
import { Tally } from './tally';
import type { Victim, Work } from './victim';
import { killWindows } from './windowKills';

/** Lives up to this share of an undisturbed one: several kills a store, most of them while it trains. */
const share = 1 / 3;

/** @returns whether all is well; stores where something is wrong are kept */
export async function kills(options: KillOptions): Promise<boolean> {
  const directory = mkdtempSync(path.join(tmpdir(), 'wt-torture-'));
  const { seed, steps, parallel, checkpointSeconds } = options;
  const experiment = writeTorture(directory, whole => ({ ...whole, training: { ...whole.training, steps } }));
  const work = (name: string): Work => {
    const store = path.join(directory, name);
    mkdirSync(store);
    return { experiment, store, checkpointSeconds, parallel };
  };
  const { reference, seconds } = await undisturbed(work('undisturbed'));
  console.log(`seed ${seed}; undisturbed: ${reference.size} files in ${seconds.toFixed(1)} s`);
  const mostSeconds = share * seconds;

  const dealTo = async (victim: Victim, wanted: number): Promise<Tally> => {
    const tally = new Tally();
    const random = new Random(seed, victim.name);
    while (tally.kills < wanted) {
      tally.stores++;
      const name = `${victim.name}-${tally.stores}`;
      const tell = (line: string): void => {
        console.log(`${name}: ${line}`);
      };
      const round = { victim, work: work(name), reference, random, mostSeconds, kills: wanted - tally.kills, tell };
      const wrong = await killUntilDone(round, tally);
      tally.wrong.push(...wrong);
      if (wrong.length === 0) rmSync(path.join(directory, name), { recursive: true });
      else tell(`WRONG: ${wrong.join('; ')}`);
    }
    return tally;
  };
  const tallies: Readonly<Record<string, Tally>> = {
    cli: await dealTo(cliVictim, options.cli),
    job: await dealTo(jobVictim(new Random(seed, 'who')), options.job),
    vscode: await killWindows({
      experiment,
      checkpointSeconds,
      parallel,
      reference,
      random: new Random(seed, 'vscode'),
      mostSeconds,
      kills: options.vscode,
    }),
  };
  for (const [name, tally] of Object.entries(tallies)) {
    for (const line of tally.describe()) console.log(`${name}: ${line}`);
  }
  const isWell = Object.values(tallies).every(({ wrong }) => wrong.length === 0);
  if (isWell) rmSync(directory, { recursive: true });
  else console.log(`stores with something wrong, and the undisturbed one, lie in ${directory}`);
  return isWell;
}

async function undisturbed(work: Work): Promise<{ reference: StoreContent; seconds: number }> {
  const began = performance.now();
  const { ended, told } = cliVictim.start(work);
  const code = await ended;
  if (code !== 0) throw new Error(`undisturbed it ends with exit code ${code}: ${told.text}`);
  return { reference: readContent(work.store), seconds: (performance.now() - began) / 1000 };
}

/** One store: whoever works on it is killed at random moments and started again until the experiment is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/shared/random';
import { runsThere, touched, type RunsThere } from './runsThere';
import { compared, type StoreContent } from './storeContent';
import type { Tally } from './tally';
import type { Life, Victim, Work } from './victim';

export interface Round {
  readonly victim: Victim;
  readonly work: Work;
  /** What a store holds that nobody disturbed. */
  readonly reference: StoreContent;
  readonly random: Random;
  /** A life lasts up to this, drawn uniformly, unless the work is done before. */
  readonly mostSeconds: number;
  /** Once so many are dealt, the work is left alone until it is done. */
  readonly kills: number;
  readonly tell: (line: string) => void;
}

/** What takes this many times the longest life does not end at all. */
const patience = 20;

/** @returns what is wrong: nothing if all is well */
export async function killUntilDone(round: Round, tally: Tally): Promise<string[]> {
  const { victim, work, reference, random, mostSeconds, tell } = round;
  const wrong: string[] = [];
  let before = runsThere(work.store);
  for (let kills = 0; ; kills++) {
    const seconds = kills < round.kills ? random.nextFloat() * mostSeconds : patience * mostSeconds;
    const life = victim.start(work);
    const end = await endWithin(life, seconds);
    if (end !== 'alive') {
      tally.lived(life.told, before);
      if (end !== 0) return [...wrong, `ended with exit code ${end}: ${life.told.text}`];
      return [...wrong, ...touched(before, runsThere(work.store)), ...compared(work.store, reference)];
    }
    const death = await life.kill();
    wrong.push(...death.wrong);
    const after = runsThere(work.store);
    wrong.push(...touched(before, after));
    tally.lived(life.told, before);
    if (kills >= round.kills) return [...wrong, `not done after ${seconds.toFixed(0)} s: ${life.told.text}`];
    tally.killed(life.told, after, death);
    tell(describe(seconds, life, after));
    before = after;
  }
}

async function endWithin(life: Life, seconds: number): Promise<number | null | 'alive'> {
  const bell = new AbortController();
  const alive = sleep(1000 * seconds, 'alive' as const, { signal: bell.signal }).catch(() => 'alive' as const);
  const end = await Promise.race([life.ended, alive]);
  bell.abort();
  return end;
}

function describe(seconds: number, { told }: Life, { finished, saved }: RunsThere): string {
  const atWork = [...new Set([...saved.keys(), ...[...told.last.keys()].filter(run => !finished.has(run))])];
  const places = atWork.map(run => {
    const step = told.last.get(run);
    return `${run.slice(0, 6)} saved at ${saved.get(run) ?? 'no step'}${step === undefined ? '' : `, told ${step}`}`;
  });
  return `killed after ${seconds.toFixed(2)} s: ${finished.size} runs finished${places.map(place => `; ${place}`).join('')}`;
}

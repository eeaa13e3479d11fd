/** One case: the same for the same seed, target and number, whatever ran before. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../../src/shared/random';
import { demand, type Files, type Outcome, type Target } from './target';

/** Memory outside the heap that reading one case may take: no input comes near. */
const mostBytes = 64 * 2 ** 20;
/** Memory of all kinds that reading one case may take at its height, in kB as the system counts it. */
const highestKilobytes = 384 * 2 ** 10;
/** Of the processors: no sound case takes a hundredth of it, and none that is refused may, however busy the machine is. */
const mostMilliseconds = 10_000;
/** One case in so many is sound, so that a reader that refuses everything is found out. */
const soundEvery = 50;

export function makeCase(target: Target, seed: number, index: number): { files: Files; sound: boolean } {
  const random = new Random(seed, 'fuzz', target.name, index);
  const sound = index % soundEvery === 0;
  return { files: sound ? target.sound(random) : target.damaged(random), sound };
}

/**
 * @param directory is emptied before
 * @throws where the reader breaks its promise
 */
export async function runCase(target: Target, seed: number, index: number, directory: string): Promise<Outcome> {
  const { files, sound } = makeCase(target, seed, index);
  const place = path.join(directory, 'case');
  await rm(place, { recursive: true, force: true });
  await mkdir(place);
  const before = process.memoryUsage().arrayBuffers;
  const height = process.resourceUsage().maxRSS;
  const used = process.cpuUsage();
  const outcome = await target.read(files, place);
  const { user, system } = process.cpuUsage(used);
  const milliseconds = (user + system) / 1000;
  const taken = process.memoryUsage().arrayBuffers - before;
  const grown = process.resourceUsage().maxRSS - height;
  demand(taken < mostBytes, `less than ${mostBytes} bytes for one case, not ${taken}`);
  demand(grown < highestKilobytes, `less than ${highestKilobytes} kB more at its height, not ${grown}`);
  demand(milliseconds < mostMilliseconds, `an answer within ${mostMilliseconds} ms of work, not ${milliseconds}`);
  demand(!sound || outcome === 'valid', 'a sound input is taken');
  demand(({} as { polluted?: unknown }).polluted === undefined, 'the prototype of all objects is left alone');
  return outcome;
}

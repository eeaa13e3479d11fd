/** Damages inputs of every reader for a while and watches from outside; see run.mjs. */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FuzzJob, FuzzResult } from './messages';
import { makeCase } from './round';
import { targets } from './targets';

/** No sound case takes a hundredth of it. */
const patienceMilliseconds = 20_000;
const heapMegabytes = 512;
/** After these, more tell nothing new. */
const mostFailures = 20;

const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60);
/** Words in the names of targets, with "|" between them; empty: all. */
const wanted = (process.env['FUZZ_TARGETS'] ?? '').split('|');
const chosen = [...targets.keys()].filter(i => wanted.some(words => targets[i]!.name.includes(words)));
if (chosen.length === 0) throw new Error('FUZZ_TARGETS: no target has these words in its name');
const results = mkdtempSync(path.join(tmpdir(), 'winning-ticket-fuzz-'));
const scratch = path.join(results, 'scratch');
mkdirSync(scratch);
const counts = targets.map(() => ({ valid: 0, refused: 0, failed: 0 }));
let failures = 0;

/** `<number of the target>:<number of the case>`, as failures print it. */
function onlyCase(): FuzzJob['only'] {
  const [target, index] = (process.env['FUZZ_CASE'] ?? '').split(':').map(Number);
  return target === undefined || index === undefined ? null : { target, index };
}

function fail(target: number, index: number, error: string): void {
  failures++;
  counts[target]!.failed++;
  const { name } = targets[target]!;
  const folder = path.join(results, `${name.replace(/\W+/g, '-')}-${index}`);
  for (const [file, bytes] of Object.entries(makeCase(targets[target]!, seed, index).files)) {
    const place = path.join(folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
  writeFileSync(path.join(folder, 'error.txt'), error);
  console.log(`FAILED ${name}: ${error.slice(0, 2000)}`);
  console.log(`  the case lies in ${folder}; again: FUZZ_SEED=${seed} FUZZ_CASE=${target}:${index} npm run fuzz`);
}

/** Until the thread ends by itself, hangs, runs out of memory, or has failed often enough. */
async function work(): Promise<void> {
  const atWork = new SharedArrayBuffer(8);
  const current = new Int32Array(atWork);
  const workerData: FuzzJob = { seed, seconds, chosen, directory: scratch, atWork, only: onlyCase() };
  const worker = new Worker(path.join(__dirname, 'fuzzWorker.cjs'), {
    workerData,
    // a thread has a deeper stack than the main thread, on which all of this runs
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, stackSizeMb: 1 },
  });
  let [last, since] = ['', Date.now()];
  const watch = setInterval(() => {
    const now = current.join();
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since > patienceMilliseconds) {
      fail(current[0]!, current[1]!, `no answer for ${patienceMilliseconds} ms`);
      void worker.terminate();
    }
  }, 250);
  worker.on('message', ({ target, index, outcome, error }: FuzzResult) => {
    if (outcome === 'failed') fail(target, index, error ?? '');
    else counts[target]![outcome]++;
    if (failures >= mostFailures) void worker.terminate();
  });
  worker.on('error', error => {
    // out of memory, or an error that no promise carried
    fail(current[0]!, current[1]!, String(error.stack));
  });
  await new Promise(resolve => worker.on('exit', resolve));
  clearInterval(watch);
}

console.log(`fuzz: seed ${seed}, ${seconds} s (FUZZ_SEED and FUZZ_SECONDS set them)`);
void work().then(() => {
  for (const index of chosen) {
    const { name } = targets[index]!;
    const { valid, refused, failed } = counts[index]!;
    console.log(
      `${name.padEnd(32)} ${valid + refused + failed} cases: ${refused} refused, ${valid} valid, ${failed} failed`,
    );
  }
  rmSync(failures > 0 ? scratch : results, { recursive: true });
  console.log(failures > 0 ? `fuzz: ${failures} failed with seed ${seed}; cases in ${results}` : 'fuzz: no failures');
  process.exitCode = failures > 0 ? 1 : 0;
});

/** Runs every golden case of a folder; see run.mjs. */
import { existsSync, readdirSync } from 'node:fs';
import { handlers } from './cases';
import { GoldenCase, type Outcome } from './goldenCase';

type Result = Outcome | { readonly status: 'failed'; readonly reason: string };

async function check(golden: GoldenCase): Promise<Outcome> {
  const handler = handlers.get(golden.kind);
  if (!handler) return { status: 'pending', reason: `cases of kind ${golden.kind} are not implemented` };
  const outcome = await handler(golden);
  const unchecked = golden.unchecked();
  if (outcome.status === 'pending' || unchecked.length === 0) return outcome;
  return { status: 'pending', reason: `not compared: ${unchecked.join(', ')}` };
}

/** @returns null where the file is no golden case */
async function run(directory: string, file: string): Promise<Result | null> {
  try {
    const golden = GoldenCase.read(directory, file);
    return golden && (await check(golden));
  } catch (error) {
    return { status: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function main(directory: string): Promise<boolean> {
  if (!existsSync(directory)) {
    console.error(`${directory} is not there: set GOLDEN_DIR to the folder of golden cases`);
    return false;
  }
  const counts = { passed: 0, pending: 0, failed: 0 };
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith('.json')) continue;
    const result = await run(directory, file);
    if (!result) continue;
    counts[result.status]++;
    const name = file.replace(/\.json$/, '');
    console.log(`${result.status.padEnd(7)} ${name}${result.status === 'passed' ? '' : `: ${result.reason}`}`);
  }
  const total = counts.passed + counts.pending + counts.failed;
  console.log(`golden: ${total} cases, ${counts.passed} passed, ${counts.pending} pending`);
  return counts.failed === 0;
}

void main(process.env.GOLDEN_DIR ?? '').then(fine => {
  process.exitCode = fine ? 0 : 1;
});

/** A short round of `npm run fuzz` that is the same every time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCase } from '../../fuzz/round';
import { targets } from '../../fuzz/targets';

const seed = 1;
/** Those of checkpoints take ten times as long as others. */
const casesOf = (name: string): number => (name.startsWith('checkpoint') ? 60 : 200);

describe('whatever is in it, it is read or refused by name', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-fuzz-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test.each(targets)('$name', { timeout: 60_000 }, async target => {
    const outcomes = new Set<string>();
    for (let index = 0; index < casesOf(target.name); index++) {
      try {
        outcomes.add(await runCase(target, seed, index, directory));
      } catch (error) {
        throw new Error(`case ${index} of seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    // damage that is never noticed, or inputs that are never taken, would test nothing
    expect([...outcomes].sort()).toEqual(['refused', 'valid']);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { checkWritten } from '../../../src/export/readBack';

let directory: string;
let file: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-read-'));
  file = path.join(directory, 'a.safetensors');
});
afterAll(() => rmSync(directory, { recursive: true }));

const data = Float32Array.of(1, 0, NaN, -2);
const tensor = { name: 'w', shape: [2, 2], data };

function check(expected: readonly (typeof tensor)[]): Promise<void> {
  writeFileSync(file, encodeSafetensors([{ ...tensor, dtype: 'F32' }]));
  return checkWritten(file, 'a.safetensors', expected, new AbortController().signal);
}

describe('what was written', () => {
  it('is as planned, NaN too', async () => {
    await expect(check([tensor])).resolves.toBeUndefined();
    expect(readFileSync(file).length).toBeGreaterThan(16);
  });

  it.each([
    ['a value', [{ ...tensor, data: Float32Array.of(1, 0, NaN, -3) }], /value 3 of "w" differs/],
    ['the sign of 0', [{ ...tensor, data: Float32Array.of(1, -0, NaN, -2) }], /value 1 of "w" differs/],
    ['a shape', [{ ...tensor, shape: [4] }], /"w" has the shape \[2, 2\]/],
    ['a name', [{ ...tensor, name: 'v' }], /"v" is not in it/],
    ['a tensor too many', [], /1 tensors instead of 0/],
  ])('is refused for %s', async (_, expected, words) => {
    await expect(check(expected)).rejects.toThrow(words);
    await expect(check(expected)).rejects.toThrow(/a\.safetensors: not written/);
  });
});

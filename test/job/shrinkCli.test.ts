import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShrinkDocument } from '../../src/job/cli/shrink';
import { cli } from '../support/jobs';
import { writeExperiment } from '../support/tinyExperiment';

let directory: string;
const experiment = 'tiny.ticket.json';

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-shrink-cli-'));
  const pruning = { structure: 'filters', scope: 'layer', rate: 0.5, levels: 2 };
  writeExperiment(directory, { pruning, compare: [], executor: 'wasm' });
  expect((await cli(['run', experiment], directory)).code).toBe(0);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

const shrink = async (...args: string[]): Promise<ShrinkDocument> => {
  const { code, stdout, stderr } = await cli(['shrink', ...args, '--json'], directory);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as ShrinkDocument;
};

describe('winning-ticket shrink', () => {
  it('writes a run without the neurons that are pruned, which then has nothing left to take out', async () => {
    const document = await shrink(experiment, '--level', '2', '-o', 'model.json');
    // of 16 neurons a quarter is left after two rounds
    expect(document.layers.map(({ before, after }) => [before[1], after[1]])).toEqual([
      [16, 4],
      [10, 10],
    ]);
    const features = document.layers[0]!.before[0]!;
    expect(document).toMatchObject({
      format: 'tfjs',
      parameters: { before: (features + 1) * 16 + 17 * 10, after: (features + 1) * 4 + 5 * 10 },
      multiplyAdds: { before: features * 16 + 160, kept: features * 4 + 40, after: features * 4 + 40 },
      remains: [],
      agreement: { agrees: true, examples: 64 },
    });
    const again = await shrink('model.json', '-o', 'again.h5');
    expect(again.parameters).toEqual({ before: document.parameters.after, after: document.parameters.after });
  });

  it('says in words what came of it', async () => {
    const { code, stdout } = await cli(
      ['shrink', experiment, '--level', '1', '--what', 'start', '-o', 'x.h5'],
      directory,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^parameters +[\d,]+ → [\d,]+ \(\d+\.\d %\)$/m);
    expect(stdout).toMatch(/^Outputs agree on 64 random examples: /m);
    expect(stdout).toMatch(/^Written and checked: .*x\.h5 \(h5\)$/m);
  });

  it.each([
    [[], 2, /needs the path of a model/],
    [[experiment, '--level', '1'], 2, /needs --out FILE/],
    [['model.json', '--replicate', '1', '-o', 'x.h5'], 2, /--replicate has a meaning with --level only/],
    [[experiment, '--level', '1', '--what', 'mask', '-o', 'x.h5'], 2, /--what is trained or start, not "mask"/],
    [[experiment, '--level', '9', '-o', 'x9.h5'], 1, /levels 0, 1, 2 of iterative/],
    [['missing.h5', '-o', 'y.h5'], 2, /missing\.h5/],
  ])('refuses %j', async (args, code, message) => {
    const { code: actual, stderr } = await cli(['shrink', ...args], directory);
    expect(stderr).toMatch(message);
    expect(actual).toBe(code);
    expect(existsSync(path.join(directory, 'x9.h5'))).toBe(false);
  });
});

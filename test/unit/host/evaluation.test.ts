/** Reading what a run's outputs came to: a sound file is shown, anything else counts as not computed. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvaluation } from '../../../src/host/store';
import { ClassificationAccumulator } from '../../../src/metrics/classification';
import { RegressionAccumulator } from '../../../src/metrics/regression';

let store: string;
const key = '0123456789abcdef'.repeat(2);
beforeEach(() => {
  store = mkdtempSync(path.join(tmpdir(), 'wt-evaluation-'));
  mkdirSync(path.join(store, 'runs', key), { recursive: true });
  // of a version without checksums
  writeFileSync(path.join(store, 'runs', key, 'run.json'), '{}');
});
afterEach(() => rmSync(store, { recursive: true }));

function write(text: string): void {
  writeFileSync(path.join(store, 'runs', key, 'evaluation.json'), text);
}

const classifier = new ClassificationAccumulator({ classes: 3, labels: [0, 1, 2, 1], logits: true });
classifier.add(0, Float32Array.of(3, 1, 0, 0, 2, 1, 0, 3, 1, 1, 2, 0));
const classification = classifier.result();
const regressor = new RegressionAccumulator({ targets: 1, labels: Float32Array.of(1, 2) });
regressor.add(0, Float32Array.of(1, 3));

describe('an evaluation in the store', () => {
  it.each([classification, regressor.result()])('is read as the job wrote it ($task)', async evaluation => {
    write(JSON.stringify(evaluation));
    expect(await readEvaluation(store, key)).toEqual(evaluation);
  });

  it('is read where it has the checksum that the record tells, and is not believed with another', async () => {
    const text = JSON.stringify(classification);
    write(text);
    const tell = (sha256: string): void => {
      const files = { 'evaluation.json': { bytes: text.length, sha256 } };
      writeFileSync(path.join(store, 'runs', key, 'run.json'), JSON.stringify({ files }));
    };
    tell(createHash('sha256').update(text).digest('hex'));
    expect(await readEvaluation(store, key)).toEqual(classification);
    tell('0'.repeat(64));
    expect(await readEvaluation(store, key)).toBeNull();
    rmSync(path.join(store, 'runs', key, 'run.json'));
    expect(await readEvaluation(store, key)).toBeNull();
  });

  it('is null where there is none, or a folder of its name', async () => {
    expect(await readEvaluation(store, key)).toBeNull();
    mkdirSync(path.join(store, 'runs', key, 'evaluation.json'));
    expect(await readEvaluation(store, key)).toBeNull();
  });

  it.each<[string, object]>([
    ['counts that do not add up to the examples', { support: [1, 1, 1] }],
    ['more hits than examples of a class', { classHits: [2, 0, 0] }],
    ['a matrix whose rows are not the classes', { confusion: [1, 0, 0, 0, 1, 1, 0, 1, 0] }],
    ['a matrix of another size', { confusion: [4] }],
    ['a class that there is not', { confusedPairs: [{ label: 3, predicted: 0, count: 1 }] }],
    ['fewer bins', { probabilities: { ...classification.probabilities!, bins: [] } }],
    [
      'a bin with more hits than examples',
      {
        probabilities: {
          ...classification.probabilities!,
          bins: classification.probabilities!.bins.map(bin => ({ ...bin, hits: bin.count + 1 })),
        },
      },
    ],
    ['examples that are no whole number', { examples: 4.5 }],
    ['another task', { task: 'ranking' }],
  ])('is not believed with %s', async (_what, change) => {
    write(JSON.stringify({ ...classification, ...change }));
    expect(await readEvaluation(store, key)).toBeNull();
  });

  it.each(['', '{', 'null', '[]', '{"task":"regression"}'])('is not believed where the file says %j', async text => {
    write(text);
    expect(await readEvaluation(store, key)).toBeNull();
  });
});

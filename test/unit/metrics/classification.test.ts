/** Metrics of a classifier, by hand and against PyTorch. */
import { describe, expect, it } from 'vitest';
import { ClassificationAccumulator } from '../../../src/metrics/classification';
import { evaluateOutputs } from '../../../src/metrics/evaluate';
import {
  calibrationError,
  measuresOf,
  precisionsOf,
  recallsOf,
  type ClassificationEvaluation,
} from '../../../src/shared/evaluation';

function evaluate(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  { logits = true, stretch = rows.length } = {},
): ClassificationEvaluation {
  const classes = rows[0]!.length;
  const accumulator = new ClassificationAccumulator({ classes, labels, logits });
  for (let first = 0; first < rows.length; first += stretch) {
    accumulator.add(first, Float32Array.from(rows.slice(first, first + stretch).flat()));
  }
  return accumulator.result();
}

const log = Math.log;

describe('a classifier on four examples', () => {
  // probabilities 0.82/0.18, 0.38/0.62, 0.7/0.3, 0.5/0.5
  const rows = [
    [log(0.82), log(0.18)],
    [log(0.38), log(0.62)],
    [log(0.7), log(0.3)],
    [log(0.5), log(0.5)],
  ];
  const result = evaluate(rows, [0, 1, 1, 1]);

  it('counts hits, and the first of equal outputs as the prediction', () => {
    expect(result.hits).toBe(2);
    expect(result.support).toEqual([1, 3]);
    expect(result.confusion).toEqual([1, 0, 2, 1]);
    expect(result.confusedPairs).toEqual([{ label: 1, predicted: 0, count: 2 }]);
  });

  it('has recall of what is of a class and precision of what is said to be', () => {
    expect(recallsOf(result)).toEqual([1, 1 / 3]);
    expect(precisionsOf(result)).toEqual([1 / 3, 1]);
    expect(measuresOf(result).worstRecall).toBe(1 / 3);
  });

  it('has the mean negative logarithm of the probabilities of the classes, and the Brier score over all classes', () => {
    const { negativeLogLikelihood, brier } = result.probabilities!;
    expect(negativeLogLikelihood).toBeCloseTo(-(log(0.82) + log(0.62) + log(0.3) + log(0.5)) / 4, 6);
    expect(brier).toBeCloseTo((2 * (0.18 ** 2 + 0.38 ** 2 + 0.7 ** 2 + 0.5 ** 2)) / 4, 6);
  });

  it('puts confidences into fifteen even bins, and sums their distance from the accuracy', () => {
    const { bins } = result.probabilities!;
    expect(bins).toHaveLength(15);
    // 0.5 → (7/15, 8/15], 0.62 → (9/15, 10/15], 0.7 → (10/15, 11/15], 0.82 → (12/15, 13/15]
    expect(bins.map(({ count }) => count).flatMap((count, bin) => (count > 0 ? [bin] : []))).toEqual([7, 9, 10, 12]);
    expect(calibrationError(bins)).toBeCloseTo((0.18 + 0.38 + 0.7 + 0.5) / 4, 6);
  });

  it('has no top-5 with five classes or fewer', () => {
    expect(result.topFiveHits).toBeNull();
    expect(measuresOf(result)).not.toHaveProperty('topFive');
  });

  it('comes out the same however the examples are cut into stretches', () => {
    expect(evaluate(rows, [0, 1, 1, 1], { stretch: 1 })).toEqual(result);
    expect(evaluate(rows, [0, 1, 1, 1], { stretch: 3 })).toEqual(result);
  });
});

it('agrees with PyTorch on 500 examples of 8 classes', async () => {
  const classes = 8;
  const labels = Int32Array.from({ length: 500 }, (_, i) => (i * 7) % classes);
  const outputs = Float32Array.from({ length: 500 * classes }, (_, at) => {
    const [i, k] = [Math.floor(at / classes), at % classes];
    return 4 * Math.sin(1.7 * i + 2.3 * k * k) + (k === labels[i] && i % 3 > 0 ? 2.5 : 0);
  });
  const result = await evaluateOutputs({ classes, labels, logits: true }, visit => {
    visit(0, outputs.subarray(0, 123 * classes));
    visit(123, outputs.subarray(123 * classes));
    return Promise.resolve();
  });
  if (result.task !== 'classification') throw new Error('class numbers make a classification');
  // torch 2.x: cross_entropy, softmax and one_hot, topk, and the calibration error of Guo et al.'s own code, in float64
  const { negativeLogLikelihood, brier, bins } = result.probabilities!;
  expect(negativeLogLikelihood).toBeCloseTo(3.017185496954462, 10);
  expect(brier).toBeCloseTo(0.9339464512223414, 10);
  expect(calibrationError(bins)).toBeCloseTo(0.3017458797195178, 10);
  expect([result.hits, result.topFiveHits]).toEqual([165, 394]);
  expect(result.classHits).toEqual([20, 21, 24, 17, 20, 17, 20, 26]);
  expect(result.predicted).toEqual([57, 46, 109, 42, 112, 39, 46, 49]);
  expect(result.confusedPairs[0]).toEqual({ label: 6, predicted: 2, count: 17 });
});

it('counts a class that ties with the fifth by its number, as the prediction does', () => {
  const tied = [0, 0, 0, 0, 0, 0, 0];
  expect(evaluate([tied, tied], [4, 5]).topFiveHits).toBe(1);
});

it('leaves a class without examples out of the worst recall', () => {
  const result = evaluate([[1, 0, 0]], [0]);
  expect(recallsOf(result)).toEqual([1, null, null]);
  expect(measuresOf(result).worstRecall).toBe(1);
});

it('keeps the most confused pairs where the matrix would be too large', () => {
  const classes = 300;
  const rows = Array.from({ length: 250 }, (_, i) => Array.from({ length: classes }, (_, k) => Number(k === i % 125)));
  const result = evaluate(
    rows,
    rows.map(() => 7),
  );
  expect(result.confusion).toBeNull();
  expect(result.confusedPairs).toHaveLength(100);
  expect(result.confusedPairs[7]).toEqual({ label: 7, predicted: 8, count: 2 });
  expect(result.classHits[7]).toBe(2);
});

it('says nothing of probabilities where outputs are no logits', () => {
  const result = evaluate([[0.9, 0.2]], [0], { logits: false });
  expect(result.probabilities).toBeNull();
  expect(measuresOf(result)).toEqual({ worstRecall: 1 });
});

it('bears logits far apart', () => {
  const { negativeLogLikelihood, bins, brier } = evaluate([[-2000, 2000]], [0]).probabilities!;
  expect(negativeLogLikelihood).toBe(4000);
  expect(brier).toBe(2);
  expect(bins[14]).toEqual({ count: 1, hits: 0, confidence: 1 });
});

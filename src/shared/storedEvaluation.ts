/** What an `evaluation.json` must hold to be shown: anyone may have written it. Its counts must agree with each other. */
import * as z from 'zod';
import { safeParse } from './check';
import {
  confidenceBins,
  largestConfusionMatrix,
  mostConfusedPairs,
  mostTargets,
  type ClassificationEvaluation,
  type ConfidenceBin,
  type RunEvaluation,
} from './evaluation';

const count = z.int().min(0);
const mostClasses = 1_000_000;
const counts = z.array(count).max(mostClasses);
const finite = z.number();
const distance = finite.min(0);
const r2 = finite.max(1);

const classification = z.looseObject({
  task: z.literal('classification'),
  examples: count.min(1),
  classes: count.min(1).max(mostClasses),
  hits: count,
  topFiveHits: count.nullable(),
  support: counts,
  classHits: counts,
  predicted: counts,
  confusion: z
    .array(count)
    .max(largestConfusionMatrix ** 2)
    .nullable(),
  confusedPairs: z.array(z.looseObject({ label: count, predicted: count, count })).max(mostConfusedPairs),
  probabilities: z
    .looseObject({
      negativeLogLikelihood: distance,
      brier: distance.max(2),
      bins: z.array(z.looseObject({ count, hits: count, confidence: distance })).length(confidenceBins),
    })
    .nullable(),
});

const regression = z.looseObject({
  task: z.literal('regression'),
  examples: count.min(1),
  targets: count.min(1),
  meanSquaredError: distance,
  meanAbsoluteError: distance,
  r2,
  perTarget: z
    .array(z.looseObject({ meanSquaredError: distance, meanAbsoluteError: distance, r2 }))
    .max(mostTargets)
    .nullable(),
});

const evaluation = z.discriminatedUnion('task', [classification, regression]);

/** @returns null where it is no sound evaluation */
export function parseEvaluation(json: string): RunEvaluation | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const checked = safeParse(evaluation, value);
  if (!checked.success) return null;
  const read: RunEvaluation = checked.data;
  const sound =
    read.task === 'classification' ? addsUp(read) : read.perTarget === null || read.perTarget.length === read.targets;
  return sound ? read : null;
}

function addsUp(evaluation: ClassificationEvaluation): boolean {
  const { examples, classes, hits, topFiveHits, support, classHits, predicted, confusion, probabilities } = evaluation;
  const inRange = evaluation.confusedPairs.every(pair => pair.label < classes && pair.predicted < classes);
  return (
    [support, classHits, predicted].every(({ length }) => length === classes) &&
    sum(support) === examples &&
    sum(predicted) === examples &&
    sum(classHits) === hits &&
    classHits.every((count, k) => count <= Math.min(support[k]!, predicted[k]!)) &&
    (topFiveHits === null || (topFiveHits >= hits && topFiveHits <= examples)) &&
    (confusion === null || (confusion.length === classes ** 2 && rowsAre(confusion, support, classHits))) &&
    inRange &&
    (probabilities === null || binsAre(probabilities.bins, examples))
  );
}

function rowsAre(confusion: readonly number[], support: readonly number[], diagonal: readonly number[]): boolean {
  const classes = support.length;
  return support.every((count, k) => {
    const row = confusion.slice(k * classes, (k + 1) * classes);
    return sum(row) === count && row[k] === diagonal[k];
  });
}

function binsAre(bins: readonly ConfidenceBin[], examples: number): boolean {
  // sums of probabilities may exceed their number by a rounding error
  const each = bins.every(({ count, hits, confidence }) => hits <= count && confidence <= count * (1 + 1e-9));
  return each && sum(bins.map(({ count }) => count)) === examples;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

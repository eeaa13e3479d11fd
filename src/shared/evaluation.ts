/**
 * What a run's model does on the test split after the last step: what `evaluation.json` of the run holds. Counts are
 * kept as they are, so that runs can be added up; shares are made of them here, for all who read them.
 */
import type { Measures } from './report';

/** Bins of confidence (C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, §2 and §4). */
export const confidenceBins = 15;
/** Up to so many classes the whole confusion matrix is kept; beyond, the most confused pairs only. */
export const largestConfusionMatrix = 200;
export const mostConfusedPairs = 100;
/** Up to so many targets of a regression each has its own figures. */
export const mostTargets = 1000;

/** `count` examples of class `label` were taken for class `predicted`. */
export interface ConfusedPair {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** Examples whose highest probability is in ((i) / bins, (i + 1) / bins]. */
export interface ConfidenceBin {
  readonly count: number;
  readonly hits: number;
  /** Σ of the highest probabilities. */
  readonly confidence: number;
}

/** Of models whose outputs are logits. */
export interface ProbabilityMeasures {
  /** Mean −log p of the example's class, natural logarithm. */
  readonly negativeLogLikelihood: number;
  /** Mean over the examples of Σ (pₖ − yₖ)² over all classes, 0 to 2 (G. Brier, Monthly Weather Review 78, 1950). */
  readonly brier: number;
  /** Even in width, by rising confidence. */
  readonly bins: readonly ConfidenceBin[];
}

export interface ClassificationEvaluation {
  readonly task: 'classification';
  readonly examples: number;
  readonly classes: number;
  /** Examples whose highest output is that of their class; among equals the first counts. */
  readonly hits: number;
  /** Examples whose class is among the five highest outputs; null where there are no more than five classes. */
  readonly topFiveHits: number | null;
  /** By class: examples of it, those of them predicted rightly, and examples predicted to be of it. */
  readonly support: readonly number[];
  readonly classHits: readonly number[];
  readonly predicted: readonly number[];
  /** Examples, [class × predicted class] row-major; null where there are more than `largestConfusionMatrix` classes. */
  readonly confusion: readonly number[] | null;
  /** Most frequent first, then by class. */
  readonly confusedPairs: readonly ConfusedPair[];
  /** null where the outputs are no logits. */
  readonly probabilities: ProbabilityMeasures | null;
}

export interface TargetMeasures {
  readonly meanSquaredError: number;
  readonly meanAbsoluteError: number;
  /** See `r2` of `RegressionEvaluation`. */
  readonly r2: number;
}

/** Means over examples and targets. */
export interface RegressionEvaluation {
  readonly task: 'regression';
  readonly examples: number;
  readonly targets: number;
  readonly meanSquaredError: number;
  readonly meanAbsoluteError: number;
  /**
   * Mean over the targets of 1 − Σ (y − ŷ)² / Σ (y − ȳ)², as scikit-learn's r2_score has it. Of a target that does not
   * vary: 1 where it is met exactly, else 0.
   */
  readonly r2: number;
  /** null where there are more than `mostTargets`. */
  readonly perTarget: readonly TargetMeasures[] | null;
}

export type RunEvaluation = ClassificationEvaluation | RegressionEvaluation;

/** The figures of an evaluation that a report has room for. */
export function measuresOf(evaluation: RunEvaluation): Measures {
  if (evaluation.task === 'regression') {
    const { meanSquaredError, meanAbsoluteError, r2 } = evaluation;
    return { r2, rootMeanSquaredError: Math.sqrt(meanSquaredError), meanAbsoluteError };
  }
  const { topFiveHits, examples, probabilities } = evaluation;
  const recalls = recallsOf(evaluation).filter(recall => recall !== null);
  return {
    ...(topFiveHits !== null && { topFive: topFiveHits / examples }),
    ...(probabilities && { calibrationError: calibrationError(probabilities.bins), brier: probabilities.brier }),
    ...(recalls.length > 0 && { worstRecall: recalls.reduce((least, recall) => Math.min(least, recall)) }),
  };
}

/** Share of each class's examples that are predicted rightly; null where there are none. */
export function recallsOf({ support, classHits }: ClassificationEvaluation): (number | null)[] {
  return support.map((count, i) => (count === 0 ? null : classHits[i]! / count));
}

/** Share of the examples predicted to be of a class that are; null where there are none. */
export function precisionsOf({ predicted, classHits }: ClassificationEvaluation): (number | null)[] {
  return predicted.map((count, i) => (count === 0 ? null : classHits[i]! / count));
}

/** Expected calibration error: the mean over all examples of |accuracy − mean confidence| of their bin (Guo et al. 2017). */
export function calibrationError(bins: readonly ConfidenceBin[]): number {
  const examples = bins.reduce((sum, { count }) => sum + count, 0);
  if (examples === 0) return 0;
  return bins.reduce((sum, { hits, confidence }) => sum + Math.abs(hits - confidence), 0) / examples;
}

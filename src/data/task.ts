/** Whether labels are classes or numbers to predict: what the experiment says, else what they look like. */
import { ExperimentError, type Loss } from '../shared/experiment';
import type { Task } from './dataset';

/** How a reader takes labels; 'either': as numbers where one has a fraction, else as classes. */
export type Reading = 'classes' | 'numbers' | 'either';

/** For messages about labels that are no classes. */
export const numbersRemedy =
  'to predict numbers, set "data.task" to "regression" and "training.loss" to "mean-squared-error"';

/**
 * With cross-entropy labels are classes; with mean squared error either, since it also takes classes, one-hot.
 * @throws ExperimentError where numbers are to be predicted with a loss for classes
 */
export function readingOf(
  config: { readonly task?: Task | undefined; readonly targets?: readonly unknown[] | undefined },
  loss: Loss,
): Reading {
  const { task, targets } = config;
  if (task === 'classification') {
    if (targets === undefined) return 'classes';
    throw new ExperimentError(
      'data.targets',
      'are numbers to predict, but "data.task" is "classification": remove one of the two',
    );
  }
  const isMeanSquared = loss === 'mean-squared-error';
  if (task === undefined && targets === undefined) return isMeanSquared ? 'either' : 'classes';
  if (isMeanSquared) return 'numbers';
  throw new ExperimentError(
    'training.loss',
    `is "${loss}", a loss for classes, but the data has numbers to predict: set it to "mean-squared-error"`,
  );
}

/** Class numbers: what holds for them in every format that brings its own. */
import { DataError } from './dataset';

export const mostClasses = 65_536;

interface Labels {
  readonly file: string;
  /** Before messages where the file holds several arrays: its name and a colon. */
  readonly label: string;
  readonly labels: Int32Array;
}

/** Labels as the executors take them: bytes as long as these can hold every class. */
export function packLabels(labels: Int32Array, classes: number): Uint8Array | Int32Array {
  return classes <= 256 ? Uint8Array.from(labels) : labels;
}

/**
 * How many classes there are: as many as the largest training label says, at least 2.
 * @throws DataError where a class has no training example, or a test label no class
 */
export function countClasses(training: Labels, test: Labels | null): number {
  const classes = Math.max(2, 1 + training.labels.reduce((most, label) => Math.max(most, label), 0));
  const seen = new Uint8Array(classes);
  for (const label of training.labels) seen[label] = 1;
  const empty = seen.indexOf(0);
  if (empty >= 0) {
    throw new DataError(
      training.file,
      `${training.label}no training example has the label ${empty}, though the labels go up to ${classes - 1}; ` +
        'number the classes from 0 without gaps',
    );
  }
  const beyond = test ? test.labels.findIndex(label => label >= classes) : -1;
  if (test && beyond >= 0) {
    throw new DataError(
      test.file,
      `${test.label}label ${beyond} is ${test.labels[beyond]!}, but the training labels only go up to ${classes - 1}; ` +
        'remove such examples, or add some of their class to the training data',
    );
  }
  return classes;
}

/** Weights of classes as numbers, from what the experiment says and the training examples there are. */
import type { DataSet } from '../data/dataset';
import { ExperimentError, type ParsedExperiment } from '../shared/experiment';

const field = 'training.classWeights';

/**
 * "balanced" gives each class n / (classes · its count), as scikit-learn does: all classes have the same summed weight.
 * @returns null where the experiment has none
 * @throws ExperimentError where they do not fit the data
 */
export function classWeightsOf(
  wanted: ParsedExperiment['training']['classWeights'],
  {
    task,
    classes,
    training,
  }: Pick<DataSet, 'task' | 'classes'> & { readonly training: Pick<DataSet['training'], 'labels'> },
): readonly number[] | null {
  if (wanted === undefined) return null;
  if (task === 'regression') {
    throw new ExperimentError(field, 'is for classes, but the data has numbers to predict: remove it');
  }
  if (wanted !== 'balanced') {
    if (wanted.length === classes) return wanted;
    throw new ExperimentError(
      field,
      `has ${wanted.length} values, but the data has ${classes} classes: give one for each, in the order of their numbers`,
    );
  }
  const counts = new Uint32Array(classes);
  for (const label of training.labels) counts[label]!++;
  const empty = counts.indexOf(0);
  if (empty >= 0) {
    throw new ExperimentError(
      field,
      `cannot be "balanced": no training example has the class ${empty}; give the weights as numbers, or hold fewer examples back`,
    );
  }
  return Array.from(counts, count => training.labels.length / (classes * count));
}

/** The training examples that weights are scored on. */
import type { DataSet } from '../data/dataset';
import { Random } from '../shared/random';
import type { Examples } from '../training/differentiation/differentiation';
import { Examples as Standardised } from '../training/tfjs/examples';

/** Of each class, as GraSP takes them and Synaptic-Flow as many on average. */
const perClass = 10;
/** With numbers to predict there are no classes. */
const forRegression = 128;

/**
 * Of a classification as many of each class as there are, the classes in turn; else any.
 * @param wanted all there are, where that is more
 * @returns numbers of examples
 */
export function drawExamples(
  data: Pick<DataSet, 'task' | 'classes'> & { readonly training: Pick<DataSet['training'], 'count' | 'labels'> },
  wanted: number | undefined,
  seed: number,
): Uint32Array {
  const { task, classes, training } = data;
  const order = new Random(seed, 'order').shuffle(Uint32Array.from({ length: training.count }, (_, i) => i));
  const isClassification = task === 'classification';
  const count = Math.min(training.count, wanted ?? (isClassification ? perClass * classes : forRegression));
  if (!isClassification) return order.slice(0, count);
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (const example of order) byClass[training.labels[example]!]!.push(example);
  const turns = new Random(seed, 'classes').shuffle(Uint32Array.from(byClass, (_, c) => c));
  const drawn: number[] = [];
  for (let round = 0; drawn.length < count; round++) {
    for (const c of turns) {
      const example = byClass[c]![round];
      if (example !== undefined && drawn.length < count) drawn.push(example);
    }
  }
  return Uint32Array.from(drawn);
}

/** As the network takes them. @throws DataError where they are in files that cannot be read */
export function examplesOf(data: DataSet, rows: Uint32Array): Examples {
  const source = new Standardised(data);
  try {
    const { count, labels } = data.training;
    const width = labels.length / count;
    return {
      inputs: source.inputs('training', rows),
      labels: Array.from(rows, row => [...labels.subarray(row * width, (row + 1) * width)]).flat(),
      regression: data.task === 'regression',
    };
  } finally {
    source.close();
  }
}

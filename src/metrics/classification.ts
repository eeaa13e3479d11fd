/** Hits, top-5, recall, precision and confusions of a classifier, added up as its outputs come. */
import {
  largestConfusionMatrix,
  mostConfusedPairs,
  type ClassificationEvaluation,
  type ConfusedPair,
} from '../shared/evaluation';
import { ProbabilityAccumulator } from './probabilities';

export interface ClassificationTask {
  readonly classes: number;
  /** Class of each example. */
  readonly labels: ArrayLike<number>;
  /** Whether outputs are logits, from which probabilities come. */
  readonly logits: boolean;
}

export class ClassificationAccumulator {
  private examples = 0;
  private hits = 0;
  private topFiveHits = 0;
  private readonly support: Uint32Array;
  private readonly classHits: Uint32Array;
  private readonly predicted: Uint32Array;
  /** Examples by class · classes + predicted class: those predicted wrongly. No more entries than examples. */
  private readonly confused = new Map<number, number>();
  private readonly probabilities: ProbabilityAccumulator | null;

  constructor(private readonly task: ClassificationTask) {
    const { classes, logits } = task;
    this.support = new Uint32Array(classes);
    this.classHits = new Uint32Array(classes);
    this.predicted = new Uint32Array(classes);
    this.probabilities = logits ? new ProbabilityAccumulator(classes) : null;
  }

  /** @param first number of the first example; @param outputs row-major [examples × classes] */
  add(first: number, outputs: Float32Array): void {
    const { classes, labels } = this.task;
    const count = outputs.length / classes;
    for (let i = 0; i < count; i++) this.addOne(outputs, i * classes, labels[first + i]!);
  }

  private addOne(outputs: Float32Array, row: number, label: number): void {
    const { classes } = this.task;
    let top = 0;
    let better = 0;
    const own = outputs[row + label]!;
    for (let k = 0; k < classes; k++) {
      const output = outputs[row + k]!;
      if (output > outputs[row + top]!) top = k;
      if (output > own || (output === own && k < label)) better++;
    }
    const isHit = top === label;
    this.examples++;
    this.support[label]! += 1;
    this.predicted[top]! += 1;
    if (better < 5) this.topFiveHits++;
    if (isHit) {
      this.hits++;
      this.classHits[label]! += 1;
    } else {
      const pair = label * classes + top;
      this.confused.set(pair, (this.confused.get(pair) ?? 0) + 1);
    }
    this.probabilities?.add(outputs, row, label, top);
  }

  result(): ClassificationEvaluation {
    const { classes } = this.task;
    return {
      task: 'classification',
      examples: this.examples,
      classes,
      hits: this.hits,
      topFiveHits: classes > 5 ? this.topFiveHits : null,
      support: [...this.support],
      classHits: [...this.classHits],
      predicted: [...this.predicted],
      confusion: classes <= largestConfusionMatrix ? this.matrix() : null,
      confusedPairs: this.pairs(),
      probabilities: this.probabilities?.result() ?? null,
    };
  }

  private matrix(): number[] {
    const { classes } = this.task;
    const matrix = new Array<number>(classes * classes).fill(0);
    for (const [pair, count] of this.confused) matrix[pair] = count;
    this.classHits.forEach((count, k) => (matrix[k * classes + k] = count));
    return matrix;
  }

  private pairs(): ConfusedPair[] {
    const { classes } = this.task;
    return [...this.confused]
      .sort(([a, inA], [b, inB]) => inB - inA || a - b)
      .slice(0, mostConfusedPairs)
      .map(([pair, count]) => ({ label: Math.floor(pair / classes), predicted: pair % classes, count }));
  }
}

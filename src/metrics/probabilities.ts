/** Likelihood, Brier score and calibration of a classifier's probabilities, the softmax of its logits. */
import { confidenceBins, type ProbabilityMeasures } from '../shared/evaluation';

export class ProbabilityAccumulator {
  private examples = 0;
  private loss = 0;
  private squares = 0;
  private readonly counts = new Uint32Array(confidenceBins);
  private readonly hits = new Uint32Array(confidenceBins);
  private readonly confidences = new Float64Array(confidenceBins);
  private readonly exponentials: Float64Array;

  constructor(private readonly classes: number) {
    this.exponentials = new Float64Array(classes);
  }

  /** One example, whose logits start at `row`; @param top the class of the highest */
  add(logits: Float32Array, row: number, label: number, top: number): void {
    const { classes, exponentials } = this;
    const highest = logits[row + top]!;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const exponential = Math.exp(logits[row + k]! - highest);
      exponentials[k] = exponential;
      sum += exponential;
    }
    for (let k = 0; k < classes; k++) this.squares += (exponentials[k]! / sum - Number(k === label)) ** 2;
    this.loss += Math.log(sum) + highest - logits[row + label]!;
    this.examples++;
    const confidence = 1 / sum;
    const bin = Math.min(confidenceBins, Math.max(1, Math.ceil(confidence * confidenceBins))) - 1;
    this.counts[bin]! += 1;
    this.confidences[bin]! += confidence;
    if (top === label) this.hits[bin]! += 1;
  }

  result(): ProbabilityMeasures {
    const mean = (sum: number): number => (this.examples === 0 ? 0 : sum / this.examples);
    return {
      negativeLogLikelihood: mean(this.loss),
      brier: mean(this.squares),
      bins: Array.from(this.counts, (count, bin) => ({
        count,
        hits: this.hits[bin]!,
        confidence: this.confidences[bin]!,
      })),
    };
  }
}

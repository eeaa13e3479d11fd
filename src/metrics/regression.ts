/** Errors and R² of a regression, target by target, added up as outputs come. */
import { mostTargets, type RegressionEvaluation, type TargetMeasures } from '../shared/evaluation';

export interface RegressionTask {
  readonly targets: number;
  /** Of all examples, row-major [examples × targets]. */
  readonly labels: Float32Array;
}

export class RegressionAccumulator {
  private examples = 0;
  private readonly squares: Float64Array;
  private readonly absolutes: Float64Array;

  constructor(private readonly task: RegressionTask) {
    this.squares = new Float64Array(task.targets);
    this.absolutes = new Float64Array(task.targets);
  }

  /** @param first number of the first example; @param outputs row-major [examples × targets] */
  add(first: number, outputs: Float32Array): void {
    const { targets, labels } = this.task;
    const offset = first * targets;
    for (let i = 0; i < outputs.length; i++) {
      const error = outputs[i]! - labels[offset + i]!;
      const target = i % targets;
      this.squares[target]! += error * error;
      this.absolutes[target]! += Math.abs(error);
    }
    this.examples += outputs.length / targets;
  }

  result(): RegressionEvaluation {
    const { examples, task } = this;
    const spread = deviations(task, examples);
    const perTarget = Array.from(this.squares, (square, target): TargetMeasures => ({
      meanSquaredError: square / examples,
      meanAbsoluteError: this.absolutes[target]! / examples,
      r2: spread[target]! > 0 ? 1 - square / spread[target]! : Number(square === 0),
    }));
    const mean = (of: (target: TargetMeasures) => number): number =>
      perTarget.reduce((sum, target) => sum + of(target), 0) / task.targets;
    return {
      task: 'regression',
      examples,
      targets: task.targets,
      meanSquaredError: mean(target => target.meanSquaredError),
      meanAbsoluteError: mean(target => target.meanAbsoluteError),
      r2: mean(target => target.r2),
      perTarget: task.targets <= mostTargets ? perTarget : null,
    };
  }
}

/** Σ (y − ȳ)² of each target, in two passes: differences of large sums would lose what they are after. */
function deviations({ targets, labels }: RegressionTask, examples: number): Float64Array {
  const means = new Float64Array(targets);
  for (let i = 0; i < examples * targets; i++) means[i % targets]! += labels[i]! / examples;
  const sums = new Float64Array(targets);
  for (let i = 0; i < examples * targets; i++) sums[i % targets]! += (labels[i]! - means[i % targets]!) ** 2;
  return sums;
}

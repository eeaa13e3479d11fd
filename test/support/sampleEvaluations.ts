/** Evaluations of the runs of a sample report, from outputs that formulas make up: the same on every call. */
import { ClassificationAccumulator } from '../../src/metrics/classification';
import { RegressionAccumulator } from '../../src/metrics/regression';
import { Random } from '../../src/shared/random';
import type { RunEvaluation } from '../../src/shared/evaluation';
import type { Report, ReportRun } from '../../src/shared/report';

/** Classes that lie near each other, and which of them a pruned network confuses more. */
function classificationOf({ key, level }: ReportRun, classes: number): RunEvaluation {
  const random = new Random('evaluation', key);
  const examples = Math.max(1500, classes * 10);
  const labels = Array.from({ length: examples }, (_, i) => i % classes);
  const accumulator = new ClassificationAccumulator({ classes, labels, logits: true });
  for (let i = 0; i < examples; i++) {
    const label = labels[i]!;
    const logits = Float32Array.from({ length: classes }, () => random.nextGaussian());
    // pruned networks lose sight of every third class; a factor makes them about as sure as they are right
    logits[label]! += 4.6 - (label % 3 === 2 ? 0.06 * level : 0);
    logits[(label + 3) % classes]! += 0.8;
    accumulator.add(
      i,
      logits.map(logit => logit * (2.2 + 0.03 * level)),
    );
  }
  return accumulator.result();
}

function regressionOf({ key, level }: ReportRun): RunEvaluation {
  const random = new Random('evaluation', key);
  const labels = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i / (1 + (i % 3))));
  const accumulator = new RegressionAccumulator({ targets: 3, labels });
  accumulator.add(
    0,
    labels.map((value, i) => value + (0.1 + (i % 3) * 0.01 * level) * random.nextGaussian()),
  );
  return accumulator.result();
}

/** Of the runs asked for; as the host answers. */
export function sampleEvaluations(
  report: Report,
  runs: readonly string[],
  classes = 10,
): Record<string, RunEvaluation> {
  const evaluation = report.task === 'regression' ? regressionOf : (run: ReportRun) => classificationOf(run, classes);
  return Object.fromEntries(report.runs.filter(({ key }) => runs.includes(key)).map(run => [run.key, evaluation(run)]));
}

/** What the model of a session does on the test split, in full. */
import type { DataSet } from '../data/dataset';
import { evaluateOutputs } from '../metrics/evaluate';
import type { RunEvaluation } from '../shared/evaluation';
import type { RunInputs } from '../shared/run';
import type { TrainingSession } from '../training/trainer';

/** @throws the signal's reason */
export function evaluateSession(
  session: TrainingSession,
  { classes, test }: Pick<DataSet, 'classes' | 'test'>,
  { training }: Pick<RunInputs, 'training'>,
  signal: AbortSignal | undefined,
): Promise<RunEvaluation> {
  const logits = training.loss === 'cross-entropy';
  return evaluateOutputs({ classes, labels: test.labels, logits }, visit => session.predict('test', visit, signal));
}

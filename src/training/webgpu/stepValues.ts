/** What the optimiser needs to know at each step; see src/kernels/update.ts. */
import { learningRate } from '../../shared/learningRate';
import { batchAt } from '../schedule';
import type { TrainingSetup } from '../trainer';
import type { StepValues } from './wgsl/step';

/** Learning rate and Adam's bias corrections, which count the updates of the optimiser's state. */
export function trainingValues(setup: TrainingSetup, examples: number, step: number, slot: number): StepValues {
  const { optimizer, schedule, fromStep, totalSteps, batchSize, state } = setup;
  const { position, count } = batchAt(step, examples, batchSize);
  const rate = learningRate(optimizer.learningRate, schedule, step, totalSteps);
  const batch = { count, position, slot, number: step };
  if (optimizer.name === 'sgd') return { ...batch, rate, decay: optimizer.weightDecay, correction: 1 };
  const time = (state?.updates ?? 0) + step - fromStep + 1;
  return {
    ...batch,
    rate: rate / (1 - optimizer.beta1 ** time),
    decay: optimizer.name === 'adamw' ? rate * optimizer.weightDecay : optimizer.weightDecay,
    correction: 1 / Math.sqrt(1 - optimizer.beta2 ** time),
  };
}

/** Of a batch of an evaluation, by its number. */
export function evaluationValues(batch: number, batchSize: number, examples: number): StepValues {
  const position = batch * batchSize;
  const count = Math.min(batchSize, examples - position);
  return { count, position, slot: batch, number: 0, rate: 0, decay: 0, correction: 0 };
}

/** A run's inputs in the form that executors take. */
import type { RunInputs } from '../shared/run';
import type { TrainingSetup } from '../training/trainer';
import { regularizationOf } from './regularization';

export function trainingSetup(
  { training, orderSeed, steps }: Pick<RunInputs, 'training' | 'orderSeed' | 'steps'>,
  { network, weights, masks }: Pick<TrainingSetup, 'network' | 'weights' | 'masks'>,
): TrainingSetup {
  return {
    network,
    weights,
    masks,
    optimizer: training.optimizer,
    schedule: training.schedule,
    batchSize: training.batchSize,
    orderSeed,
    fromStep: steps.from,
    totalSteps: steps.total,
    regularization: regularizationOf(training),
    classWeights: training.classWeights ?? null,
    state: null,
    penalty: null,
  };
}

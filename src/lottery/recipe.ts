/** How the runs of an experiment train, as it enters their keys. */
import type { Experiment } from '../shared/experiment';
import { learningRate } from '../shared/learningRate';
import type { TrainingRecipe } from '../shared/run';

/** The recipe of a run whose result is looked at. Fields without effect are left out, whatever way they are written. */
export function trainingRecipe(training: Experiment['training']): TrainingRecipe {
  const { averageDecay, earlyStopping } = training;
  return {
    ...prefixRecipe(training),
    ...(averageDecay !== undefined && { averageDecay }),
    ...(earlyStopping && { earlyStopping: { patience: earlyStopping.patience } }),
  };
}

/**
 * The recipe of a run to the rewind step: what it hands on are the weights of that very step, so it keeps the raw ones and
 * is never stopped early.
 */
export function prefixRecipe(training: Experiment['training']): TrainingRecipe {
  const { optimizer, schedule, loss, batchSize, evaluateEvery, labelSmoothing, classWeights, clipNorm, augmentation } =
    training;
  const { crop, flip } = augmentation;
  return {
    optimizer,
    schedule,
    loss,
    batchSize,
    evaluateEvery,
    ...(labelSmoothing > 0 && { labelSmoothing }),
    // where all weigh alike their scale has no effect
    ...(classWeights?.some(weight => weight !== classWeights[0]) && { classWeights }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...((crop > 0 || flip) && { augmentation: { crop, flip } }),
  };
}

/** The recipe of fine-tuning: on with the learning rate that training ended with (Renda et al. 2020). */
export function fineTuningRecipe(training: Experiment['training']): TrainingRecipe {
  const { optimizer, schedule, steps } = training;
  const last = learningRate(optimizer.learningRate, schedule, Math.max(0, steps - 1), steps);
  return {
    ...trainingRecipe(training),
    optimizer: { ...optimizer, learningRate: last },
    schedule: { name: 'constant', warmup: 0 },
  };
}

/** Fills in what the training of an experiment needs data for: every point in training becomes a step. */
import type { DataSet } from '../data/dataset';
import {
  ExperimentError,
  type Experiment,
  type ParsedExperiment,
  type ScheduleConfig,
  type ScheduleInSteps,
  type TrainingPoint,
} from '../shared/experiment';
import { classWeightsOf } from './classWeights';

/** What is needed of the data set that is trained on. */
export interface TrainingData {
  readonly task: DataSet['task'];
  readonly classes: number;
  readonly training: Pick<DataSet['training'], 'count' | 'labels'>;
  readonly validation: { readonly count: number };
  /** Of one example, channels last. */
  readonly inputShape: readonly number[];
}

export interface ResolvedTraining {
  readonly training: Experiment['training'];
  /** The step of a point in this training. */
  readonly toStep: (point: TrainingPoint) => number;
}

const defaultEpochs = 10;
const evaluationsPerRun = 20;
/** The schema's limit of `training.steps`; epochs must not get round it. */
const maximumSteps = 1_000_000_000;

/** @throws ExperimentError naming a field below `training`, where it does not fit the data */
export function resolveTraining(training: ParsedExperiment['training'], data: TrainingData): ResolvedTraining {
  const { steps: givenSteps, epochs, evaluateEvery, schedule, classWeights: wantedWeights, ...recipe } = training;
  const stepsPerEpoch = Math.ceil(data.training.count / training.batchSize);
  // the last batch of an epoch may be small, so epochs count in whole batches
  const steps = givenSteps ?? Math.ceil((epochs ?? defaultEpochs) * stepsPerEpoch);
  if (steps > maximumSteps) {
    throw new ExperimentError('training.epochs', `are ${steps} steps, more than ${maximumSteps}: train for fewer`);
  }
  const toStep = (point: TrainingPoint): number => stepOf(point, steps, stepsPerEpoch);
  checkEarlyStopping(training, data.validation.count);
  checkAugmentation(training.augmentation, data.inputShape);
  const classWeights = classWeightsOf(wantedWeights, data);
  return {
    training: {
      ...recipe,
      ...(classWeights && { classWeights }),
      schedule: scheduleInSteps(schedule, toStep),
      steps,
      evaluateEvery: evaluateEvery ?? Math.max(1, Math.round(steps / evaluationsPerRun)),
    },
    toStep,
  };
}

/** @throws ExperimentError where tickets would have no step left to train */
export function checkBeforeEnd(field: string, step: number, steps: number): void {
  if (step === 0 || step < steps) return;
  throw new ExperimentError(
    field,
    `step ${step} must come before the end of training, which is at step ${steps}: rewind to an earlier step, or train longer`,
  );
}

function checkEarlyStopping({ earlyStopping }: ParsedExperiment['training'], validation: number): void {
  if (!earlyStopping || validation > 0) return;
  throw new ExperimentError(
    'training.earlyStopping',
    'needs validation examples, and there are none: raise data.validation, or remove earlyStopping',
  );
}

function checkAugmentation(
  { crop, flip }: ParsedExperiment['training']['augmentation'],
  inputShape: readonly number[],
): void {
  if (crop === 0 && !flip) return;
  if (inputShape.length !== 3) {
    throw new ExperimentError(
      'training.augmentation',
      `is for images, but an example of this data has the shape [${inputShape.join(', ')}]: remove it`,
    );
  }
  const [height, width] = inputShape as [number, number, number];
  if (crop > Math.min(height, width)) {
    throw new ExperimentError(
      'training.augmentation.crop',
      `is ${crop}, more than an image of ${height}×${width} pixels has: the papers take 4 for 32×32`,
    );
  }
}

function stepOf(point: TrainingPoint, steps: number, stepsPerEpoch: number): number {
  if (typeof point === 'number') return point;
  const amount = Number.parseFloat(point);
  return point.endsWith('%') ? Math.round((amount / 100) * steps) : Math.ceil(amount * stepsPerEpoch);
}

function scheduleInSteps(schedule: ScheduleConfig, toStep: (point: TrainingPoint) => number): ScheduleInSteps {
  const warmup = toStep(schedule.warmup);
  switch (schedule.name) {
    case 'constant':
      return { name: schedule.name, warmup };
    case 'multi-step':
      return {
        name: schedule.name,
        milestones: rising(schedule.milestones.map(toStep)),
        factor: schedule.factor,
        warmup,
      };
    case 'cosine':
      return { name: schedule.name, minimum: schedule.minimum, warmup };
  }
}

function rising(milestones: readonly number[]): readonly number[] {
  if (milestones.every((step, i) => i === 0 || step > milestones[i - 1]!)) return milestones;
  throw new ExperimentError(
    'training.schedule.milestones',
    `must rise from one to the next, but are steps ${milestones.join(', ')}: sort them and remove doubles`,
  );
}

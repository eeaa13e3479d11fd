/** Fills in what needs data and model: every point in training becomes a step, the target becomes levels. */
import type { DataSet } from '../data/dataset';
import { levelsFor } from '../lottery/levels';
import { prunableLayers, type Parameter } from '../lottery/layers';
import type { Coupling } from '../lottery/structured/coupling';
import { entryInSteps } from '../shared/compareConfig';
import {
  ExperimentError,
  type Experiment,
  type ParsedExperiment,
  type ScheduleConfig,
  type ScheduleInSteps,
  type TrainingPoint,
} from '../shared/experiment';
import { classWeightsOf } from './classWeights';

export interface ResolveInput {
  readonly data: {
    readonly task: DataSet['task'];
    readonly classes: number;
    readonly training: Pick<DataSet['training'], 'count' | 'labels'>;
    readonly validation: { readonly count: number };
    /** Of one example, channels last. */
    readonly inputShape: readonly number[];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
  readonly model: {
    readonly parameters: readonly Parameter[];
    readonly outputLayer: string;
    /** Where filters go. */
    readonly coupling?: Coupling | null;
  };
}

const defaultEpochs = 10;
const evaluationsPerRun = 20;
/** The schema's limit of `training.steps`; epochs must not get round it. */
const maximumSteps = 1_000_000_000;

/** @throws ExperimentError naming the field, where it does not fit data, model or the rest of the experiment */
export function resolveExperiment(parsed: ParsedExperiment, input: ResolveInput): Experiment {
  const { data, model } = input;
  const { training, pruning } = parsed;
  const { steps: givenSteps, epochs, evaluateEvery, schedule, classWeights: wantedWeights, ...recipe } = training;
  const stepsPerEpoch = Math.ceil(data.training.count / training.batchSize);
  // the last batch of an epoch may be small, so epochs count in whole batches
  const steps = givenSteps ?? Math.ceil((epochs ?? defaultEpochs) * stepsPerEpoch);
  if (steps > maximumSteps) {
    throw new ExperimentError('training.epochs', `are ${steps} steps, more than ${maximumSteps}: train for fewer`);
  }
  const toStep = (point: TrainingPoint): number => stepOf(point, steps, stepsPerEpoch);
  const rewindStep = toStep(parsed.rewind);
  if (rewindStep > 0 && rewindStep >= steps) {
    throw new ExperimentError(
      'rewind',
      `step ${rewindStep} must come before the end of training, which is at step ${steps}: rewind to an earlier step, or train longer`,
    );
  }
  checkEarlyStopping(training, data.validation.count);
  checkAugmentation(training.augmentation, data.inputShape);
  const classWeights = classWeightsOf(wantedWeights, data);
  const { levels } = levelsFor(pruning, prunableLayers(model.parameters, model.outputLayer), model.coupling);
  const { target, outputRate, ...rule } = pruning;
  return {
    name: parsed.name,
    model: parsed.model,
    start: parsed.start,
    data: {
      ...parsed.data,
      ...(data.task === 'regression' && { task: data.task }),
      validation: data.validation.count,
      mean: [...data.mean],
      std: [...data.std],
    },
    training: {
      ...recipe,
      ...(classWeights && { classWeights }),
      schedule: scheduleInSteps(schedule, toStep),
      steps,
      evaluateEvery: evaluateEvery ?? Math.max(1, Math.round(steps / evaluationsPerRun)),
    },
    pruning: {
      ...rule,
      // with scope "global" it has no effect
      outputRate: outputRate ?? pruning.rate / 2,
      levels,
      ...(target !== undefined && { target }),
    },
    rewind: rewindStep,
    compare: [...new Set(parsed.compare)].map(entry => entryInSteps(entry, toStep)),
    replicates: parsed.replicates,
    worth: parsed.worth,
    seed: parsed.seed,
    executor: parsed.executor,
  };
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

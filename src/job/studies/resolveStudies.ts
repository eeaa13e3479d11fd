/** Fills in what the studies of an experiment need data for, and checks that what they ask for will be there. */
import { ExperimentError, type Experiment, type ParsedExperiment, type TrainingPoint } from '../../shared/experiment';
import { resolveData, type ResolvableData } from '../resolveData';
import { checkBeforeEnd, resolveTraining } from '../resolveTraining';

export interface StudyPlan {
  /** Of the experiment's training. */
  readonly steps: number;
  readonly toStep: (point: TrainingPoint) => number;
  /** Of its iterative series. */
  readonly levels: number;
  /** The second data set. */
  readonly elsewhere: ResolvableData | null;
}

type Studies = Pick<Experiment, 'rewindSweep' | 'stability' | 'transfer'>;

/** @throws ExperimentError naming the field */
export function resolveStudies(parsed: ParsedExperiment, plan: StudyPlan): Studies {
  const { rewindSweep, stability, transfer } = parsed;
  const pointsAt = (field: string, points: readonly TrainingPoint[]): number[] => {
    const steps = rising(points.map(plan.toStep));
    for (const step of steps) checkBeforeEnd(field, step, plan.steps);
    return steps;
  };
  const levelsAt = (field: string, levels: readonly number[]): number[] => {
    const beyond = levels.find(level => level > plan.levels);
    if (beyond === undefined) return rising(levels);
    throw new ExperimentError(
      field,
      `asks for level ${beyond}, but there are ${plan.levels}: raise pruning.levels, or leave it out`,
    );
  };
  return {
    ...(rewindSweep && { rewindSweep: pointsAt('rewindSweep', rewindSweep) }),
    ...(stability && {
      stability: {
        at: pointsAt('stability.at', stability.at),
        levels: levelsAt('stability.levels', stability.levels),
        points: stability.points,
      },
    }),
    ...(transfer &&
      plan.elsewhere && {
        transfer: {
          data: resolveData(transfer.data, plan.elsewhere),
          levels: levelsAt('transfer.levels', transfer.levels),
          training: trainingThere(transfer.training ?? parsed.training, plan.elsewhere),
        },
      }),
  };
}

/** Each once. */
function rising(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** What does not fit the second data set is named as the field that can be written for it. */
function trainingThere(training: ParsedExperiment['training'], data: ResolvableData): Experiment['training'] {
  try {
    return resolveTraining(training, data).training;
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error;
    throw new ExperimentError(`transfer.${error.field}`, error.reason);
  }
}

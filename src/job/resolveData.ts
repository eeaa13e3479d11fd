/** Fills in what the `data` of an experiment leaves out. */
import type { DataConfig } from '../shared/experiment';
import type { TrainingData } from './resolveTraining';

export interface ResolvableData extends TrainingData {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What is left out is what was found. */
export function resolveData(config: DataConfig, data: ResolvableData): DataConfig {
  return {
    ...config,
    ...(data.task === 'regression' && { task: data.task }),
    validation: data.validation.count,
    mean: [...data.mean],
    std: [...data.std],
  };
}

/** Fills in what needs data and model: every point in training becomes a step, the target becomes levels. */
import { levelsFor } from '../lottery/levels';
import { prunableLayers, type Parameter } from '../lottery/layers';
import type { Coupling } from '../lottery/structured/coupling';
import { entryInSteps } from '../shared/compareConfig';
import type { Experiment, ParsedExperiment } from '../shared/experiment';
import { resolveData, type ResolvableData } from './resolveData';
import { checkBeforeEnd, resolveTraining } from './resolveTraining';
import { resolveStudies } from './studies/resolveStudies';

export interface ResolveInput {
  readonly data: ResolvableData;
  /** The second data set, where tickets are transferred. */
  readonly elsewhere?: ResolvableData | null;
  readonly model: {
    readonly parameters: readonly Parameter[];
    readonly outputLayer: string;
    /** Where filters go. */
    readonly coupling?: Coupling | null;
  };
}

/** @throws ExperimentError naming the field, where it does not fit data, model or the rest of the experiment */
export function resolveExperiment(parsed: ParsedExperiment, input: ResolveInput): Experiment {
  const { data, model } = input;
  const { pruning } = parsed;
  const { training, toStep } = resolveTraining(parsed.training, data);
  const rewindStep = toStep(parsed.rewind);
  checkBeforeEnd('rewind', rewindStep, training.steps);
  const { levels } = levelsFor(pruning, prunableLayers(model.parameters, model.outputLayer), model.coupling);
  const { target, outputRate, ...rule } = pruning;
  return {
    name: parsed.name,
    model: parsed.model,
    start: parsed.start,
    data: resolveData(parsed.data, data),
    training,
    pruning: {
      ...rule,
      // with scope "global" it has no effect
      outputRate: outputRate ?? pruning.rate / 2,
      levels,
      ...(target !== undefined && { target }),
    },
    rewind: rewindStep,
    ...resolveStudies(parsed, { steps: training.steps, toStep, levels, elsewhere: input.elsewhere ?? null }),
    compare: [...new Set(parsed.compare)].map(entry => entryInSteps(entry, toStep)),
    replicates: parsed.replicates,
    worth: parsed.worth,
    seed: parsed.seed,
    executor: parsed.executor,
  };
}

/** Hyper-parameters of a case, as open_lth writes them → an optimiser and a schedule. */
import { z } from 'zod';
import type { OptimizerConfig, ScheduleInSteps } from '../../../src/shared/experiment';
import { NotCovered } from '../pytorch/architecture';

const hyperparametersSchema = z.looseObject({
  optimizer_name: z.string(),
  lr: z.number(),
  momentum: z.number().nullish(),
  nesterov_momentum: z.number().nullish(),
  weight_decay: z.number().nullish(),
  milestone_steps: z.string().nullish(),
  gamma: z.number().nullish(),
  warmup_steps: z.string().nullish(),
  steps: z.int(),
  batch: z.int(),
  iterations_per_epoch: z.int(),
});
type Hyperparameters = z.infer<typeof hyperparametersSchema>;

export interface Recipe {
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleInSteps;
  readonly steps: number;
  readonly batchSize: number;
}

/** @throws NotCovered with another optimiser */
export function recipeOf(json: unknown): Recipe {
  const h = hyperparametersSchema.parse(json);
  return { optimizer: optimizerOf(h), schedule: scheduleOf(h), steps: h.steps, batchSize: h.batch };
}

function optimizerOf(h: Hyperparameters): OptimizerConfig {
  const weightDecay = h.weight_decay ?? 0;
  const nesterov = (h.nesterov_momentum ?? 0) > 0;
  const momentum = (nesterov ? h.nesterov_momentum : h.momentum) ?? 0;
  switch (h.optimizer_name) {
    case 'sgd':
      return { name: 'sgd', learningRate: h.lr, momentum, nesterov, weightDecay };
    case 'adam':
      return { name: 'adam', learningRate: h.lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay };
    default:
      throw new NotCovered(`the optimiser ${h.optimizer_name}`);
  }
}

function scheduleOf(h: Hyperparameters): ScheduleInSteps {
  const steps = (text: string): number => stepsOf(text, h.iterations_per_epoch);
  const warmup = h.warmup_steps ? steps(h.warmup_steps) : 0;
  if (!h.milestone_steps) return { name: 'constant', warmup };
  return { name: 'multi-step', milestones: h.milestone_steps.split(',').map(steps), factor: h.gamma!, warmup };
}

/** "40it" or "2ep" in steps. */
function stepsOf(text: string, perEpoch: number): number {
  const match = /^(\d+)(it|ep)$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is neither steps nor epochs`);
  return Number(match[1]) * (match[2] === 'ep' ? perEpoch : 1);
}

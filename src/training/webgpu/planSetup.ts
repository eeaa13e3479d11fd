/** What a session trains: a plan, since this executor has kernels for nothing else. */
import { planOf } from '../network';
import type { Plan } from '../plan/plan';
import type { TrainingSetup } from '../trainer';

export interface PlanSetup extends TrainingSetup {
  readonly plan: Plan;
}

/** @throws PlanError where the network is no plan */
export function planSetup(setup: TrainingSetup): PlanSetup {
  return { ...setup, plan: planOf(setup.network) };
}

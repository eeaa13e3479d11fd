/** Training sessions on the device: one, or those of replicates that train together. */
import type { TrainingSession, TrainingSetup } from '../trainer';
import type { WatchedDevice } from './device';
import type { DeviceData } from './deviceData';
import type { Pipelines } from './dispatch';
import { Lockstep } from './lockstep';
import { type PlanSetup, planSetup } from './planSetup';
import { Replicates } from './replicates';

/**
 * As many of the first as are alike and have room, at least one.
 * @throws PlanError, MemoryLimitError before anything is taken; DeviceLostError
 */
export async function openSessions(
  watched: WatchedDevice,
  pipelines: Pipelines,
  data: DeviceData,
  given: readonly TrainingSetup[],
): Promise<readonly TrainingSession[]> {
  const setups = given.map(planSetup);
  const other = setups.findIndex(setup => recipeOf(setup) !== recipeOf(setups[0]!));
  const alike = other < 0 ? setups : setups.slice(0, other);
  return new Lockstep(await Replicates.open(watched, pipelines, data, alike)).sessions;
}

/** What replicates have in common: all but weights, masks, seed and what the optimiser's state holds. */
function recipeOf({ optimizer, schedule, batchSize, fromStep, totalSteps, ...setup }: PlanSetup): string {
  const { regularization, classWeights, state, penalty } = setup;
  return JSON.stringify([
    ...[optimizer, schedule, batchSize, fromStep, totalSteps, regularization, classWeights],
    ...[state?.updates ?? 0, penalty?.strength ?? null],
  ]);
}

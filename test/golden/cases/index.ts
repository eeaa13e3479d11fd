/** Which code checks which kind of golden case. A kind that is not here is pending. */
import type { Handler } from '../goldenCase';
import { passed } from '../goldenCase';
import { filterImportance } from './filterImportance';
import { iterativeMagnitude, iterativeMagnitudeWithTies } from './iterativeMagnitude';
import { prosprScores } from './prospr';
import { scoresAndMasks, maskRuleWithTies } from './scores';
import { torchPruneMasks } from './torchPrune';
import { trainingTrajectory } from './training';
import { wandaMasks } from './wanda';

export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['iterative_magnitude_masks', iterativeMagnitude],
  ['iterative_magnitude_masks_with_ties', iterativeMagnitudeWithTies],
  ['pruner_scores_and_masks', scoresAndMasks],
  ['prospr_scores', prosprScores],
  ['mask_rule_with_ties', maskRuleWithTies],
  ['torch_nn_utils_prune_masks', torchPruneMasks],
  ['filter_importance', filterImportance],
  ['training_trajectory', trainingTrajectory],
  ['wanda_masks', wandaMasks],
  // inputs of other cases: that the file reads as its description lists it is checked for every case
  ['weights_only', () => passed],
]);

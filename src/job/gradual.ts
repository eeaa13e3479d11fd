/** How a run goes that is pruned little by little while it trains. */
import { cutGlobally, cutSteps, removedAt, type GradualSchedule } from '../lottery/gradual';
import type { PrunableLayer } from '../lottery/layers';
import { Mask } from '../lottery/mask';
import { checkLayers } from '../lottery/masks';
import type { Course } from './course';

/**
 * @param kept over all layers after the last cut
 * @param level named where a layer is emptied
 * @param end of training
 */
export function gradualCourse(
  schedule: GradualSchedule & { readonly exclude: readonly string[] },
  kept: number,
  layers: readonly PrunableLayer[],
  level: number,
  end: number,
): Course {
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  const keptAfter = (step: number): number => total - removedAt(step, schedule, total - kept);
  const cuts = cutSteps(schedule);
  // where rounding leaves nothing to cut, training goes on
  const changes = cuts.filter((step, i) => keptAfter(step) < (i === 0 ? total : keptAfter(cuts[i - 1]!)));
  const dense = layers.map(({ size }) => Mask.ones(size));
  return (from, kernels, before) => {
    let masks = before ?? dense;
    if (changes.includes(from)) {
      const trained = layers.map((layer, i) => ({ ...layer, weights: kernels[i]!, mask: masks[i]! }));
      masks = cutGlobally(trained, keptAfter(from), schedule.exclude);
      checkLayers(layers, masks, level);
    }
    return { to: changes.find(step => step > from) ?? end, masks, penalty: null };
  };
}

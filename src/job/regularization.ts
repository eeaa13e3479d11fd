/** What a run's recipe asks of each step, in the form executors take: what the recipe leaves out has no effect. */
import type { TrainingRecipe } from '../shared/run';
import { noRegularization, type Regularization } from '../training/trainer';

export function regularizationOf(recipe: TrainingRecipe): Regularization {
  const { labelSmoothing, clipNorm, averageDecay, augmentation } = recipe;
  return {
    labelSmoothing: labelSmoothing ?? noRegularization.labelSmoothing,
    clipNorm: clipNorm ?? noRegularization.clipNorm,
    averageDecay: averageDecay ?? noRegularization.averageDecay,
    augmentation: augmentation ?? noRegularization.augmentation,
  };
}

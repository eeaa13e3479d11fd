/** The run of a comparison at one point: its mask, its start, its recipe. */
import { sparsitiesOf, type ComparisonConfig } from '../shared/compareConfig';
import type { Criterion, KeptCount, MaskRecipe, RunNode, StartRecipe } from '../shared/run';
import type { Trunk } from './graph';
import { gradualSchedule, meanDensity } from './gradual';
import { fineTuningRecipe, trainingRecipe } from './recipe';
import { transformationOf } from './transformation';
import type { PruningRule } from './rule';

/** An iterative level, or a place from 1 in the comparison's own list with its target. */
export interface ComparedPoint {
  readonly level: number;
  readonly sparsity?: number;
}

export function comparedRun(trunk: Trunk, config: ComparisonConfig, point: ComparedPoint): RunNode {
  const { method } = config;
  const { level, sparsity } = point;
  const parts = {
    method,
    level,
    density: sparsity === undefined ? trunk.density(level) : 1 - sparsity,
  };
  const kept: KeptCount = sparsity === undefined ? { countsOf: trunk.run(level).key } : { sparsity };
  switch (config.method) {
    case 'one-shot':
      // one round is one cut: the same recipe, so the same key, and nothing is trained twice
      if (level === 1 && !sparsitiesOf(config)) return { ...trunk.run(1), method };
      return trunk.rewound({
        ...parts,
        mask: {
          kind: 'magnitude-to',
          run: trunk.run(0).key,
          ...kept,
          // the layers of a ticket are met one by one, whatever decided how much each keeps
          scope: trunk.rule.scope === 'global' || sparsity !== undefined ? trunk.rule.scope : 'layer',
          exclude: trunk.rule.exclude,
          ...structureOf(trunk.rule),
        },
      });
    case 'random-reinit': {
      const fresh: StartRecipe = { kind: 'initial', seed: trunk.seedFor('random-reinit', level) };
      return trunk.from({ ...parts, mask: { kind: 'same', run: trunk.run(level).key } }, fresh, 0);
    }
    case 'random-mask':
      return trunk.rewound({
        ...parts,
        mask: {
          kind: 'shuffled',
          run: trunk.run(level).key,
          seed: trunk.seedFor('random-mask', level),
          ...(trunk.rule.structure !== undefined && { structure: trunk.rule.structure }),
        },
      });
    case 'fine-tuning':
    case 'learning-rate-rewinding': {
      const { key: run } = trunk.previous(method, level);
      const training = config.method === 'fine-tuning' ? fineTuningRecipe(trunk.training) : undefined;
      const mask: MaskRecipe = { kind: 'magnitude', run, ...trunk.rule };
      return trunk.remember(trunk.from({ ...parts, mask }, { kind: 'final', run }, trunk.rewind, training));
    }
    case 'snip':
    case 'grasp':
    case 'synflow':
    case 'prospr':
    case 'magnitude-init':
    case 'random':
      return trunk.from({ ...parts, mask: scored(trunk, config, kept, level) }, trunk.initial, 0);
    case 'gradual': {
      const { steps } = trunk.training;
      const schedule = gradualSchedule(config, steps);
      const mask: MaskRecipe = { kind: 'gradual', ...schedule, exclude: trunk.rule.exclude, ...kept };
      const density = meanDensity(schedule, steps, parts.density);
      return trunk.from({ ...parts, density, mask }, trunk.initial, 0);
    }
    case 'dual-lottery-ticket': {
      const { steps } = trunk.training;
      const transformation = transformationOf(config, steps);
      // the mask of `random` at the same point: what they differ in is the transformation
      const mask = scored(trunk, { method: 'random', distribution: config.distribution }, kept, level);
      const density = 1 - (1 - parts.density) * (1 - transformation.cut / steps);
      const training = { ...trainingRecipe(trunk.training), transformation };
      return trunk.from({ ...parts, density, mask }, trunk.initial, 0, training);
    }
  }
}

function structureOf({ structure, norm, wanda }: PruningRule): Pick<PruningRule, 'structure' | 'norm' | 'wanda'> {
  return {
    ...(structure !== undefined && { structure }),
    ...(norm !== undefined && { norm }),
    ...(wanda && { wanda }),
  };
}

type AtInitialisation = Extract<
  ComparisonConfig,
  { method: 'snip' | 'grasp' | 'synflow' | 'prospr' | 'magnitude-init' | 'random' }
>;

/** Fields without effect are left out. */
function scored(trunk: Trunk, config: AtInitialisation, kept: KeptCount, level: number): MaskRecipe {
  const { method } = config;
  const criterion: Criterion = method === 'magnitude-init' ? 'magnitude' : method;
  // the same examples at every level: levels then differ in where the same scores are cut
  const draws = method === 'random' ? trunk.seedFor(method, level) : trunk.seedFor('scored examples');
  return {
    kind: 'scored',
    criterion,
    start: trunk.initial,
    distribution: config.method === 'random' ? config.distribution : 'global',
    exclude: trunk.rule.exclude,
    ...kept,
    ...(method !== 'magnitude-init' && method !== 'synflow' && { seed: draws }),
    ...('examples' in config && config.examples !== undefined && { examples: config.examples }),
    ...(config.method === 'synflow' && config.rounds > 1 && { rounds: config.rounds }),
  };
}

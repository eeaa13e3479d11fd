/** The runs on a second data set: tickets, their controls and the dense network there (Morcos et al. 2019). */
import type { Experiment } from '../../shared/experiment';
import type { MaskRecipe, OwnStart, RunNode, StartRecipe } from '../../shared/run';
import type { Parameter } from '../layers';
import type { Elsewhere, GraphInput, Trunk } from '../graph';

const atEachLevel = ['iterative', 'random-reinit', 'random-mask'] as const;

/** The dense network from θ₀, then level by level: from each trunk a ticket, and from each its controls. */
export function planTransfer(own: readonly Trunk[], { experiment, model, elsewhere }: GraphInput): RunNode[] {
  const { transfer } = experiment;
  if (!transfer || !elsewhere) return [];
  const crossing = new Crossing(model, elsewhere, transfer.training);
  return [
    ...own.map(trunk => crossing.dense(trunk)),
    ...transfer.levels.flatMap(level =>
      atEachLevel.flatMap(method => own.map(trunk => crossing.sparse(trunk, method, level))),
    ),
  ];
}

class Crossing {
  /** Parameters of the output layer, where the classes are others: these are drawn anew, and its kernel has no mask. */
  private readonly fresh: readonly Parameter[];
  private readonly whole: { readonly whole?: readonly string[] };

  constructor(
    private readonly here: GraphInput['model'],
    private readonly there: Elsewhere,
    private readonly training: Experiment['training'],
  ) {
    const shapes = new Map(here.parameters.map(({ name, shape }) => [name, shape.join()]));
    this.fresh = there.model.parameters.filter(({ name, shape }) => shapes.get(name) !== shape.join());
    const kernels = this.fresh.filter(({ prunable }) => prunable).map(({ name }) => name);
    this.whole = kernels.length > 0 ? { whole: kernels } : {};
  }

  dense(trunk: Trunk): RunNode {
    const start = this.carried(trunk, trunk.initial);
    return this.run(trunk, { method: 'iterative', level: 0, density: 1, mask: { kind: 'ones' }, start });
  }

  sparse(trunk: Trunk, method: (typeof atEachLevel)[number], level: number): RunNode {
    const { key: run } = trunk.run(level);
    const seed = trunk.seedFor('transfer', method, level);
    const mask: MaskRecipe =
      method === 'random-mask' ? { kind: 'shuffled', run, seed, ...this.whole } : { kind: 'same', run, ...this.whole };
    const start: StartRecipe =
      method === 'random-reinit' ? { kind: 'initial', seed } : this.carried(trunk, trunk.rewindPoint());
    return this.run(trunk, { method, level, density: trunk.density(level), mask, start });
  }

  private run(trunk: Trunk, parts: Parameters<Trunk['transferred']>[0]): RunNode {
    return { ...trunk.transferred(parts, this.there, this.training), study: { kind: 'transfer' } };
  }

  private carried(trunk: Trunk, start: OwnStart): StartRecipe {
    if (this.fresh.length === 0) return start;
    return {
      kind: 'transferred',
      model: this.here.fingerprint,
      start,
      fresh: this.fresh.map(({ name }) => name),
      seed: trunk.seedFor('new output layer'),
    };
  }
}

/** The runs of an experiment's studies. They share with its series, and with each other, whatever has the same key. */
import type { Experiment } from '../../shared/experiment';
import type { Study } from '../../shared/report';
import type { MaskRecipe, RunNode } from '../../shared/run';
import type { GraphInput, Trunk } from '../graph';
import { planTransfer } from './planTransfer';
import { maskRewind } from './stability';

/** @param own the trunks of the experiment, one a replicate, with all levels */
export function planStudies(own: readonly Trunk[], input: GraphInput): RunNode[] {
  const { experiment } = input;
  const series = new Map([[experiment.rewind, own]]);
  return [
    ...sweepRuns(own, experiment, series),
    ...stabilityRuns(own, experiment, series),
    ...planTransfer(own, input),
  ];
}

/** Trunks with all levels, by rewind step. */
type Series = Map<number, readonly Trunk[]>;

/** @param series gets those that are planned here */
function sweepRuns(own: readonly Trunk[], experiment: Experiment, series: Series): RunNode[] {
  const nodes: RunNode[] = [];
  for (const rewind of experiment.rewindSweep ?? []) {
    if (series.has(rewind)) continue;
    const study: Study = { kind: 'sweep', rewind };
    const trunks = own.map(trunk => trunk.rewoundTo(rewind));
    nodes.push(...trunks.flatMap(trunk => prefixOf(trunk, study)));
    for (let level = 1; level <= experiment.pruning.levels; level++) {
      nodes.push(...trunks.map(trunk => ({ ...trunk.iterative(level), study })));
    }
    series.set(rewind, trunks);
  }
  return nodes;
}

/** The run to the rewind step, where there is one. The dense run is the experiment's own. */
function prefixOf(trunk: Trunk, study: Study): RunNode[] {
  return trunk.dense().flatMap(node => (node.method === 'prefix' ? [{ ...node, study }] : []));
}

function stabilityRuns(own: readonly Trunk[], experiment: Experiment, series: Series): RunNode[] {
  const { at: steps, levels } = experiment.stability ?? { at: [], levels: [] };
  return steps.flatMap(at => {
    const nodes: RunNode[] = [];
    const trunks = series.get(at) ?? own.map(trunk => trunk.rewoundTo(at));
    if (!series.has(at)) {
      nodes.push(...trunks.flatMap(trunk => prefixOf(trunk, { kind: 'stability', at, branch: 0 })));
    }
    const tickets = series.get(maskRewind(experiment, at))!;
    for (const level of levels) {
      nodes.push(...trunks.flatMap((trunk, replicate) => branches(trunk, tickets[replicate]!, at, level)));
    }
    return nodes;
  });
}

/**
 * Two runs from one point on. The first goes on with the data order of its replicate, so where that point is the rewind
 * step of the ticket it is the ticket's own run.
 * @param tickets the trunk whose mask they have
 */
function branches(trunk: Trunk, tickets: Trunk, at: number, level: number): RunNode[] {
  const ticket = tickets.run(level);
  const mask: MaskRecipe = level === 0 ? { kind: 'ones' } : { kind: 'same', run: ticket.key };
  const parts = { method: 'iterative', level, density: tickets.density(level), mask } as const;
  const first = trunk === tickets && level > 0 ? ticket : trunk.rewound(parts);
  const second = trunk.rewound({ ...parts, orderSeed: trunk.seedFor('second data order') });
  return [first, second].map((node, branch) => ({
    ...node,
    study: { kind: 'stability', at, branch: branch as 0 | 1 },
  }));
}

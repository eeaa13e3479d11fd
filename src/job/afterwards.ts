/**
 * What is found out about runs that are done, on the experiment's own data set: errors on the lines between networks,
 * outputs of runs of earlier versions, what levels are worth. The store keeps each, so nothing is measured twice.
 */
import type { MeasuredPaths } from '../lottery/studies/stability';
import type { Experiment } from '../shared/experiment';
import type { RunNode, RunRecord } from '../shared/run';
import type { Worth } from '../shared/worth';
import type { Executor } from '../training/trainer';
import { evaluateEarlier, unevaluated } from './earlierRuns';
import type { Prepared } from './prepare';
import type { Runner } from './runner';
import type { RunStore } from './store';
import { Paths } from './studies/paths';
import { measureWorth } from './worth';
import { readWorth, worthOf, worthRuns, type RunWorth } from './worthFile';

export interface AfterwardsParts {
  readonly store: RunStore;
  readonly prepared: Prepared;
  readonly experiment: Pick<Experiment, 'worth' | 'stability'>;
  /** Of the runs that are there, by key; evaluated ones replace those that were not. */
  readonly records: Map<string, RunRecord>;
  /** What could not be found out. */
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

export class Afterwards {
  private readonly paths: Paths;
  private readonly worths = new Map<string, RunWorth>();

  constructor(private readonly parts: AfterwardsParts) {
    this.paths = new Paths(parts.store, parts.experiment.stability?.points ?? 0);
  }

  /** Errors along the lines that are known. */
  get measuredPaths(): MeasuredPaths {
    return this.paths.measured;
  }

  /** Takes from the store what has been found out before. */
  async read(nodes: readonly RunNode[]): Promise<void> {
    for (const { key } of this.unmeasured(nodes)) {
      const worth = await readWorth(this.parts.store, key);
      if (worth) this.worths.set(key, worth);
    }
    await this.paths.read(nodes);
  }

  isUnfinished(nodes: readonly RunNode[]): boolean {
    const { records } = this.parts;
    return (
      unevaluated(nodes, records).length > 0 ||
      this.unmeasured(nodes).length > 0 ||
      this.paths.due(nodes, records).length > 0
    );
  }

  /** @returns whether there was any to measure */
  async measurePaths(nodes: readonly RunNode[], executor: Executor): Promise<boolean> {
    const { records, prepared, tell, signal } = this.parts;
    const { network, outputLayer, data } = prepared;
    const due = this.paths.due(nodes, records);
    if (due.length === 0) return false;
    await this.paths.measure(due, records, { network, outputLayer, data, executor }, { tell, signal });
    return true;
  }

  /** All but the lines. */
  async lookBack(nodes: readonly RunNode[], executor: Executor, runner: Runner): Promise<void> {
    const { store, prepared, records, tell, signal } = this.parts;
    const { network, outputLayer, data } = prepared;
    const onRecord = (record: RunRecord): void => {
      records.set(record.key, record);
    };
    await evaluateEarlier(unevaluated(nodes, records), runner, onRecord, tell, signal);
    await measureWorth(
      this.unmeasured(nodes),
      { store, network, outputLayer, executor, data },
      { onWorth: worth => this.worths.set(worth.key, worth), tell, signal },
    );
  }

  worth(nodes: readonly RunNode[]): Worth | undefined {
    const { experiment, records } = this.parts;
    return experiment.worth ? worthOf(worthRuns(nodes, records), this.worths) : undefined;
  }

  /** Finished levels of which it is not known what they are worth, where the experiment asks for it. */
  private unmeasured(nodes: readonly RunNode[]): RunRecord[] {
    const { experiment, records } = this.parts;
    if (!experiment.worth) return [];
    return worthRuns(nodes, records).flatMap(({ key }) => (this.worths.has(key) ? [] : [records.get(key)!]));
  }
}

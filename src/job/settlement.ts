/** Settles which executor an experiment is computed on: as it was settled at its first start, else by name or by a trial. */
import { ExperimentError } from '../shared/experiment';
import { isPlan } from '../training/network';
import { DamagedRunError } from './care/damagedRun';
import { chooseExecutor } from './choose';
import { ExecutorFile, type ExecutorEntry } from './executorFile';
import { once, probe, type ExecutorName, type ExecutorSource, type Found, type ReadyExecutor } from './executors';
import { hash, type Prepared } from './prepare';
import type { RunStore } from './store';
import { Succession } from './succession';
import { trialSubject, workloadOf } from './trialSubject';

export interface SettlementInput {
  readonly prepared: Prepared;
  /** Named in errors. */
  readonly experimentPath: string;
  readonly storeDirectory: string;
  readonly sources: readonly ExecutorSource[];
  /** Taken for "auto", instead of measuring. */
  readonly preferred?: ExecutorName | undefined;
  /** Why, as the end of a sentence; left out: a setting says so. */
  readonly preferredBecause?: string;
  readonly tell: (message: string) => void;
}

type Chosen = Pick<ExecutorEntry, 'reason' | 'candidates'> & { readonly ready: ReadyExecutor };

const settingWords = 'the setting names it for experiments that say "auto"';

export class Settlement {
  private readonly file: ExecutorFile;
  private readonly sources: readonly ExecutorSource[];
  /** Whoever names another executor, or another model, settles anew. */
  private readonly subject: string;

  constructor(private readonly input: SettlementInput) {
    const { experiment, fingerprint } = input.prepared;
    this.sources = input.sources.map(once);
    this.file = new ExecutorFile(input.storeDirectory, experiment.name);
    this.subject = hash(fingerprint, experiment.executor);
  }

  /**
   * What can be said before anything is written.
   * @throws ExperimentError (field `executor`) where one that is named cannot be used, and has computed nothing before
   */
  async check(): Promise<void> {
    if (!(await this.file.find(this.subject))) await this.named();
  }

  /**
   * For the one who holds the lock of the store. What is settled is written at once: it holds from then on.
   * @throws ExperimentError (field `executor`) where none can be used; StoreError; the reason of `signal` where that is aborted
   */
  async settle(store: RunStore, signal: AbortSignal): Promise<Succession> {
    const known = await this.settled();
    if (known) return known;
    const { entry, ready } = await this.choose(store, signal);
    await this.file.write(entry);
    this.input.tell(`executor ${entry.executor}, ${entry.device}: ${entry.reason}`);
    return this.succession(entry, ready);
  }

  /** What `settle` would come to; nothing is written. @throws as `settle` */
  async foresee(store: RunStore, signal: AbortSignal): Promise<Succession> {
    const known = await this.settled();
    if (known) return known;
    const { entry, ready } = await this.choose(store, signal);
    return this.succession(entry, ready);
  }

  private async choose(store: RunStore, signal: AbortSignal): Promise<{ entry: ExecutorEntry; ready: ReadyExecutor }> {
    const chosen = (await this.earlierVersion(store)) ?? (await this.named()) ?? (await this.measured(signal));
    const { reason, candidates, ready } = chosen;
    const { name: executor, variant, device } = ready;
    return { entry: { subject: this.subject, executor, variant, device, reason, candidates, losses: [] }, ready };
  }

  /** What was settled before, where it was; nothing is measured or written. */
  async settled(): Promise<Succession | null> {
    const known = await this.file.find(this.subject);
    return known ? this.succession(known, await this.find(known.losses.at(-1)?.next ?? known.executor)) : null;
  }

  private succession(entry: ExecutorEntry, ready: Found): Succession {
    return new Succession(this.sources, this.input.prepared.network, this.file, entry, ready);
  }

  /** Versions that wrote no `executor.json` have left results: what computed them goes on. */
  private async earlierVersion(store: RunStore): Promise<Chosen | null> {
    if (this.input.prepared.experiment.executor !== 'auto') return null;
    const name = await this.file.computedOn();
    const ready = name && (await this.find(name));
    if (!ready?.usable) return null;
    const dense = this.input.prepared.planFor({ executor: ready })[0]!;
    const there = await store.readRun(dense.key).catch((error: unknown) => {
      // set aside and computed anew, by the same executor
      if (error instanceof DamagedRunError) return true;
      throw error;
    });
    return there ? { ready, reason: 'its results are in the store already', candidates: [] } : null;
  }

  /** Named by the experiment, or preferred by the person for all that say "auto". */
  private async named(): Promise<Chosen | null> {
    const { prepared, preferred, preferredBecause } = this.input;
    const { executor } = prepared.experiment;
    const name = executor === 'auto' ? preferred : executor;
    if (name === undefined) return null;
    const source = this.sources.find(one => one.name === name);
    if (!source?.anyLayers && !isPlan(prepared.network)) {
      // a preference for all is none for the few that it cannot train
      if (executor === 'auto') return null;
      const { layer, className } = prepared.network.uncovered;
      throw this.wrong(`"${name}" cannot train layer "${layer}" (${className}): choose "auto", "tensorflow" or "cpu"`);
    }
    const ready = await this.find(name);
    if (!ready.usable) throw this.wrong(`"${name}" cannot be used: ${ready.reason}`);
    return {
      ready,
      reason: executor === 'auto' ? (preferredBecause ?? settingWords) : 'named by the experiment',
      candidates: [],
    };
  }

  private async measured(signal: AbortSignal): Promise<Chosen> {
    const { prepared, tell } = this.input;
    const nodes = prepared.planFor({ executor: { name: '', variant: '' } });
    const chosen = await chooseExecutor({
      sources: this.sources,
      network: prepared.network,
      subject: () => trialSubject(prepared, nodes),
      workload: workloadOf(prepared, nodes),
      signal,
      tell,
    });
    if (chosen) return chosen;
    throw this.wrong('nothing on this machine can train this model: "winning-ticket doctor" says why');
  }

  private wrong(reason: string): ExperimentError {
    return new ExperimentError('executor', reason, this.input.experimentPath);
  }

  private async find(name: ExecutorName): Promise<Found> {
    const source = this.sources.find(one => one.name === name);
    return source ? probe(source) : { name, usable: false, reason: 'there is no such executor' };
  }
}

/**
 * Which executor computes what of an experiment: the one that was chosen, and where a device was lost the one that went on
 * from there. All of it is in `executor.json`, so that a later start finds the same runs.
 */
import type { Earlier } from '../lottery/graph';
import { describeLoss, type DeviceLoss, type ExecutorChoice } from '../shared/executorChoice';
import type { RunNode } from '../shared/run';
import type { Network } from '../training/network';
import { canTrain } from './choose';
import { choiceOf, type ExecutorEntry, type ExecutorFile, type LossEntry } from './executorFile';
import { probe, type ExecutorName, type ExecutorSource, type Found, type ReadyExecutor } from './executors';

/** A `DeviceLostError`, or one that is missing from the start. */
export type Loss = Pick<DeviceLoss, 'kind' | 'message'>;

/** Taken where the trial has nothing better to say, and the first of them that can be used. */
const lastResorts: readonly ExecutorName[] = ['wasm', 'cpu'];

export class Succession {
  constructor(
    private readonly sources: readonly ExecutorSource[],
    private readonly network: Network,
    private readonly file: ExecutorFile,
    private entry: ExecutorEntry,
    /** The one that computes what is missing, as it was found. */
    private ready: Found,
  ) {}

  /** The one that was chosen at the first start. */
  get executor(): ExecutorName {
    return this.entry.executor;
  }

  /** For the report. */
  get choice(): ExecutorChoice {
    return choiceOf(this.entry);
  }

  /** The executor that computes what is missing; where it cannot be used now, in the variant it had. */
  get current(): { readonly name: ExecutorName; readonly variant: string } {
    const { entry, ready } = this;
    if (ready.usable) return ready;
    const loss = entry.losses.at(-1);
    return { name: ready.name, variant: loss?.nextVariant ?? entry.variant };
  }

  /** Those before it, and what they had finished. */
  get earlier(): Earlier {
    const { losses } = this.entry;
    return {
      executors: losses.map(({ executor: name, variant }) => ({ name, variant })),
      kept: new Set(losses.flatMap(({ kept }) => kept)),
    };
  }

  /** What computes what is missing, or why it cannot be used at the moment, though it could before. */
  get found(): Found {
    return this.ready;
  }

  /** @throws StoreError */
  async save(): Promise<void> {
    await this.file.write(this.entry);
  }

  /**
   * The device is lost: the next executor takes over, from the run that was at work on.
   * @param finished keys of the runs that are finished by now
   * @returns what happened, in words; null where there is no other executor
   * @throws StoreError
   */
  async handOver(
    loss: Loss,
    { method, level, replicate }: RunNode,
    finished: readonly string[],
  ): Promise<string | null> {
    const { entry, current } = this;
    const next = await this.next();
    if (!next) return null;
    const lost: LossEntry = {
      executor: current.name,
      variant: current.variant,
      device: this.ready.usable ? this.ready.device : entry.device,
      kind: loss.kind,
      message: loss.message,
      method,
      level,
      replicate,
      next: next.name,
      nextVariant: next.variant,
      kept: [...finished],
    };
    this.entry = { ...entry, losses: [...entry.losses, lost] };
    this.ready = next;
    await this.save();
    return describeLoss(lost);
  }

  /** By the speed that was measured, else what is there everywhere. */
  private async next(): Promise<ReadyExecutor | null> {
    const { entry, sources, network, current } = this;
    const gone = new Set<string>([...entry.losses.map(({ executor }) => executor), current.name]);
    const measured = entry.candidates.flatMap(({ executor, speed }) => (speed ? [executor] : []));
    for (const name of new Set([...measured, ...lastResorts])) {
      const source = sources.find(one => one.name === name);
      if (gone.has(name) || !source || !canTrain(source, network)) continue;
      const found = await probe(source);
      if (found.usable) return found;
    }
    return null;
  }
}

/** The queues of the stores of a window, and working through them: one experiment at a time in each. No vscode. */
import { changeQueue, nextOf, readQueue, takeNext, withEntry, without, type QueueEntry } from '../job/queueFile';
import { isHeld, type ExperimentRef } from './store';

export interface QueueWork {
  /** Whether a job of this window is at work on the store. */
  isBusy(store: string): boolean;
  /** Whether this window may start anything. */
  mayStart(): boolean;
  start(ref: ExperimentRef, file: string): void;
  /** What a person should know. */
  tell(message: string): void;
  /** The queue of a store is another than before. */
  changed(): void;
}

const lookMilliseconds = 2000;

export class StoreQueues {
  private readonly queues = new Map<string, readonly QueueEntry[]>();
  private readonly starting = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly work: QueueWork) {
    this.timer = setInterval(() => {
      for (const store of this.queues.keys()) void this.look(store).catch(this.fail);
    }, lookMilliseconds);
    this.timer.unref();
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  /** From now on the queue of this store is worked through. */
  watch(store: string): void {
    if (this.queues.has(store)) return;
    this.queues.set(store, []);
    void this.look(store).catch(this.fail);
  }

  /** 1 for the next; null where the experiment does not wait, or is paused. */
  place({ store, name }: ExperimentRef): number | null {
    const waiting = (this.queues.get(store) ?? []).filter(({ paused }) => !paused);
    const at = waiting.findIndex(entry => entry.name === name);
    return at < 0 ? null : at + 1;
  }

  all(): readonly ExperimentRef[] {
    return [...this.queues].flatMap(([store, entries]) =>
      entries.flatMap(({ name, paused }) => (paused ? [] : [{ store, name }])),
    );
  }

  async add({ store, name }: ExperimentRef, file: string, where: 'first' | 'last'): Promise<void> {
    await this.change(store, waiting => withEntry(waiting, { name, file }, where));
  }

  async remove({ store, name }: ExperimentRef): Promise<void> {
    await this.change(store, waiting => without(waiting, name));
  }

  async moveToFront({ store, name }: ExperimentRef): Promise<void> {
    await this.change(store, waiting => {
      const entry = waiting.find(one => one.name === name);
      return entry ? withEntry(waiting, entry, 'first') : waiting;
    });
  }

  /** Whether something is at work on the store, here or in another process. */
  async isTaken(store: string): Promise<boolean> {
    return this.starting.has(store) || this.work.isBusy(store) || (await isHeld(store));
  }

  /** Reads what waits and starts the next where nothing is at work. */
  async look(store: string): Promise<void> {
    this.set(store, await readQueue(store));
    if (!nextOf(this.queues.get(store) ?? []) || !this.work.mayStart() || this.starting.has(store)) return;
    if (await this.isTaken(store)) return;
    this.starting.add(store);
    try {
      const next = await takeNext(store);
      if (next) this.work.start({ store, name: next.name }, next.file);
      this.set(store, await readQueue(store));
    } finally {
      this.starting.delete(store);
    }
  }

  private async change(store: string, change: Parameters<typeof changeQueue>[1]): Promise<void> {
    this.set(
      store,
      await changeQueue(store, change, message => {
        this.work.tell(message);
      }),
    );
    void this.look(store).catch(this.fail);
  }

  private set(store: string, entries: readonly QueueEntry[]): void {
    const before = this.queues.get(store) ?? [];
    this.queues.set(store, entries);
    if (JSON.stringify(before) !== JSON.stringify(entries)) this.work.changed();
  }

  private readonly fail = (error: unknown): void => {
    this.work.tell(error instanceof Error ? error.message : String(error));
  };
}

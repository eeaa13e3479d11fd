/** The queues of the stores of a window, and working through them: one experiment at a time in each. No vscode. */
import { changeQueue, withEntry, without } from '../job/queueFile';
import { isTurnTaken, seeQueue, Turn, type SeenQueue } from '../job/queueTurn';
import type { Wish } from '../job/wish';
import type { ExperimentStatus } from '../shared/report';
import { isHeld, type ExperimentRef } from './store';

export interface QueueWork {
  /** Whether a job of this window is at work on the store. */
  isBusy(store: string): boolean;
  /** Whether this window may start anything. */
  mayStart(): boolean;
  start(ref: ExperimentRef, file: string): void;
  /** Tells the job of this window, however often. */
  stop(ref: ExperimentRef, wish: Wish): void;
  /** What a person should know. */
  tell(message: string): void;
  /** The queue of a store is another than before. */
  changed(): void;
}

const lookMilliseconds = 2000;
const nothing: SeenQueue = { turn: null, waiting: [], paused: [] };

export class StoreQueues {
  private readonly queues = new Map<string, SeenQueue>();
  /** By store: what this window works on for its queue. */
  private readonly turns = new Map<string, Turn>();
  private readonly starting = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly work: QueueWork) {
    this.timer = setInterval(() => {
      for (const store of this.queues.keys()) void this.look(store).catch(this.fail);
    }, lookMilliseconds);
    this.timer.unref();
  }

  /** What is at work goes on when a queue does next, here or elsewhere. */
  dispose(): void {
    clearInterval(this.timer);
    for (const turn of this.turns.values()) void turn.end('left').catch(this.fail);
    this.turns.clear();
  }

  /** From now on the queue of this store is worked through. Comes back when it has been read, before anything is begun. */
  async watch(store: string): Promise<void> {
    if (this.queues.has(store)) return;
    this.queues.set(store, nothing);
    this.set(store, await seeQueue(store));
    void this.look(store).catch(this.fail);
  }

  /** 1 for the next; null where the experiment does not wait, or is paused. */
  place({ store, name }: ExperimentRef): number | null {
    const at = this.seen(store).waiting.findIndex(entry => entry.name === name);
    return at < 0 ? null : at + 1;
  }

  all(): readonly ExperimentRef[] {
    return [...this.queues].flatMap(([store, { waiting }]) => waiting.map(({ name }) => ({ store, name })));
  }

  /** Past the queue, where nothing is at work: what it knew of the experiment, waiting or paused, is over with that. */
  async startNow(ref: ExperimentRef, file: string): Promise<void> {
    const { store, name } = ref;
    this.starting.add(store);
    try {
      const { waiting, paused } = await seeQueue(store);
      if ([...waiting, ...paused].some(entry => entry.name === name)) await this.remove(ref);
      this.work.start(ref, file);
    } finally {
      this.starting.delete(store);
    }
  }

  /** The job of this window that worked on the experiment has ended. */
  async ended({ store, name }: ExperimentRef, status: ExperimentStatus): Promise<void> {
    const turn = this.turns.get(store);
    if (turn?.entry.name !== name) return;
    this.turns.delete(store);
    try {
      await turn.end(status === 'paused' ? 'paused' : status === 'running' ? 'left' : 'over');
      await this.look(store);
    } catch (error) {
      this.fail(error);
    }
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

  /** Whether something is at work on the store, here or in another process, or is about to be. */
  async isTaken(store: string): Promise<boolean> {
    if (this.starting.has(store) || this.turns.has(store) || this.work.isBusy(store)) return true;
    return (await isHeld(store)) || (await isTurnTaken(store));
  }

  /** Reads what waits and starts the next where nothing is at work; tells what is at work where it is to stop. */
  async look(store: string): Promise<void> {
    this.set(store, await seeQueue(store));
    const atWork = this.turns.get(store);
    const wish = await atWork?.wished();
    if (atWork && wish) this.work.stop({ store, name: atWork.entry.name }, wish);
    if (this.seen(store).waiting.length === 0 || !this.work.mayStart() || this.starting.has(store)) return;
    if (await this.isTaken(store)) return;
    // another look may have come first meanwhile
    if (this.starting.has(store)) return;
    this.starting.add(store);
    try {
      const turn = await Turn.take(store);
      if (turn) {
        this.turns.set(store, turn);
        this.work.start({ store, name: turn.entry.name }, turn.entry.file);
      }
      this.set(store, await seeQueue(store));
    } finally {
      this.starting.delete(store);
    }
  }

  private async change(store: string, change: Parameters<typeof changeQueue>[1]): Promise<void> {
    await changeQueue(store, change, message => {
      this.work.tell(message);
    });
    this.set(store, await seeQueue(store));
    void this.look(store).catch(this.fail);
  }

  private seen(store: string): SeenQueue {
    return this.queues.get(store) ?? nothing;
  }

  private set(store: string, seen: SeenQueue): void {
    const before = this.seen(store);
    this.queues.set(store, seen);
    if (JSON.stringify(before) !== JSON.stringify(seen)) this.work.changed();
  }

  private readonly fail = (error: unknown): void => {
    this.work.tell(error instanceof Error ? error.message : String(error));
  };
}

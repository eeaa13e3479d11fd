/** The runs of a store as a job uses them: damaged ones are set aside, to be computed anew, and nobody else computes the same. */
import type { RunRecord } from '../../shared/run';
import type { RunStore } from '../store';
import { DamagedRunError } from './damagedRun';
import { underRunLock } from './runLock';
import { setAside } from './setAside';

/** A run that is damaged again as soon as it is computed will be so for ever. */
const mostTimes = 3;

export class StoredRuns {
  private readonly damages = new Map<string, number>();
  /** Locks of runs that failed are being released. */
  private readonly releases = new Set<Promise<void>>();

  constructor(
    private readonly store: RunStore,
    /** Those that are known, by key. */
    private readonly records: Map<string, RunRecord>,
    private readonly tell: (message: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** @returns null where the run is not there, or was damaged. @throws StoreError */
  async read(key: string): Promise<RunRecord | null> {
    try {
      const record = this.records.get(key) ?? (await this.store.readRun(key));
      if (record) this.records.set(key, record);
      return record;
    } catch (error) {
      if (!(error instanceof DamagedRunError)) throw error;
      await this.mend(error);
      return null;
    }
  }

  /** From now on the run is not there. @throws StoreError; what it was given where that happens again and again */
  async mend(error: DamagedRunError): Promise<void> {
    const { key, damage } = error;
    const times = (this.damages.get(key) ?? 0) + 1;
    if (times > mostTimes) throw error;
    this.damages.set(key, times);
    this.records.delete(key);
    const where = await setAside(this.store, error, {
      signal: this.signal,
      onWait: () => {
        this.tell(waiting(key));
      },
    });
    if (where !== null) this.tell(`run ${key} is damaged: ${damage}. It is kept in ${where} and computed anew`);
  }

  /** Waits until nothing is locked by this job. */
  async settle(): Promise<void> {
    await Promise.all(this.releases);
    this.releases.clear();
  }

  /**
   * Computes a run under its lock, unless another process has done so meanwhile.
   * @throws what `work` throws; StoreError; the signal's reason
   */
  async compute(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<RunRecord>,
  ): Promise<RunRecord> {
    const onWait = (): void => {
      this.tell(waiting(key));
    };
    return underRunLock(
      this.store,
      key,
      { signal, onWait, onRelease: released => void this.releases.add(released) },
      async stop => (await this.store.readRun(key)) ?? (await work(stop)),
    );
  }
}

function waiting(key: string): string {
  return `another process works on run ${key}: waiting until it is done`;
}

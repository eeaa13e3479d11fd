/** Lines between the ends of stability runs: those the store holds, and those still to measure. */
import { prunableLayers } from '../../lottery/layers';
import { plannedPaths, type MeasuredPaths, type PlannedPath } from '../../lottery/studies/stability';
import type { RunNode, RunRecord } from '../../shared/run';
import { DeviceLostError, NonFiniteLossError } from '../../training/trainer';
import { byteMasks } from '../course';
import type { RunStore } from '../store';
import { StoredTensors } from '../storedTensors';
import { measurePath, type Measuring } from './path';
import { readPath, writePath, type PathRecord } from './pathFile';

export interface PathListener {
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

export class Paths {
  private readonly lines = new Map<string, readonly number[]>();

  constructor(
    private readonly store: RunStore,
    /** On each line; 0: the experiment asks for none. */
    private readonly points: number,
  ) {}

  /** Errors along the lines that are known. */
  get measured(): MeasuredPaths {
    return this.lines;
  }

  /** Takes from the store what has been measured before. */
  async read(nodes: readonly RunNode[]): Promise<void> {
    for (const { runs } of plannedPaths(nodes)) {
      const known = this.lines.has(runs[1]) ? null : await readPath(this.store, runs, this.points);
      if (known) this.keep(known);
    }
  }

  /** Lines whose two runs are done and that are not known. */
  due(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): PlannedPath[] {
    return plannedPaths(nodes).filter(
      ({ runs }) => !this.lines.has(runs[1]) && runs.every(key => records.get(key)?.status === 'done'),
    );
  }

  /**
   * Each is stored as it is measured. One that cannot be measured is told and left out; where the device is lost, the rest
   * waits for the next start.
   * @throws StoreError; the signal's reason
   */
  async measure(
    due: readonly PlannedPath[],
    records: ReadonlyMap<string, RunRecord>,
    parts: Measuring & { readonly outputLayer: string },
    { tell, signal }: PathListener,
  ): Promise<void> {
    const { network } = parts;
    const layers = prunableLayers(network.parameters, parts.outputLayer);
    const stored = new StoredTensors(this.store, network, layers);
    for (const { runs, at, level } of due) {
      const [first, second] = runs;
      const [from, to] = [await stored.finalWeights(first), await stored.finalWeights(second)];
      const masks = byteMasks(await stored.masks(first), network, layers);
      const { inputs } = records.get(first)!;
      try {
        const path = await measurePath({ runs, inputs, masks, from, to, points: this.points }, parts, signal);
        await writePath(this.store, path);
        this.keep(path);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DeviceLostError || error instanceof NonFiniteLossError)) throw error;
        tell(`stability from step ${at}, level ${level}, is not measured: ${error.message}`);
        if (error instanceof DeviceLostError) return;
      }
    }
  }

  private keep({ runs, points }: PathRecord): void {
    this.lines.set(
      runs[1],
      points.map(({ testError }) => testError),
    );
  }
}

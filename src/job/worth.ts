/** Measures what the levels of an experiment are worth: sizes, operations, and short trainings and inferences of their networks. */
import { performance } from 'node:perf_hooks';
import type { DataSet } from '../data/dataset';
import { prunableLayers, type PrunableLayer } from '../lottery/layers';
import type { RunRecord } from '../shared/run';
import type { MeasuredSeconds } from '../shared/worth';
import { sizesOf } from '../sparsity/worth';
import { isPlan, type Network } from '../training/network';
import { kernelUses } from '../training/plan/kernelUses';
import {
  DeviceLostError,
  type ByteMasks,
  type Executor,
  type TrainingSession,
  type TrainingSetup,
  type Weights,
} from '../training/trainer';
import { byteMasks } from './course';
import type { RunStore } from './store';
import { StoredTensors } from './storedTensors';
import { trainingSetup } from './trainingSetup';
import { writeWorth, type RunWorth } from './worthFile';

export interface WorthParts {
  readonly store: RunStore;
  readonly network: Network;
  readonly outputLayer: string;
  readonly executor: Executor;
  readonly data: Pick<DataSet, 'classes' | 'test'>;
}

/** Seconds of training and of inference that are timed at each level; large networks take a step, and a stretch, longer. */
const measuredSeconds = { step: 0.1, inference: 0.05 };
/** The least of so many counts, or of more. */
const stretches = 4;
/** Steps that are there to be timed, however short the runs are. */
const leastSteps = 64;

/**
 * A level that cannot be timed has its sizes all the same; where the device is lost, the rest waits for the next start.
 * @param tell what could not be done
 * @throws StoreError; the signal's reason
 */
export async function measureWorth(
  records: readonly RunRecord[],
  parts: WorthParts,
  { onWorth, tell, signal }: Listener,
): Promise<void> {
  const measuring = new Measuring(parts, signal);
  for (const record of records) {
    signal.throwIfAborted();
    try {
      const worth = await measuring.measure(record, tell);
      await writeWorth(parts.store, worth);
      onWorth(worth);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DeviceLostError)) throw error;
      tell(`what the levels are worth is not measured further: ${error.message}`);
      return;
    }
  }
}

interface Listener {
  readonly onWorth: (worth: RunWorth) => void;
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

class Measuring {
  private readonly layers: readonly PrunableLayer[];
  private readonly stored: StoredTensors;
  private readonly uses: ReadonlyMap<string, number> | null;

  constructor(
    private readonly parts: WorthParts,
    private readonly signal: AbortSignal,
  ) {
    const { network, outputLayer, store } = parts;
    this.layers = prunableLayers(network.parameters, outputLayer);
    this.stored = new StoredTensors(store, network, this.layers);
    this.uses = isPlan(network) ? kernelUses(network) : null;
  }

  async measure(record: RunRecord, tell: (message: string) => void): Promise<RunWorth> {
    const { network, executor } = this.parts;
    const weights = await this.stored.finalWeights(record.key);
    const masks = byteMasks(await this.stored.masks(record.key), network, this.layers);
    const kept = new Map(record.layers.map(layer => [layer.name, layer.kept]));
    const sizes = await sizesOf(
      network.parameters.flatMap(({ name, shape, prunable }, i) =>
        prunable
          ? [{ name, shape, weights: weights[i]!, kept: kept.get(name)!, uses: this.uses?.get(name) ?? null }]
          : [],
      ),
      weights.filter((_, i) => !network.parameters[i]!.prunable),
    );
    return {
      key: record.key,
      executor: executor.name,
      device: executor.device,
      batchSize: record.inputs.training.batchSize,
      ...sizes,
      seconds: await this.timed(record, weights, masks, tell),
    };
  }

  private async timed(
    record: RunRecord,
    weights: Weights,
    masks: ByteMasks,
    tell: (message: string) => void,
  ): Promise<MeasuredSeconds | null> {
    try {
      const setup = trainingSetup(record.inputs, { network: this.parts.network, weights, masks });
      return await this.seconds({ ...setup, totalSteps: Math.max(setup.totalSteps, setup.fromStep + leastSteps) });
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof DeviceLostError) throw error;
      tell(`run ${record.key} is not timed: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  private async seconds(setup: TrainingSetup): Promise<MeasuredSeconds> {
    const session = await this.parts.executor.open(setup);
    try {
      // first, with the weights as they are: some steps from them may end in others that are no numbers
      const inference = await least(measuredSeconds.inference, seconds => this.predict(session, seconds));
      let step = setup.fromStep;
      let each = Infinity;
      const train = async (stretch: number): Promise<Stretch> => {
        const count = Math.min(setup.totalSteps - step, Math.max(1, Math.floor(stretch / each)));
        if (count === 0) return { count, seconds: Infinity };
        const { seconds } = await session.train((step += count), { signal: this.signal });
        each = seconds / count;
        return { count, seconds };
      };
      return { step: await least(measuredSeconds.step, train), inference };
    } finally {
      await session.close().catch(() => undefined);
    }
  }

  /** Over the test split, or so much of it as goes by in so many seconds. */
  private async predict(session: TrainingSession, most: number): Promise<Stretch> {
    const enough = new AbortController();
    const began = performance.now();
    const since = (): number => (performance.now() - began) / 1000;
    let examples = 0;
    try {
      await session.predict(
        'test',
        (_, outputs) => {
          examples += outputs.length / this.parts.data.classes;
          if (since() >= most) enough.abort();
        },
        AbortSignal.any([this.signal, enough.signal]),
      );
    } catch (error) {
      this.signal.throwIfAborted();
      if (!enough.signal.aborted) throw error;
    }
    return { count: examples, seconds: since() };
  }
}

/** What was done in one go. */
interface Stretch {
  readonly count: number;
  readonly seconds: number;
}

/**
 * What one takes, at least: other programs take their time as well. The first stretch, in which code is compiled, does not
 * count.
 * @param total seconds that are spent, if a stretch is no longer
 * @param measure goes on for about so many seconds, and for one at least
 */
async function least(total: number, measure: (seconds: number) => Promise<Stretch>): Promise<number> {
  await measure(0);
  let best = Infinity;
  for (let spent = 0; spent < total;) {
    const { count, seconds } = await measure(total / stretches);
    if (count > 0) best = Math.min(best, seconds / count);
    spent += seconds;
  }
  if (!Number.isFinite(best)) throw new Error('nothing is left to measure');
  return best;
}

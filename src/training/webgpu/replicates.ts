/**
 * Replicates on the device: networks of one recipe, each launch for all of them. Steps go out in submissions, losses come
 * back once for all of them.
 */
import { batchAt, fillOrder } from '../schedule';
import {
  type Evaluation,
  type MemoryPlan,
  type LossSum,
  NonFiniteLossError,
  type SessionState,
  type SplitName,
  type Trained,
  trained,
  type TrainingProgress,
} from '../trainer';
import type { WatchedDevice } from './device';
import type { DeviceData } from './deviceData';
import type { Dispatch, Launch, Pipelines } from './dispatch';
import { resultFloats } from './loss';
import { DeviceMemory, type Range } from './memory';
import type { PlanSetup } from './planSetup';
import { compile, type Program, trainingSlots } from './program';
import { type Part, Runner, Series } from './runner';
import { evaluationValues, trainingValues } from './stepValues';

const progressSeconds = 0.1;

export class Replicates {
  private step: number;
  private epoch = -1;
  private readonly order: Uint32Array<ArrayBuffer>;
  private readonly evaluations = new Map<readonly Dispatch[], Promise<Series>>();
  /** What they have in common. */
  private readonly setup: PlanSetup;

  private constructor(
    /** Of one replicate. */
    readonly memory: MemoryPlan,
    /** How many of them there was room for. */
    readonly count: number,
    private readonly taken: DeviceMemory,
    private readonly watched: WatchedDevice,
    private readonly pipelines: Pipelines,
    private readonly runner: Runner,
    private readonly setups: readonly PlanSetup[],
    private readonly data: DeviceData,
    private readonly program: Program,
    private readonly training: Series,
  ) {
    this.setup = setups[0]!;
    this.step = this.setup.fromStep;
    this.order = new Uint32Array(data.splits.training.count);
  }

  /**
   * As many of the first as there is room for, at least one.
   * @throws PlanError, MemoryLimitError before anything is taken; DeviceLostError
   */
  static async open(
    watched: WatchedDevice,
    pipelines: Pipelines,
    data: DeviceData,
    setups: readonly PlanSetup[],
  ): Promise<Replicates> {
    const memory = new DeviceMemory(watched, false);
    const program = compile(setups, data, memory);
    const plan = memory.plan(data.memory.bytesOf('data'));
    const count = await memory.take(plan, setups[0]!.batchSize, setups.length);
    try {
      const launches = await prepare(watched, pipelines, program.step, count);
      const runner = new Runner(watched, pipelines.stepLayout);
      const training = new Series(launches);
      return new Replicates(plan, count, memory, watched, pipelines, runner, setups, data, program, training);
    } catch (error) {
      memory.release();
      throw error;
    }
  }

  /** @returns what came of each of those wanted; an error of its own where a loss is not finite */
  async train(
    target: number,
    wanted: readonly { readonly replicate: number; readonly after: LossSum }[],
    { seconds: most, signal }: { readonly seconds: number; readonly signal: AbortSignal | undefined },
    onProgress: (progress: TrainingProgress) => void,
  ): Promise<(Trained | NonFiniteLossError)[]> {
    signal?.throwIfAborted();
    const { count } = this.data.splits.training;
    const begin = performance.now();
    const first = this.step;
    const report = throttled(onProgress);
    const replicates = wanted.map(({ replicate }) => replicate);
    const losses = wanted.map(({ after }): number | NonFiniteLossError => after.sum);
    const until = begin + most * 1000;
    let unread = first;
    for (let isLast = this.step >= target; !isLast && losses.some(loss => typeof loss === 'number');) {
      const { epoch } = batchAt(this.step, count, this.setup.batchSize);
      this.bringOrder(epoch);
      const batches = Math.ceil(count / this.setup.batchSize);
      const end = Math.min(target, (epoch + 1) * batches, unread + trainingSlots);
      const from = unread;
      const valuesOf = (step: number) => trainingValues(this.setup, count, step, step - from);
      this.step = await this.runner.run(this.training, this.step, end, valuesOf, { until, signal }, report);
      isLast = this.step === target || performance.now() >= until;
      if (!isLast && this.step < unread + trainingSlots) continue;
      const results = await this.results(replicates, this.step - unread);
      results.forEach((result, place) => {
        const sum = losses[place]!;
        if (typeof sum === 'number') losses[place] = addLosses(sum, result, unread);
      });
      unread = this.step;
    }
    const seconds = share(begin, replicates);
    const steps = this.step - first;
    return losses.map((loss, place) =>
      typeof loss === 'number' ? trained(this.step, loss, steps, wanted[place]!.after, seconds) : loss,
    );
  }

  async evaluate(
    split: SplitName,
    wanted: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (Evaluation | null)[]> {
    signal?.throwIfAborted();
    const { count } = this.data.splits[split];
    if (count === 0) return wanted.map(() => null);
    const begin = performance.now();
    const { evaluation, evaluationBatch } = this.program;
    const batches = Math.ceil(count / evaluationBatch);
    const series = await this.seriesOf(evaluation[split]);
    await this.runner.run(series, 0, batches, batch => evaluationValues(batch, evaluationBatch, count), { signal });
    const results = await this.results(wanted, batches);
    const seconds = share(begin, wanted);
    return results.map(result => {
      let loss = 0;
      let hits = 0;
      for (let batch = 0; batch < batches; batch++) {
        loss += result[batch * resultFloats]!;
        hits += result[batch * resultFloats + 1]!;
      }
      return { loss: loss / count, accuracy: hits / count, seconds };
    });
  }

  /** @param visits of those wanted; see TrainingSession.predict */
  async predict(
    split: SplitName,
    wanted: readonly number[],
    visits: readonly ((first: number, outputs: Float32Array) => void)[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { count } = this.data.splits[split];
    const { prediction, evaluationBatch, outputs } = this.program;
    const width = this.setup.plan.activations.at(-1)!.size;
    const series = await this.seriesOf(prediction[split]);
    for (let batch = 0; batch * evaluationBatch < count; batch++) {
      signal?.throwIfAborted();
      const values = evaluationValues(batch, evaluationBatch, count);
      await this.runner.run(series, batch, batch + 1, () => values, { signal });
      const rows = await this.runner.read(wanted.map(one => partOf(outputs, one, values.count * width * 4)));
      rows.forEach((row, place) => {
        visits[place]!(values.position, new Float32Array(row));
      });
    }
  }

  weights(replicate: number): Promise<Float32Array[]> {
    return this.program.parameters.read(this.runner, replicate);
  }

  async state(replicate: number): Promise<SessionState> {
    const { state, fromStep } = this.setup;
    const updates = (state?.updates ?? 0) + this.step - fromStep;
    return { updates, ...(await this.program.parameters.readState(this.runner, replicate)) };
  }

  async close(): Promise<void> {
    try {
      await this.runner.finish();
    } catch {
      // a lost device has nothing at work
    }
    this.runner.release();
    this.taken.release();
  }

  private bringOrder(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    const { storage, stride } = this.program.order;
    for (let replicate = 0; replicate < this.count; replicate++) {
      fillOrder(this.order, this.setups[replicate]!.orderSeed, epoch);
      this.watched.device.queue.writeBuffer(storage.gpu, replicate * stride, this.order);
    }
  }

  private async results(wanted: readonly number[], batches: number): Promise<Float32Array[]> {
    const bytes = batches * resultFloats * 4;
    const results = await this.runner.read(wanted.map(one => partOf(this.program.results, one, bytes)));
    return results.map(result => new Float32Array(result));
  }

  /** Evaluations are made ready when they are first asked for. */
  private seriesOf(dispatches: readonly Dispatch[]): Promise<Series> {
    let series = this.evaluations.get(dispatches);
    if (!series) {
      const launches = prepare(this.watched, this.pipelines, dispatches, this.count);
      series = launches.then(all => new Series(all));
      this.evaluations.set(dispatches, series);
    }
    return series;
  }
}

/** @returns `sum` with the losses of some steps, added one by one; or the first of them whose loss is not finite */
function addLosses(sum: number, results: Float32Array, first: number): number | NonFiniteLossError {
  for (let at = 0; at < results.length; at += resultFloats) {
    const [total, , bad, divisor] = results.subarray(at);
    const loss = total! / divisor!;
    if (bad! > 0 || !Number.isFinite(loss)) return new NonFiniteLossError(first + at / resultFloats);
    sum += loss;
  }
  return sum;
}

function partOf({ storage, offset, stride }: Range, replicate: number, bytes: number): Part {
  return { buffer: storage.gpu, offset: offset + replicate * stride, bytes };
}

/** Seconds since then, of each of those who work together. */
function share(begin: number, together: readonly number[]): number {
  return (performance.now() - begin) / 1000 / together.length;
}

function prepare(
  watched: WatchedDevice,
  pipelines: Pipelines,
  dispatches: readonly Dispatch[],
  replicates: number,
): Promise<Launch[]> {
  return watched.scoped(async () => {
    const launches = dispatches.map(dispatch => pipelines.prepare(dispatch, replicates));
    // all of them, even where one fails: a device must not go while pipelines are being made
    await Promise.allSettled(launches);
    return Promise.all(launches);
  });
}

function throttled(onProgress: (progress: TrainingProgress) => void): (step: number) => void {
  let reported = performance.now();
  return step => {
    const now = performance.now();
    if (now - reported < progressSeconds * 1000) return;
    reported = now;
    onProgress({ step });
  };
}

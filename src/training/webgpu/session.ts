/** Training sessions on the device: steps go out in submissions, losses come back once for all of them. */
import { batchAt, fillOrder } from '../schedule';
import {
  type Evaluation,
  type MemoryPlan,
  NonFiniteLossError,
  type SessionState,
  type SplitName,
  type TrainingProgress,
  type TrainingSession,
  type TrainingSetup,
} from '../trainer';
import type { WatchedDevice } from './device';
import type { DeviceData } from './deviceData';
import type { Dispatch, Launch, Pipelines } from './dispatch';
import { resultFloats } from './loss';
import { DeviceMemory } from './memory';
import { type PlanSetup, planSetup } from './planSetup';
import { compile, type Program, trainingSlots } from './program';
import { Runner, Series } from './runner';
import { evaluationValues, trainingValues } from './stepValues';

const progressSeconds = 0.1;

type TrainOptions = Parameters<TrainingSession['train']>[1];

export class WebGpuSession implements TrainingSession {
  private step: number;
  private epoch = -1;
  private readonly order: Uint32Array<ArrayBuffer>;
  private readonly evaluations = new Map<readonly Dispatch[], Promise<Series>>();

  private constructor(
    readonly memory: MemoryPlan,
    private readonly taken: DeviceMemory,
    private readonly watched: WatchedDevice,
    private readonly pipelines: Pipelines,
    private readonly runner: Runner,
    private readonly setup: PlanSetup,
    private readonly data: DeviceData,
    private readonly program: Program,
    private readonly training: Series,
  ) {
    this.step = setup.fromStep;
    this.order = new Uint32Array(data.splits.training.count);
  }

  /** @throws PlanError, MemoryLimitError before anything is taken; DeviceLostError */
  static async open(
    watched: WatchedDevice,
    pipelines: Pipelines,
    data: DeviceData,
    given: TrainingSetup,
  ): Promise<WebGpuSession> {
    const setup = planSetup(given);
    const memory = new DeviceMemory(watched);
    const program = compile(setup, data, memory);
    const plan = memory.plan(data.memory.bytesOf('data'));
    await memory.take(plan, setup.batchSize);
    try {
      const launches = await prepare(watched, pipelines, program.step);
      const runner = new Runner(watched, pipelines.stepLayout);
      return new WebGpuSession(plan, memory, watched, pipelines, runner, setup, data, program, new Series(launches));
    } catch (error) {
      memory.release();
      throw error;
    }
  }

  async train(target: number, options: TrainOptions = {}): Promise<{ loss: number | null; seconds: number }> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { count } = this.data.splits.training;
    const begin = performance.now();
    const first = this.step;
    const report = throttled(onProgress);
    let loss = 0;
    let unread = first;
    while (this.step < target) {
      const { epoch } = batchAt(this.step, count, this.setup.batchSize);
      this.bringOrder(epoch);
      const batches = Math.ceil(count / this.setup.batchSize);
      const to = Math.min(target, (epoch + 1) * batches, unread + trainingSlots);
      const from = unread;
      const valuesOf = (step: number) => trainingValues(this.setup, count, step, step - from);
      await this.runner.run(this.training, this.step, to, valuesOf, signal, report);
      this.step = to;
      if (to < target && to < unread + trainingSlots) continue;
      loss += await this.lossesOf(unread, to);
      unread = to;
    }
    const seconds = (performance.now() - begin) / 1000;
    return { loss: this.step > first ? loss / (this.step - first) : null, seconds };
  }

  async evaluate(split: SplitName, signal?: AbortSignal): Promise<Evaluation | null> {
    signal?.throwIfAborted();
    const { count } = this.data.splits[split];
    if (count === 0) return null;
    const begin = performance.now();
    const { evaluation, evaluationBatch } = this.program;
    const batches = Math.ceil(count / evaluationBatch);
    const series = await this.seriesOf(evaluation[split]);
    await this.runner.run(series, 0, batches, batch => evaluationValues(batch, evaluationBatch, count), signal);
    const results = await this.results(batches);
    let loss = 0;
    let hits = 0;
    for (let batch = 0; batch < batches; batch++) {
      loss += results[batch * resultFloats]!;
      hits += results[batch * resultFloats + 1]!;
    }
    return { loss: loss / count, accuracy: hits / count, seconds: (performance.now() - begin) / 1000 };
  }

  async predict(
    split: SplitName,
    visit: (first: number, outputs: Float32Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { count } = this.data.splits[split];
    const { prediction, evaluationBatch, outputs } = this.program;
    const width = this.setup.plan.activations.at(-1)!.size;
    const series = await this.seriesOf(prediction[split]);
    for (let batch = 0; batch * evaluationBatch < count; batch++) {
      signal?.throwIfAborted();
      const values = evaluationValues(batch, evaluationBatch, count);
      await this.runner.run(series, batch, batch + 1, () => values, signal);
      const [rows] = await this.runner.read([{ buffer: outputs.storage.gpu, bytes: values.count * width * 4 }]);
      visit(values.position, new Float32Array(rows!));
    }
  }

  async weights(): Promise<Float32Array[]> {
    const { parameters } = this.program;
    const buffers = await this.runner.read(parameters.readBack.map(({ gpu, bytes }) => ({ buffer: gpu, bytes })));
    return parameters.unpack(buffers.map(buffer => new Float32Array(buffer)));
  }

  state(): Promise<SessionState> {
    return Promise.reject(new Error('the webgpu executor does not tell its state yet'));
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
    fillOrder(this.order, this.setup.orderSeed, epoch);
    this.watched.device.queue.writeBuffer(this.program.order.storage.gpu, 0, this.order);
  }

  /**
   * Sum of the losses of these steps.
   * @throws NonFiniteLossError at the first that is none
   */
  private async lossesOf(first: number, end: number): Promise<number> {
    const results = await this.results(end - first);
    let sum = 0;
    for (let step = first; step < end; step++) {
      const [total, , bad, divisor] = results.subarray((step - first) * resultFloats);
      const loss = total! / divisor!;
      if (bad! > 0 || !Number.isFinite(loss)) throw new NonFiniteLossError(step);
      sum += loss;
    }
    return sum;
  }

  private async results(batches: number): Promise<Float32Array> {
    const bytes = batches * resultFloats * 4;
    const [results] = await this.runner.read([{ buffer: this.program.results.storage.gpu, bytes }]);
    return new Float32Array(results!);
  }

  /** Evaluations are made ready when they are first asked for. */
  private seriesOf(dispatches: readonly Dispatch[]): Promise<Series> {
    let series = this.evaluations.get(dispatches);
    if (!series) {
      series = prepare(this.watched, this.pipelines, dispatches).then(launches => new Series(launches));
      this.evaluations.set(dispatches, series);
    }
    return series;
  }
}

function prepare(watched: WatchedDevice, pipelines: Pipelines, dispatches: readonly Dispatch[]): Promise<Launch[]> {
  return watched.scoped(async () => {
    const launches = dispatches.map(dispatch => pipelines.prepare(dispatch));
    // all of them, even where one fails: a device must not go while pipelines are being made
    await Promise.allSettled(launches);
    return Promise.all(launches);
  });
}

function throttled(onProgress?: (progress: TrainingProgress) => void): (step: number) => void {
  let reported = performance.now();
  return step => {
    const now = performance.now();
    if (now - reported < progressSeconds * 1000) return;
    reported = now;
    onProgress?.({ step });
  };
}

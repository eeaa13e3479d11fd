/** A training session on TensorFlow.js: the same batches, draws and rules as everywhere, between steps open to be stopped. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { learningRate } from '../../shared/learningRate';
import { batchAt, fillOrder } from '../schedule';
import {
  type Evaluation,
  type MemoryPlan,
  NonFiniteLossError,
  noLosses,
  type SessionState,
  type SplitName,
  type Trained,
  trained,
  type TrainingSession,
  type TrainOptions,
  type TrainingSetup,
} from '../trainer';
import { asDeviceError } from './deviceErrors';
import type { Examples } from './examples';
import type { Forward } from './forward';
import { batchLoss, type LossKind, LossSum, lossTargets } from './loss';
import type { Scalar, Tensor1D, Tf } from './namespace';
import { TrainedWeights } from './trainedWeights';

/** How long work goes on before the event loop gets its turn, and how often progress is told. */
const turnMilliseconds = 20;
const progressMilliseconds = 100;

export interface SessionParts {
  readonly tf: Tf;
  readonly forward: Forward;
  readonly setup: TrainingSetup;
  readonly examples: Examples;
  readonly memory: MemoryPlan;
  readonly outputs: number;
  /** Examples that are evaluated at a time. */
  readonly stretch: number;
}

export class TfSession implements TrainingSession {
  readonly memory: MemoryPlan;
  private readonly trained: TrainedWeights;
  private readonly kind: LossKind;
  private readonly order: Uint32Array;
  private epoch = -1;
  private step: number;

  constructor(private readonly parts: SessionParts) {
    const { tf, forward, setup, examples, memory, outputs } = parts;
    this.memory = memory;
    this.step = setup.fromStep;
    this.kind = { loss: setup.network.loss, outputs };
    this.order = new Uint32Array(examples.data.training.count);
    this.trained = new TrainedWeights(tf, forward, setup);
  }

  async train(
    target: number,
    { signal, onProgress, after = noLosses, seconds: most = Infinity }: TrainOptions = {},
  ): Promise<Trained> {
    const first = this.step;
    let loss = after.sum;
    let seconds = 0;
    let reported = performance.now();
    signal?.throwIfAborted();
    while (this.step < target && seconds < most) {
      const begin = performance.now();
      do {
        loss += this.onDevice(() => this.trainStep());
      } while (this.step < target && performance.now() - begin < turnMilliseconds);
      const now = performance.now();
      seconds += (now - begin) / 1000;
      if (now - reported > progressMilliseconds) {
        onProgress?.({ step: this.step });
        reported = now;
      }
      await nextTurn();
      signal?.throwIfAborted();
    }
    return trained(this.step, loss, this.step - first, after, seconds);
  }

  async evaluate(split: SplitName, signal?: AbortSignal): Promise<Evaluation | null> {
    const begin = performance.now();
    signal?.throwIfAborted();
    const { count, labels } = this.parts.examples.data[split];
    if (count === 0) return null;
    const sum = new LossSum(this.kind, labels);
    await this.predict(
      split,
      (first, outputs) => {
        sum.add(first, outputs);
      },
      signal,
    );
    return { ...sum.result(), seconds: (performance.now() - begin) / 1000 };
  }

  async predict(
    split: SplitName,
    visit: (first: number, outputs: Float32Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { examples, stretch } = this.parts;
    const { count } = examples.data[split];
    signal?.throwIfAborted();
    this.onDevice(() => {
      this.trained.show('average');
    });
    try {
      let turned = performance.now();
      for (let first = 0; first < count; first += stretch) {
        const rows = Uint32Array.from({ length: Math.min(stretch, count - first) }, (_, i) => first + i);
        visit(
          first,
          this.onDevice(() => this.outputsOf(split, rows)),
        );
        if (performance.now() - turned < turnMilliseconds) continue;
        await nextTurn();
        signal?.throwIfAborted();
        turned = performance.now();
      }
    } finally {
      this.onDevice(() => {
        this.trained.show('weights');
      });
    }
  }

  weights(): Promise<Float32Array[]> {
    return Promise.resolve().then(() => this.onDevice(() => this.trained.read()));
  }

  state(): Promise<SessionState> {
    return Promise.resolve().then(() => this.onDevice(() => this.trained.state()));
  }

  close(): Promise<void> {
    this.trained.close();
    this.parts.forward.close();
    return Promise.resolve();
  }

  /** @returns the mean loss of the batch, before the update */
  private trainStep(): number {
    const { tf, setup } = this.parts;
    const { optimizer, schedule, totalSteps } = setup;
    const { gradient, value } = tf.tidy(() => this.gradient());
    this.trained.update(gradient, learningRate(optimizer.learningRate, schedule, this.step, totalSteps));
    const loss = value.dataSync<'float32'>()[0]!;
    tf.dispose([gradient, value]);
    if (!Number.isFinite(loss)) throw new NonFiniteLossError(this.step);
    this.step++;
    return loss;
  }

  private gradient(): { gradient: Tensor1D; value: Scalar } {
    const { tf, forward, setup, examples } = this.parts;
    const { kind, step } = this;
    const seed = setup.orderSeed ?? 0;
    const rows = this.batchRows();
    const inputs = examples.augmented(rows, setup.regularization.augmentation, seed, step);
    const wanted = lossTargets(kind, examples.data.training.labels, rows, setup);
    const x = tf.tensor(inputs, [rows.length, ...forward.inputShape]);
    const targets = tf.tensor2d(wanted, [rows.length, kind.outputs]);
    const { value, grads } = tf.variableGrads(
      () => batchLoss(tf, kind.loss, forward.outputs(x, { seed, step }), targets),
      [...this.trained.variables],
    );
    return { gradient: this.trained.flatten(grads), value };
  }

  private batchRows(): Uint32Array {
    const { setup } = this.parts;
    const { epoch, position, count } = batchAt(this.step, this.order.length, setup.batchSize);
    if (epoch !== this.epoch) {
      fillOrder(this.order, setup.orderSeed, epoch);
      this.epoch = epoch;
    }
    return this.order.subarray(position, position + count);
  }

  private outputsOf(split: SplitName, rows: Uint32Array): Float32Array {
    const { tf, forward, examples } = this.parts;
    return tf.tidy(() => {
      const x = tf.tensor(examples.inputs(split, rows), [rows.length, ...forward.inputShape]);
      return forward.outputs(x, null).dataSync<'float32'>();
    });
  }

  private onDevice<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asDeviceError(error);
    }
  }
}

/** One attempt at a run: trains it through its stages and keeps what it comes to. */
import { performance } from 'node:perf_hooks';
import { version } from '../../package.json';
import type { NamedTensor } from '../checkpoints/safetensors';
import type { DataSet } from '../data/dataset';
import type { PrunableLayer } from '../lottery/layers';
import type { Mask } from '../lottery/mask';
import { earlyStopStep, evaluationsWithoutGain } from '../lottery/statistics';
import { measuresOf, type RunEvaluation } from '../shared/evaluation';
import type { CurvePoint, MemoryUse } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import type { Network } from '../training/network';
import { NonFiniteLossError, type Executor, type TrainingSession, type Weights } from '../training/trainer';
import { byteMasks, throughStages, type Course, type OpenStage } from './course';
import { evaluateSession } from './evaluateSession';
import { checkInvariants } from './invariants';
import type { RunResults } from './store';
import { trainingSetup } from './trainingSetup';

/** Where a run trains. */
export interface Place {
  readonly executor: Executor;
  /** Runs side by side there, which share its time. */
  readonly runs: number;
}

export interface AttemptParts extends Place {
  readonly network: Network;
  /** What the executor holds. */
  readonly data: Pick<DataSet, 'task' | 'classes' | 'test'>;
  /** Checks rule 2 of docs/architecture.md at the end of each stage. */
  readonly debug: boolean;
}

export interface RunListener {
  onStep(step: number): void;
  onEvaluation(point: CurvePoint): void;
}

export class Attempt {
  error: string | null = null;
  private masks: readonly Mask[] | null = null;
  private start: Weights | null = null;
  private final: Weights | null = null;
  private evaluation: RunEvaluation | null = null;
  private stoppedAt: number | null = null;
  private memory: MemoryUse | null = null;
  private readonly curve: CurvePoint[] = [];
  /** The first point of the curve under the masks at hand: early stopping looks at those from there on. */
  private settled = 0;
  private readonly losses = new LossMean();
  private readonly seconds = { train: 0, evaluate: 0 };
  private readonly startedAt = new Date();
  private readonly began = performance.now();

  constructor(
    private readonly node: RunNode,
    private readonly parts: AttemptParts,
    private readonly layers: readonly PrunableLayer[],
    private readonly listener: RunListener,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * @param weights to start from, unmasked
   * @throws what ends the run; what was trained until then stays in `results`
   */
  async train(weights: Weights, course: Course): Promise<void> {
    const { network, executor } = this.parts;
    const { inputs } = this.node;
    const setup = trainingSetup(inputs, { network, weights, masks: [] });
    await throughStages(executor, setup, course, this.layers, inputs.steps.to, async open => {
      const masks = byteMasks((this.masks = open.stage.masks), network, this.layers);
      this.start ??= masked(weights, masks);
      this.memory ??= open.session.memory;
      const isLast = !(await this.trainStage(open)) || open.stage.to === inputs.steps.to;
      if (isLast) await this.finish(open.session);
      if (this.parts.debug) {
        const { session } = open;
        checkInvariants.staysZero(this.node.key, network, await session.weights(), masks, await session.state());
      }
      return !isLast;
    });
  }

  /** @returns false where the run stops early */
  private async trainStage({ stage, from, session }: OpenStage): Promise<boolean> {
    const { training, steps } = this.node.inputs;
    this.settled = this.curve.length;
    const evaluations = evaluationSteps(steps, training.evaluateEvery);
    const own = evaluations.filter(step => (step > from && step <= stage.to) || (step === from && from === steps.to));
    let at = from;
    for (const step of new Set([...own, stage.to])) {
      const { loss, seconds } = await session.train(step, {
        ...(this.signal && { signal: this.signal }),
        onProgress: progress => {
          this.listener.onStep(progress.step);
        },
      });
      this.seconds.train += seconds;
      this.losses.add(loss, step - at);
      at = step;
      if (!own.includes(step)) continue;
      await this.evaluate(session, step, this.losses.take());
      if (step < steps.to && stage.to === steps.to && this.isOutOfPatience()) {
        this.stoppedAt = step;
        return false;
      }
    }
    return true;
  }

  private async finish(session: TrainingSession): Promise<void> {
    const began = performance.now();
    this.evaluation = await evaluateSession(session, this.parts.data, this.node.inputs, this.signal);
    this.seconds.evaluate += this.since(began);
    this.final = await session.weights();
  }

  private async evaluate(session: TrainingSession, step: number, trainLoss: number | null): Promise<void> {
    const validation = await session.evaluate('validation', this.signal);
    const test = await session.evaluate('test', this.signal);
    if (test === null) throw new Error('the data set has no test examples');
    this.seconds.evaluate += (validation?.seconds ?? 0) + test.seconds;
    // training can end on a finite loss and with weights that are none
    if (![test.loss, validation?.loss ?? 0].every(Number.isFinite)) throw new NonFiniteLossError(step);
    const hasClasses = this.parts.data.task === 'classification';
    const point: CurvePoint = {
      step,
      trainLoss,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: hasClasses ? (validation?.accuracy ?? null) : null,
      testLoss: test.loss,
      testAccuracy: hasClasses ? test.accuracy : null,
    };
    this.curve.push(point);
    this.listener.onEvaluation(point);
  }

  /** Seconds, of those that go by for all runs together. */
  private since(began: number): number {
    return (performance.now() - began) / 1000 / this.parts.runs;
  }

  private isOutOfPatience(): boolean {
    const { earlyStopping } = this.node.inputs.training;
    return (
      earlyStopping !== undefined && evaluationsWithoutGain(this.curve.slice(this.settled)) >= earlyStopping.patience
    );
  }

  results(): RunResults {
    const last = this.curve.at(-1);
    const early = earlyStopStep(this.curve.slice(this.settled));
    const { executor } = this.parts;
    const record: RunRecord = {
      key: this.node.key,
      inputs: this.node.inputs,
      status: this.error === null ? 'done' : 'failed',
      ...(this.error !== null && { error: this.error }),
      executor: executor.name,
      device: executor.device,
      versions: { 'winning-ticket': version, node: process.versions.node },
      startedAt: this.startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      seconds: { ...this.seconds, total: this.since(this.began) },
      layers: this.layers.flatMap(({ name, shape, size }, i) =>
        this.masks ? [{ name, shape, total: size, kept: this.masks[i]!.kept }] : [],
      ),
      ...(this.error === null &&
        last && {
          final: {
            testAccuracy: last.testAccuracy,
            testLoss: last.testLoss,
            validationAccuracy: last.validationAccuracy,
            validationLoss: last.validationLoss,
          },
        }),
      ...(this.error === null && this.evaluation && { measures: measuresOf(this.evaluation) }),
      ...(this.error === null && early !== null && { earlyStopStep: early }),
      ...(this.stoppedAt !== null && { stoppedAt: this.stoppedAt }),
      ...(this.memory && { memory: this.memory }),
    };
    const { start, final, masks } = this;
    return {
      record,
      curve: this.curve,
      evaluation: this.error === null ? this.evaluation : null,
      tensors: {
        ...(masks && {
          mask: this.layers.map(({ name, shape }, i) => ({ name, shape, dtype: 'U8', data: masks[i]!.toBytes() })),
        }),
        ...(start && { start: this.weightTensors(start) }),
        ...(final && { final: this.weightTensors(final) }),
      },
    };
  }

  private weightTensors(weights: Weights): NamedTensor[] {
    return this.parts.network.parameters.map(({ name, shape }, i) => ({
      name,
      shape,
      dtype: 'F32',
      data: weights[i]!,
    }));
  }
}

function masked(weights: Weights, masks: readonly (Uint8Array | null)[]): Weights {
  return weights.map((values, i) => {
    const mask = masks[i];
    return mask ? values.map((value, j) => (mask[j] === 0 ? 0 : value)) : values;
  });
}

/** Mean loss over the steps since it was last taken. */
class LossMean {
  private parts: { readonly loss: number; readonly steps: number }[] = [];

  /** @param loss mean over these steps; null: there were none */
  add(loss: number | null, steps: number): void {
    if (loss !== null) this.parts.push({ loss, steps });
  }

  take(): number | null {
    const { parts } = this;
    this.parts = [];
    // a single mean stays as it is, in every bit
    if (parts.length < 2) return parts[0]?.loss ?? null;
    const steps = parts.reduce((sum, part) => sum + part.steps, 0);
    return parts.reduce((sum, part) => sum + part.loss * part.steps, 0) / steps;
  }
}

/** After each `every` steps of the schedule, and at the end; a run of no steps is evaluated once. */
function evaluationSteps(steps: { readonly from: number; readonly to: number }, every: number): number[] {
  const points: number[] = [];
  for (let step = (Math.floor(steps.from / every) + 1) * every; step < steps.to; step += every) points.push(step);
  return [...points, steps.to];
}

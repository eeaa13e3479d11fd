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
import { noLosses, NonFiniteLossError, type Executor, type TrainingSession, type Weights } from '../training/trainer';
import type { Checkpoints } from './checkpoints';
import { byteMasks, kernelsOf, throughStages, type Beginning, type Course, type OpenStage } from './course';
import { evaluateSession } from './evaluateSession';
import { checkInvariants } from './invariants';
import type { ResumePoint } from './resumeFile';
import type { RunResults } from './store';
import { trainingSetup } from './trainingSetup';

/** Where a run trains. */
export interface Place {
  readonly executor: Executor;
  /** Runs side by side there, which share its time. */
  readonly runs: number;
  /** Processors that nothing beside it is to use; left out: all. */
  readonly threads?: number | undefined;
}

export interface AttemptParts extends Place {
  readonly network: Network;
  /** What the executor holds. */
  readonly data: Pick<DataSet, 'task' | 'classes' | 'test'>;
  /** Checks rule 2 of docs/architecture.md at the end of each stage. */
  readonly debug: boolean;
}

export interface RunListener {
  /** Before anything of it is computed. `point`: where it was cut off, and goes on from; null: it begins. */
  onBegin(point: ResumePoint | null): void;
  onStep(step: number): void;
  onEvaluation(point: CurvePoint): void;
  /** How far it is cannot be saved: it trains on. */
  onUnsaved(reason: string): void;
}

/** A call of the executor takes no longer, so that a run can save and stop within a second. */
const sliceSeconds = 0.25;

export class Attempt {
  error: string | null = null;
  private masks: readonly Mask[] | null = null;
  private start: Weights | null = null;
  private final: Weights | null = null;
  private evaluation: RunEvaluation | null = null;
  private stoppedAt: number | null = null;
  private memory: MemoryUse | null = null;
  private curve: CurvePoint[] = [];
  /** The first point of the curve under the masks at hand: early stopping looks at those from there on. */
  private settled = 0;
  /** Steps that are done. */
  private at: number;
  private losses = noLosses;
  private readonly seconds = { train: 0, evaluate: 0, before: 0 };
  private startedAt = new Date().toISOString();
  private readonly began = performance.now();

  constructor(
    private readonly node: RunNode,
    private readonly parts: AttemptParts,
    private readonly layers: readonly PrunableLayer[],
    private readonly listener: RunListener,
    private readonly checkpoints: Checkpoints,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.at = node.inputs.steps.from;
  }

  /**
   * @param weights to start from, unmasked
   * @param point where it was cut off; null: it begins
   * @throws what ends the run; what was trained until then stays in `results`, or, where the signal was aborted, in the file
   *   that it resumes from
   */
  async train(weights: Weights, course: Course, point: ResumePoint | null): Promise<void> {
    const { network, executor } = this.parts;
    const { inputs } = this.node;
    const { from, to } = inputs.steps;
    const setup = trainingSetup(inputs, { network, weights, masks: [] });
    const beginning: Beginning = point ?? { step: from, weights, state: null, stage: null };
    if (point) {
      this.resume(point);
      const first = course(from, kernelsOf(weights, null, network, this.layers), null);
      this.start = masked(weights, byteMasks(first.masks, network, this.layers));
    }
    await throughStages(executor, setup, beginning, course, this.layers, to, async open => {
      const masks = byteMasks((this.masks = open.stage.masks), network, this.layers);
      this.start ??= masked(weights, masks);
      this.memory ??= open.session.memory;
      if (open.stage !== point?.stage) this.settled = this.curve.length;
      const isLast = await this.saving(open, async () => {
        const ends = !(await this.trainStage(open)) || open.stage.to === to;
        if (ends) await this.finish(open.session);
        return ends;
      });
      if (this.parts.debug) {
        const { session } = open;
        checkInvariants.staysZero(this.node.key, network, await session.weights(), masks, await session.state());
      }
      return !isLast;
    });
  }

  private resume({ step, curve, settled, losses, seconds, startedAt, memory }: ResumePoint): void {
    this.at = step;
    this.curve = [...curve];
    this.settled = settled;
    this.losses = losses;
    this.seconds.train = seconds.train;
    this.seconds.evaluate = seconds.evaluate;
    this.seconds.before = seconds.total;
    this.startedAt = startedAt;
    this.memory = memory;
  }

  /** Where the run is told to stop, it saves how far it is first. */
  private async saving<T>(open: OpenStage, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // what went wrong first is what to tell
      if (this.signal?.aborted && this.at > this.node.inputs.steps.from) {
        await this.point(open).then(
          point => this.checkpoints.save(point),
          () => undefined,
        );
      }
      throw error;
    } finally {
      await this.checkpoints.settle();
    }
  }

  /** @returns false where the run stops early */
  private async trainStage(open: OpenStage): Promise<boolean> {
    const { stage, from, session } = open;
    const { training, steps } = this.node.inputs;
    const evaluated = this.curve.at(-1)?.step ?? -1;
    const own = evaluationSteps(steps, training.evaluateEvery).filter(
      step => step >= from && step <= stage.to && step > evaluated,
    );
    for (const step of new Set([from, ...own, stage.to])) {
      await this.trainTo(step, open);
      if (own.includes(step)) await this.evaluate(session);
      if (step < steps.to && stage.to === steps.to && this.isOutOfPatience()) {
        this.stoppedAt = step;
        return false;
      }
    }
    return true;
  }

  private async trainTo(step: number, open: OpenStage): Promise<void> {
    while (this.at < step) {
      const trained = await open.session.train(step, {
        after: this.losses,
        seconds: sliceSeconds,
        onProgress: progress => {
          this.listener.onStep(progress.step);
        },
      });
      this.seconds.train += trained.seconds;
      this.losses = trained.losses;
      this.at = trained.step;
      this.signal?.throwIfAborted();
      if (this.checkpoints.isDue()) await this.checkpoints.begin(() => this.point(open));
    }
  }

  private async point({ stage, session }: OpenStage): Promise<ResumePoint> {
    const { at: step, curve, settled, losses, startedAt } = this;
    const { train, evaluate } = this.seconds;
    const seconds = { train, evaluate, total: this.totalSeconds() };
    const [weights, state] = [await session.weights(), await session.state()];
    const memory = this.memory ?? session.memory;
    return { step, weights, state, stage, curve: [...curve], settled, losses, seconds, startedAt, memory };
  }

  private async finish(session: TrainingSession): Promise<void> {
    const began = performance.now();
    this.evaluation = await evaluateSession(session, this.parts.data, this.node.inputs, this.signal);
    this.seconds.evaluate += this.since(began);
    this.final = await session.weights();
  }

  private async evaluate(session: TrainingSession): Promise<void> {
    const { at: step, losses } = this;
    const validation = await session.evaluate('validation', this.signal);
    const test = await session.evaluate('test', this.signal);
    if (test === null) throw new Error('the data set has no test examples');
    this.seconds.evaluate += (validation?.seconds ?? 0) + test.seconds;
    // training can end on a finite loss and with weights that are none
    if (![test.loss, validation?.loss ?? 0].every(Number.isFinite)) throw new NonFiniteLossError(step);
    const hasClasses = this.parts.data.task === 'classification';
    const point: CurvePoint = {
      step,
      trainLoss: losses.steps > 0 ? losses.sum / losses.steps : null,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: hasClasses ? (validation?.accuracy ?? null) : null,
      testLoss: test.loss,
      testAccuracy: hasClasses ? test.accuracy : null,
    };
    this.curve.push(point);
    this.losses = noLosses;
    this.listener.onEvaluation(point);
  }

  private totalSeconds(): number {
    return this.seconds.before + this.since(this.began);
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
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      seconds: { train: this.seconds.train, evaluate: this.seconds.evaluate, total: this.totalSeconds() },
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

/** After each `every` steps of the schedule, and at the end; a run of no steps is evaluated once. */
function evaluationSteps(steps: { readonly from: number; readonly to: number }, every: number): number[] {
  const points: number[] = [];
  for (let step = (Math.floor(steps.from / every) + 1) * every; step < steps.to; step += every) points.push(step);
  return [...points, steps.to];
}

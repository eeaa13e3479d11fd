/** Carries out one training run: masks and starting weights by their recipes, training, evaluation, storing. */
import { performance } from 'node:perf_hooks';
import { version } from '../../package.json';
import type { NamedTensor } from '../checkpoints/safetensors';
import type { DataSet } from '../data/dataset';
import { prunableLayers, type PrunableLayer } from '../lottery/layers';
import { NanWeightError } from '../lottery/magnitude';
import type { Mask } from '../lottery/mask';
import { buildMasks, LayerCollapseError } from '../lottery/masks';
import { NanScoreError } from '../lottery/scored';
import { CutError } from '../lottery/select';
import { earlyStopStep, evaluationsWithoutGain } from '../lottery/statistics';
import { measuresOf, type RunEvaluation } from '../shared/evaluation';
import type { CurvePoint, MemoryUse } from '../shared/report';
import type { MaskRecipe, RunNode, RunRecord, StartRecipe } from '../shared/run';
import type { Network } from '../training/network';
import { NonFiniteLossError, type Executor, type TrainingSession, type Weights } from '../training/trainer';
import { evaluateSession } from './evaluateSession';
import { checkInvariants } from './invariants';
import { scoreWeights } from './scores';
import { StoredTensors } from './storedTensors';
import type { RunResults, RunStore } from './store';
import { trainingSetup } from './trainingSetup';

export interface RunnerParts {
  readonly store: RunStore;
  readonly network: Network;
  readonly outputLayer: string;
  readonly executor: Executor;
  /** What the executor holds. */
  readonly data: Pick<DataSet, 'task' | 'classes' | 'test'>;
  /** θ₀ by its recipe; 'final' recipes are the runner's own. */
  readonly initial: (recipe: Exclude<StartRecipe, { kind: 'final' }>) => Weights;
  /** Checks rule 2 of docs/architecture.md after each run. */
  readonly debug: boolean;
}

export interface RunListener {
  onStep(step: number): void;
  onEvaluation(point: CurvePoint): void;
}

export class Runner {
  private readonly layers: readonly PrunableLayer[];
  private readonly stored: StoredTensors;

  constructor(private readonly parts: RunnerParts) {
    this.layers = prunableLayers(parts.network.parameters, parts.outputLayer);
    this.stored = new StoredTensors(parts.store, parts.network, this.layers);
  }

  /**
   * @returns the record, stored; 'failed' where the run itself cannot be done (the loss diverges, a layer would be emptied)
   * @throws StoreError; the signal's reason where it is aborted: nothing of the run is then stored
   */
  async run(node: RunNode, listener: RunListener, signal: AbortSignal | undefined): Promise<RunRecord> {
    const attempt = new Attempt(node, this.parts, this.layers, listener, signal);
    try {
      attempt.masks = await this.masksFor(node);
      attempt.start = masked(
        await this.startFor(node.inputs.start),
        byteMasks(attempt.masks, this.parts.network, this.layers),
      );
      await attempt.train();
    } catch (error) {
      if (!isFailureOfTheRun(error)) throw error;
      attempt.error = error.message;
    }
    signal?.throwIfAborted();
    const results = attempt.results();
    await this.parts.store.writeRun(results);
    return results.record;
  }

  /**
   * Evaluates the outputs of a finished run whose record has no measures, from its stored weights.
   * @returns the record with them, stored
   * @throws StoreError where its tensors are damaged; the signal's reason
   */
  async evaluate(record: RunRecord, signal: AbortSignal | undefined): Promise<RunRecord> {
    const { network, executor, data, store } = this.parts;
    const weights = await this.stored.finalWeights(record.key);
    const masks = byteMasks(await this.stored.masks(record.key), network, this.layers);
    const session = await executor.open(trainingSetup(record.inputs, { network, weights, masks }));
    try {
      const evaluation = await evaluateSession(session, data, record.inputs, signal);
      const evaluated = { ...record, measures: measuresOf(evaluation) };
      await store.writeEvaluation(evaluated, evaluation);
      return evaluated;
    } finally {
      await session.close().catch(() => undefined);
    }
  }

  private async masksFor(node: RunNode): Promise<readonly Mask[]> {
    const recipe: MaskRecipe = node.inputs.mask;
    const masks = await buildMasks(recipe, {
      layers: this.layers,
      level: node.level,
      finalKernels: run => this.stored.finalKernels(run),
      masks: run => this.stored.masks(run),
      score: async (scored, current) =>
        scoreWeights(scored, {
          network: this.parts.network,
          layers: this.layers,
          weights: await this.startFor(scored.start),
          masks: current,
        }),
    });
    if (this.parts.debug && recipe.kind === 'magnitude') {
      checkInvariants.shrinks(node.key, masks, await this.stored.masks(recipe.run));
    }
    return masks;
  }

  private async startFor(recipe: StartRecipe): Promise<Weights> {
    return recipe.kind === 'final' ? this.stored.finalWeights(recipe.run) : this.parts.initial(recipe);
  }
}

/** For every parameter of the network; null where it is not prunable or nothing is pruned. */
function byteMasks(
  masks: readonly Mask[] | null,
  { parameters }: Network,
  layers: readonly PrunableLayer[],
): (Uint8Array | null)[] {
  return parameters.map(({ name }) => {
    const mask = masks?.[layers.findIndex(layer => layer.name === name)];
    return mask && mask.kept < mask.size ? mask.toBytes() : null;
  });
}

function isFailureOfTheRun(error: unknown): error is Error {
  return [NonFiniteLossError, LayerCollapseError, NanWeightError, NanScoreError, CutError].some(kind => error instanceof kind);
}

function masked(weights: Weights, masks: readonly (Uint8Array | null)[]): Weights {
  return weights.map((values, i) => {
    const mask = masks[i];
    return mask ? values.map((value, j) => (mask[j] === 0 ? 0 : value)) : values;
  });
}

/** What one attempt at a run has come to so far. */
class Attempt {
  masks: readonly Mask[] | null = null;
  start: Weights | null = null;
  error: string | null = null;
  private final: Weights | null = null;
  private evaluation: RunEvaluation | null = null;
  private stoppedAt: number | null = null;
  private memory: MemoryUse | null = null;
  private readonly curve: CurvePoint[] = [];
  private readonly seconds = { train: 0, evaluate: 0 };
  private readonly startedAt = new Date();
  private readonly began = performance.now();

  constructor(
    private readonly node: RunNode,
    private readonly parts: RunnerParts,
    private readonly layers: readonly PrunableLayer[],
    private readonly listener: RunListener,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async train(): Promise<void> {
    const { network, executor } = this.parts;
    const { inputs } = this.node;
    const { training, steps } = inputs;
    const masks = byteMasks(this.masks, network, this.layers);
    const session = await executor.open(trainingSetup(inputs, { network, weights: this.start!, masks }));
    this.memory = session.memory;
    try {
      for (const step of evaluationSteps(steps, training.evaluateEvery)) {
        const { loss, seconds } = await session.train(step, {
          ...(this.signal && { signal: this.signal }),
          onProgress: progress => {
            this.listener.onStep(progress.step);
          },
        });
        this.seconds.train += seconds;
        await this.evaluate(session, step, loss);
        if (step < steps.to && this.isOutOfPatience()) {
          this.stoppedAt = step;
          break;
        }
      }
      const began = performance.now();
      this.evaluation = await evaluateSession(session, this.parts.data, inputs, this.signal);
      this.seconds.evaluate += (performance.now() - began) / 1000;
      this.final = await session.weights();
    } catch (error) {
      // what went wrong first is what to tell
      await session.close().catch(() => undefined);
      throw error;
    }
    await session.close();
    if (this.parts.debug) checkInvariants.staysZero(this.node.key, network, this.final, masks);
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

  private isOutOfPatience(): boolean {
    const { earlyStopping } = this.node.inputs.training;
    return earlyStopping !== undefined && evaluationsWithoutGain(this.curve) >= earlyStopping.patience;
  }

  results(): RunResults {
    const last = this.curve.at(-1);
    const early = earlyStopStep(this.curve);
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
      seconds: { ...this.seconds, total: (performance.now() - this.began) / 1000 },
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

/** After each `every` steps of the schedule, and at the end; a run of no steps is evaluated once. */
export function evaluationSteps(steps: { readonly from: number; readonly to: number }, every: number): number[] {
  const points: number[] = [];
  for (let step = (Math.floor(steps.from / every) + 1) * every; step < steps.to; step += every) points.push(step);
  return [...points, steps.to];
}

/** Carries out one training run: masks and starting weights by their recipes, training, evaluation, storing. */
import type { DataSet } from '../data/dataset';
import { prunableLayers, type PrunableLayer } from '../lottery/layers';
import { NanWeightError } from '../lottery/magnitude';
import type { Mask } from '../lottery/mask';
import { buildMasks, keptCount, LayerCollapseError } from '../lottery/masks';
import { NanScoreError } from '../lottery/scored';
import { CutError } from '../lottery/select';
import { couplingOf } from '../lottery/structured/coupling';
import { measuresOf } from '../shared/evaluation';
import type { MaskRecipe, OwnStart, RunNode, RunRecord, StartRecipe } from '../shared/run';
import { planOf } from '../training/network';
import { NonFiniteLossError, type Weights } from '../training/trainer';
import { Attempt, type AttemptParts, type RunListener } from './attempt';
import { Checkpoints } from './checkpoints';
import { byteMasks, straight, type Course } from './course';
import { dualTicketCourse } from './dualTicket';
import { evaluateSession } from './evaluateSession';
import { gradualCourse } from './gradual';
import { checkInvariants } from './invariants';
import { ResumeFile } from './resumeFile';
import { ScoreError, Scorer } from './scores';
import { StoredTensors } from './storedTensors';
import type { RunStore } from './store';
import { transferredWeights, type TransferSource } from './studies/transferredStart';
import { trainingSetup } from './trainingSetup';

export interface RunnerParts extends AttemptParts {
  readonly data: DataSet;
  readonly store: RunStore;
  readonly outputLayer: string;
  /** θ₀ by its recipe; 'final' recipes are the runner's own. */
  readonly initial: (recipe: Exclude<OwnStart, { kind: 'final' }>) => Weights;
  /** How often a run saves how far it is; 0: only when it is told to stop. */
  readonly checkpointSeconds: number;
  /** On a second data set: where weights are transferred from. */
  readonly source?: TransferSource;
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
    const { store, network, checkpointSeconds } = this.parts;
    const resumeFile = new ResumeFile(store.runDirectory(node.key), node.key, network, this.layers);
    const checkpoints = new Checkpoints(resumeFile, checkpointSeconds, reason => {
      listener.onUnsaved(reason);
    });
    const attempt = new Attempt(node, this.parts, this.layers, listener, checkpoints, signal);
    try {
      const point = await resumeFile.read(node.inputs.steps);
      listener.onBegin(point);
      const masks = await this.masksFor(node, signal);
      const course = await this.courseFor(node, masks);
      await attempt.train(await this.startFor(node.inputs.start), course, point);
    } catch (error) {
      if (!isFailureOfTheRun(error)) throw error;
      attempt.error = error.message;
    }
    signal?.throwIfAborted();
    const results = attempt.results();
    await store.writeRun(results);
    await resumeFile.remove();
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

  private async masksFor(node: RunNode, signal: AbortSignal | undefined): Promise<readonly Mask[]> {
    const recipe: MaskRecipe = node.inputs.mask;
    const { network, data, threads } = this.parts;
    const scorer = new Scorer({ network, layers: this.layers, data, inputs: node.inputs, threads, signal });
    const masks = await buildMasks(recipe, {
      layers: this.layers,
      level: node.level,
      finalKernels: run => this.stored.finalKernels(run),
      finalWeights: run => this.stored.finalWeights(run),
      coupling: () => couplingOf(planOf(this.parts.network)),
      masks: (run, whole) => this.stored.masks(run, whole),
      score: async (scored, current) => scorer.score(scored, await this.startFor(scored.start), current),
    }).finally(() => scorer.close());
    if (this.parts.debug && recipe.kind === 'magnitude') {
      checkInvariants.shrinks(node.key, masks, await this.stored.masks(recipe.run));
    }
    return masks;
  }

  /** @param masks by the recipe of the run */
  private async courseFor({ inputs, level }: RunNode, masks: readonly Mask[]): Promise<Course> {
    const { mask, training, steps } = inputs;
    if (training.transformation) return dualTicketCourse(training.transformation, masks, steps.to);
    if (mask.kind !== 'gradual') return straight(steps.to, masks);
    const { layers } = this;
    const kept = await keptCount(mask, { layers, masks: run => this.stored.masks(run) });
    return gradualCourse(mask, kept, layers, level, steps.to);
  }

  private async startFor(recipe: StartRecipe): Promise<Weights> {
    const { store, network, source, initial } = this.parts;
    if (recipe.kind === 'final') return this.stored.finalWeights(recipe.run);
    if (recipe.kind !== 'transferred') return initial(recipe);
    if (!source) throw new Error('the run starts from weights of another data set');
    const { start, seed } = recipe;
    const weights =
      start.kind === 'final'
        ? await new StoredTensors(store, source.network, []).finalWeights(start.run)
        : source.initial(start);
    const drawn = initial({ kind: 'initial', seed });
    return transferredWeights(recipe, { source: source.network, weights }, { network, weights: drawn });
  }
}

function isFailureOfTheRun(error: unknown): error is Error {
  return [NonFiniteLossError, LayerCollapseError, NanWeightError, NanScoreError, ScoreError, CutError].some(
    kind => error instanceof kind,
  );
}

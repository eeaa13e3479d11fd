/** Scores of the weights of an untrained network, by the criterion of a recipe. */
import type { DataSet } from '../data/dataset';
import type { PrunableLayer } from '../lottery/layers';
import type { Mask } from '../lottery/mask';
import type { ScoreRequest } from '../lottery/masks';
import type { Scores } from '../lottery/scored';
import { Random } from '../shared/random';
import type { RunInputs } from '../shared/run';
import { grasp, inputSquares, prospr, snip, type Subject, synflow } from '../training/differentiation/criteria';
import type { Examples } from '../training/differentiation/differentiation';
import { ThreadedDerivatives } from '../training/differentiation/threads';
import { isPlan, type Network } from '../training/network';
import type { Plan } from '../training/plan/plan';
import type { Weights } from '../training/trainer';
import { drawExamples, examplesOf } from './scoredExamples';
import { ScoreMemory } from './scoreMemory';

/** What is scored, for one run. */
export interface ScoreSubject {
  readonly network: Network;
  readonly layers: readonly PrunableLayer[];
  readonly data: DataSet;
  /** Hashes of model and data. */
  readonly inputs: Pick<RunInputs, 'model' | 'data'>;
  /** Most threads; left out: one for each processor. Scores do not depend on their number. */
  readonly threads?: number | undefined;
  readonly signal: AbortSignal | undefined;
}

type Criterion = ScoreRequest['criterion'];
type ByDerivatives = Exclude<Criterion, 'magnitude' | 'random'>;

/** As the authors' command line has them: three steps, all on the examples that the loss is then looked at on. */
const innerSteps = 3;
const innerTraining = { learningRate: 0.1, momentum: 0, firstOrder: false };

/** Scores that cannot be had: the run fails, others go on. */
export class ScoreError extends Error {
  constructor(criterion: string, message: string) {
    super(`${criterion}: ${message}`);
    this.name = 'ScoreError';
  }
}

const memory = new ScoreMemory();

/** Scores by one recipe, round by round. Holds threads from the first derivative until it is closed. */
export class Scorer {
  private derivatives: ThreadedDerivatives | null = null;
  private examples: Examples | null = null;

  constructor(private readonly subject: ScoreSubject) {}

  /**
   * @param weights of every parameter of the network, as the recipe's start has them
   * @returns a score for each weight of each layer, the larger the more worth keeping
   * @throws ScoreError, DataError; the signal's reason
   */
  async score(recipe: ScoreRequest, weights: Weights, masks: readonly Mask[]): Promise<readonly Scores[]> {
    const { network, layers } = this.subject;
    switch (recipe.criterion) {
      case 'magnitude':
        return layers.map(({ name }) => weights[placeOf(name, network)]!.map(Math.abs));
      case 'random':
        return layers.map(({ name, size }) => randomScores(recipe.seed ?? 0, name, size));
      case 'snip':
      case 'grasp':
      case 'synflow':
      case 'prospr':
      case 'wanda':
        return this.remembered(recipe, recipe.criterion, weights, masks);
    }
  }

  async close(): Promise<void> {
    await this.derivatives?.close();
    this.derivatives = null;
  }

  /** Levels that differ only in where the same scores are cut share them. */
  private async remembered(
    recipe: ScoreRequest,
    criterion: ByDerivatives,
    weights: Weights,
    masks: readonly Mask[],
  ): Promise<readonly Scores[]> {
    const { network, inputs } = this.subject;
    const { start, seed, examples } = recipe;
    const key = JSON.stringify([inputs.model, inputs.data, network.loss, criterion, start, seed, examples]);
    const whole = masks.every(({ kept, size }) => kept === size);
    const known = whole ? memory.get(key) : undefined;
    if (known) return known;
    const scores = await this.byDerivatives(recipe, criterion, weights, masks);
    if (whole) memory.set(key, scores);
    return scores;
  }

  private async byDerivatives(
    recipe: ScoreRequest,
    criterion: ByDerivatives,
    weights: Weights,
    masks: readonly Mask[],
  ): Promise<readonly Scores[]> {
    const { network, layers, threads, signal } = this.subject;
    const plan = plannedFor(criterion, network);
    this.derivatives ??= await ThreadedDerivatives.create(plan, threads);
    const subject: Subject = {
      plan,
      derivatives: this.derivatives,
      weights: masked(weights, masks, layers, network),
      // as Synaptic-Flow scores; ProsPr trains, and so do its statistics
      statistics: criterion === 'prospr' ? 'batch' : 'moving',
      ...(signal && { signal }),
    };
    const scores = await (
      criterion === 'synflow' ? synflow(subject) : scoresOn(this.drawn(recipe), criterion, subject)
    ).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error instanceof Error ? new ScoreError(criterion, error.message) : error;
    });
    const wild = scores.findIndex(values => !values.every(Number.isFinite));
    if (wild >= 0) {
      throw new ScoreError(
        criterion,
        `the scores of ${layers[wild]!.name} are not finite: the untrained network's outputs are too large, initialise its weights smaller`,
      );
    }
    return scores;
  }

  private drawn({ examples, seed = 0 }: ScoreRequest): Examples {
    const { data } = this.subject;
    this.examples ??= examplesOf(data, drawExamples(data, examples, seed));
    return this.examples;
  }
}

function scoresOn(
  examples: Examples,
  criterion: Exclude<ByDerivatives, 'synflow'>,
  subject: Subject,
): Promise<Float64Array[]> {
  switch (criterion) {
    case 'snip':
      return snip(subject, [examples]);
    case 'grasp':
      return grasp(subject, [examples]);
    case 'wanda':
      return inputSquares(subject, [examples]);
    case 'prospr':
      return prospr(subject, new Array<Examples>(innerSteps).fill(examples), examples, innerTraining);
  }
}

function plannedFor(criterion: Criterion, network: Network): Plan {
  if (isPlan(network)) return network;
  const { layer, className } = network.uncovered;
  throw new ScoreError(
    criterion,
    `needs derivatives of every layer, and those of "${layer}" (${className}) are not known here: compare with magnitude-init or random instead`,
  );
}

function placeOf(name: string, { parameters }: Network): number {
  return parameters.findIndex(parameter => parameter.name === name);
}

function masked(
  weights: Weights,
  masks: readonly Mask[],
  layers: readonly PrunableLayer[],
  network: Network,
): Float64Array[] {
  const values = weights.map(some => Float64Array.from(some));
  layers.forEach(({ name }, i) => {
    const mask = masks[i]!;
    if (mask.kept === mask.size) return;
    const kernel = values[placeOf(name, network)]!;
    for (let at = 0; at < kernel.length; at++) if (!mask.has(at)) kernel[at] = 0;
  });
  return values;
}

/** A stream for each layer, so that one layer's size does not move the others. */
function randomScores(seed: number, layer: string, size: number): Float64Array {
  const random = new Random(seed, 'scores', layer);
  return Float64Array.from({ length: size }, () => random.nextFloat());
}

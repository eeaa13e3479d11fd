/** A session laid out on the device: launches of a training step and of an evaluation, and the memory they work in. */
import type { PlanSetup } from './planSetup';
import type { SplitName } from '../trainer';
import type { DeviceData } from './deviceData';
import type { Dispatch } from './dispatch';
import { analyze, type Graph, type GraphNode } from './graph';
import { gather } from './input';
import { loss, resultFloats } from './loss';
import { beginning, type DeviceMemory, type Range, type Storage } from './memory';
import { launchesOf } from './ops';
import type { Site } from './ops/operation';
import { Parameters } from './parameters';
import { updateLaunches } from './update';
import { assignSlots, type Lifetime, mergeSizes } from './slots';

/** Batches whose results lie on the device before they are read. */
export const trainingSlots = 8192;

/** An evaluation may use so much memory for its activations, or take the batch of training where that needs more. */
const evaluationBytes = 2 ** 25;
const mostEvaluated = 512;

export interface Program {
  readonly step: readonly Dispatch[];
  /** Brings a batch of a split through the model; its outputs lie at `outputs` then. */
  readonly prediction: Readonly<Record<SplitName, readonly Dispatch[]>>;
  /** The same, and its loss. */
  readonly evaluation: Readonly<Record<SplitName, readonly Dispatch[]>>;
  readonly evaluationBatch: number;
  readonly outputs: Range;
  readonly results: Range;
  /** u32[examples]: order of the epoch at hand. */
  readonly order: Range;
  readonly parameters: Parameters;
}

const noAugmentation = { crop: 0, flip: false };

/** @param setups of replicates: one network and recipe. Nothing that is laid out depends on their number. */
export function compile(setups: readonly PlanSetup[], data: DeviceData, memory: DeviceMemory): Program {
  const setup = setups[0]!;
  const { plan, batchSize, regularization } = setup;
  const graph = analyze(plan);
  const parameters = new Parameters(setups, memory);
  const layout = new Layout(graph, batchSize, memory);
  const { evaluationBatch } = layout;
  const largest = Math.max(...Object.values(data.splits).map(({ count }) => count));
  const slots = Math.max(trainingSlots, Math.ceil(largest / evaluationBatch));
  const results = memory.range('results', 'activations', slots * resultFloats * 4);
  const order = memory.range('order of examples', 'data', data.splits.training.count * 4);
  const scratch = memory.storage('scratch', 'activations');
  const examples = memory.range('losses', 'activations', evaluationBatch * 16);
  const seeds = (replicate: number): Uint32Array => Uint32Array.of(setups[replicate]!.orderSeed ?? 0);
  const seed = memory.filled('seed', 'parameters', seeds, 4);

  const site = (training: boolean): Site => ({
    plan,
    batch: training ? batchSize : evaluationBatch,
    training,
    seed,
    values: buffer =>
      training
        ? beginning(layout.values[buffer]!, graph.sizes[buffer]! * batchSize * 4)
        : beginning(layout.evaluated[buffer]!, graph.sizes[buffer]! * evaluationBatch * 4),
    gradients: buffer => beginning(layout.gradients[buffer]!, graph.sizes[buffer]! * batchSize * 4),
    weights: id => (training ? parameters.weights(id) : parameters.evaluatedWeights(id)),
    parameterGradient: id => parameters.gradient(id),
    statistics: id => parameters.statistics(id),
    scratch: bytes => beginning(scratch, bytes),
    own: (label, bytes) => memory.range(label, 'activations', bytes),
  });

  const trainingSite = site(true);
  const nodes = graph.nodes.map(node => launchesOf(node, trainingSite));
  const output = trainingSite.values(graph.output);
  const classWeights =
    setup.classWeights &&
    memory.filled(
      'class weights',
      'parameters',
      () => Float32Array.from(setup.classWeights ?? []),
      setup.classWeights.length * 4,
    );
  const gradient = { range: trainingSite.gradients(graph.output), settling: graph.outputGradient };
  const { training } = data.splits;
  const step = [
    gather(trainingSite, data, training, order, regularization.augmentation, trainingSite.values(0)),
    ...nodes.flatMap(({ forward }) => forward),
    ...loss(trainingSite, setup, data, training, { output, gradient, order, classWeights, results, examples }),
    ...nodes.toReversed().flatMap(({ backward }) => backward),
    ...updateLaunches(parameters, setup, memory, trainingSite.scratch),
  ];

  const evaluationSite = site(false);
  const forward = graph.nodes.flatMap(node => launchesOf(node, evaluationSite).forward);
  const outputs = evaluationSite.values(graph.output);
  const ofSplits = <T>(make: (name: SplitName) => T): Readonly<Record<SplitName, T>> => ({
    training: make('training'),
    validation: make('validation'),
    test: make('test'),
  });
  const prediction = ofSplits(name => [
    gather(evaluationSite, data, data.splits[name], null, noAugmentation, evaluationSite.values(0)),
    ...forward,
  ]);
  const target = { output: outputs, gradient: null, order: null, classWeights: null, results, examples };
  const evaluation = ofSplits(name => [
    ...prediction[name],
    ...loss(evaluationSite, setup, data, data.splits[name], target),
  ]);
  return { step, prediction, evaluation, evaluationBatch, outputs, results, order, parameters };
}

/** Where activations and gradients lie. Those of a batch are kept to the end of the step; the others take turns. */
class Layout {
  readonly values: readonly Storage[];
  /** Undefined where nobody wants the gradient. */
  readonly gradients: readonly (Storage | undefined)[];
  /** Values while evaluating. */
  readonly evaluated: readonly Storage[];
  readonly evaluationBatch: number;

  constructor(graph: Graph, batchSize: number, memory: DeviceMemory) {
    const gradientLives = gradientLifetimes(graph);
    const gradientSlots = assignSlots([...gradientLives.values()]);
    const evaluationSlots = assignSlots(valueLifetimes(graph));
    const perExample = evaluationSlots.sizes.reduce((sum, bytes) => sum + bytes, 0);
    this.evaluationBatch = Math.max(batchSize, Math.min(mostEvaluated, Math.floor(evaluationBytes / perExample)));

    // an evaluation takes what a step uses, the largest first
    const trained = [...graph.sizes.map(size => size * 4), ...gradientSlots.sizes].map(bytes => bytes * batchSize);
    const evaluated = evaluationSlots.sizes.map(bytes => bytes * this.evaluationBatch);
    const storages = mergeSizes(trained, evaluated).map((bytes, i) =>
      memory.storage(`activations ${String(i)}`, 'activations', bytes),
    );
    const inTraining = ranked(trained, storages);
    const inEvaluation = ranked(evaluated, storages);
    this.values = graph.sizes.map((_, buffer) => inTraining[buffer]!);
    const gradients: (Storage | undefined)[] = [];
    [...gradientLives.keys()].forEach((buffer, i) => {
      gradients[buffer] = inTraining[graph.sizes.length + gradientSlots.slots[i]!]!;
    });
    this.gradients = gradients;
    this.evaluated = evaluationSlots.slots.map(slot => inEvaluation[slot]!);
  }
}

/** To each size the storage of its rank. */
function ranked(sizes: readonly number[], storages: readonly Storage[]): Storage[] {
  const order = sizes.map((_, i) => i).toSorted((a, b) => sizes[b]! - sizes[a]! || a - b);
  const placed: Storage[] = [];
  order.forEach((i, rank) => {
    placed[i] = storages[rank]!;
  });
  return placed;
}

/** Bytes of an example; times are numbers of nodes, forwards. */
function valueLifetimes({ nodes, sizes, output }: Graph): Lifetime[] {
  return sizes.map((size, buffer) => {
    const touches = (node: GraphNode): boolean => node.output === buffer || node.inputs.includes(buffer);
    const from = buffer === 0 ? -1 : nodes.findIndex(touches);
    const to = buffer === output ? nodes.length : nodes.findLastIndex(touches);
    return { bytes: size * 4, from, to };
  });
}

/** By buffer; times run backwards from the loss, at 0. */
function gradientLifetimes({ nodes, sizes, output }: Graph): Map<number, Lifetime> {
  const lives = new Map<number, Lifetime>();
  const extend = (buffer: number, time: number): void => {
    const life = lives.get(buffer) ?? { bytes: sizes[buffer]! * 4, from: time, to: time };
    lives.set(buffer, { ...life, from: Math.min(life.from, time), to: Math.max(life.to, time) });
  };
  extend(output, 0);
  nodes.toReversed().forEach((node, i) => {
    if (lives.has(node.output)) extend(node.output, i + 1);
    node.inputs.forEach((input, k) => {
      if (node.gradients[k]) extend(input, i + 1);
    });
  });
  return lives;
}

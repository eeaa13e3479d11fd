/**
 * A plan laid out in memory: every buffer with its address, every op in the form that suits it. Made once a session by
 * the leading thread; plain data, so that it travels to the other threads.
 */
import type { OptimizerConfig } from '../../shared/experiment';
import { planOf } from '../network';
import type { Plan } from '../plan/plan';
import {
  MemoryLimitError,
  type MemoryPlan,
  type Regularization,
  type SessionState,
  type TrainingSetup,
} from '../trainer';
import { analyze, type Graph } from './graph';
import { type Buffer, isNoPadding, type Layout, layoutOf } from './layout';
import { defersUpdates, type PanelPlan, planEvaluation, planTraining } from './liveness';
import { pairExamples } from './forward';
import { Arena, copyIn, type DataLayout, lanes, memoryLimit } from './memory';
import { facts, type PlacedOp, placeOp } from './ops';
import type { ActiveInputs } from './ops/operation';
import { ProgramSite, type StateReaders, type StoredTensor } from './site';
import { placeStream, type StreamArea } from './stream';
import { planUpdates, type UpdateTimes } from './updateTimes';
import type { WasmMemory } from './webassembly';

/**
 * Density below which a dense layer is stored as compressed rows. Measured (bench/notes.md): there the three passes over
 * kept weights cost less than the dense ones. It decides speed only: both forms give the same bits.
 */
export const defaultCompressBelow = 0.4;

/** What each thread has to itself. */
export interface ThreadArea {
  /** Optimiser settings and, behind them, room for a bias gradient. */
  readonly settings: number;
  /** Room for whatever an instruction is at. */
  readonly scratch: number;
  /** { f32 } one over the examples of the batch. */
  readonly scale: number;
  /** f64 result of a loss kernel, with its scratch. */
  readonly result: number;
  /** u32[32]: numbers of the examples of two panels, while evaluating. */
  readonly rows: number;
  /** Labels of two panels, while evaluating. */
  readonly labels: number;
  /** Active inputs of the two panels, while evaluating. */
  readonly active: ActiveInputs | null;
  /** Inputs of the examples of two panels as they lie in a file, while evaluating from there. */
  readonly neighbours: number;
  /** Augmented examples of a panel; u32[16], how each is cropped and mirrored, and behind it their numbers, 0 to 15. */
  readonly staging: number;
  readonly choices: number;
}

/** Zeros to write around an image before an op does, since others used the memory. */
export interface Clearing {
  readonly layout: Layout;
  readonly buffer: number;
  readonly isGradient: boolean;
  /** Memory of an evaluation is always used again, that of a batch only where the plan says so. */
  readonly whileTraining: boolean;
}

export interface ProgramNode {
  readonly op: PlacedOp;
  /** Before the forward, and before the backward pass. */
  readonly clearForward: readonly Clearing[];
  readonly clearBackward: readonly Clearing[];
}

export interface Program {
  readonly threads: number;
  readonly panels: number;
  readonly batchSize: number;
  readonly fromStep: number;
  /** Of the optimiser, in sessions before this one. */
  readonly updatesBefore: number;
  readonly totalSteps: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: TrainingSetup['schedule'];
  readonly regularization: Regularization;
  readonly orderSeed: number | null;
  readonly loss: Plan['loss'];
  readonly outputs: number;
  readonly buffers: readonly Buffer[];
  readonly inputBuffer: number;
  readonly outputBuffer: number;
  readonly nodes: readonly ProgramNode[];
  readonly updates: UpdateTimes;
  /** Distance between the two panels of an evaluation. */
  readonly evaluationStride: number;
  readonly tensors: readonly StoredTensor[];
  /** f64 per chunk of the tensors: Σ g². */
  readonly norms: number;
  readonly areas: readonly ThreadArea[];
  /** u32[examples]: order of the epoch at hand. */
  readonly order: number;
  /**
   * Set where an op takes the input as it is and does the standardisation's shift itself: the panels then hold zeros
   * where the pixels do, and inputs that are 0 in a whole panel are passed over.
   */
  readonly active: ActiveInputs | null;
  /** Of each panel of a batch: i32[16], or targets f32[outputs][16]. */
  readonly labels: number;
  /** Bytes of the labels of one panel. */
  readonly labelStride: number;
  /** f32[classes]; 0: all classes weigh alike. */
  readonly classWeights: number;
  /** f64 per panel of a batch: its summed loss. */
  readonly losses: number;
  /** { f64 Σ loss, f64 hits } per panel of the largest split. */
  readonly results: number;
  /** Outputs of a stretch of examples, row-major, and how many pairs of panels it holds. */
  readonly outputRows: number;
  readonly outputPairs: number;
  /** Where the inputs lie in files. */
  readonly stream: StreamArea | null;
  readonly memory: MemoryPlan;
}

export interface Sharing {
  readonly threads: number;
  /** Density below which a dense layer is stored as compressed rows. */
  readonly compressBelow: number;
}

/** What the leader keeps to read weights and optimiser state back. */
export interface Compiled {
  readonly program: Program;
  readonly readWeights: () => Float32Array[];
  readonly readState: () => Omit<SessionState, 'updates'>;
}

/** Gradients whose squares are summed by one thread, in order, before the sums are. */
export const normChunk = 16_384;

/** @throws MemoryLimitError before anything is allocated */
export function compile(setup: TrainingSetup, data: DataLayout, memory: WasmMemory, sharing: Sharing): Compiled {
  const plan = planOf(setup.network);
  const { regularization } = setup;
  const { threads, compressBelow } = sharing;
  const panels = Math.ceil(setup.batchSize / lanes);
  const largest = Math.max(...Object.values(data.splits).map(split => split.count));
  const arena = new Arena(data.end);

  const graph = analyze(plan, facts);
  const updates = planUpdates(graph, facts, defersUpdates(graph, panels));
  const training = planTraining(graph, facts, updates);
  const evaluation = planEvaluation(graph);
  const activationsBegin = arena.end;
  const trainingBase = arena.allocate(panels * training.bytes);
  const evaluationBases = Array.from({ length: threads }, () => arena.allocate(2 * evaluation.bytes));
  const buffers = placeBuffers(graph, training, trainingBase, evaluation, evaluationBases);
  const activationsEnd = arena.end;

  const site = new ProgramSite(setup, buffers, threads, panels, compressBelow, arena, inputShift(graph, setup, data));
  const takesShift = site.sharedShift !== null;
  const ops = graph.nodes.map(({ op, placement }) => placeOp(op, placement, site));
  const parametersEnd = arena.end;

  const features = layoutOf([data.features], buffers[graph.inputBuffer]!.values.frame).bytes / 64;
  const exampleBytes = data.features * (data.bytes ? 1 : 4);
  const isStored = Object.values(data.splits).some(({ stored }) => stored !== null);
  const augments = regularization.augmentation.crop > 0 || regularization.augmentation.flip;
  const outputs = plan.activations.at(-1)!.size;
  const labelStride = lanes * 4 * (data.task === 'regression' ? outputs : 1);
  const { classWeights } = setup;
  const outputPairs = pairsOfOutputs(outputs, threads, largest);
  const program: Omit<Program, 'memory'> = {
    threads,
    panels,
    batchSize: setup.batchSize,
    fromStep: setup.fromStep,
    updatesBefore: setup.state?.updates ?? 0,
    totalSteps: setup.totalSteps,
    optimizer: setup.optimizer,
    schedule: setup.schedule,
    regularization,
    orderSeed: setup.orderSeed,
    loss: plan.loss,
    outputs,
    buffers,
    inputBuffer: graph.inputBuffer,
    outputBuffer: graph.outputBuffer,
    nodes: ops.map((op, index) => ({ op, ...clearings(graph, index, buffers, training) })),
    updates,
    evaluationStride: evaluation.bytes,
    tensors: site.tensors,
    norms: arena.allocate(site.tensors.reduce((sum, { count }) => sum + Math.ceil(count / normChunk), 0) * 8),
    areas: Array.from({ length: threads }, (): ThreadArea => ({
      settings: arena.allocate(128),
      scratch: arena.allocate(site.scratchBytes),
      scale: arena.allocate(16),
      result: arena.allocate(64),
      rows: arena.allocate(2 * lanes * 4),
      labels: arena.allocate(2 * labelStride),
      active: takesShift ? placeActive(arena, features, 2) : null,
      neighbours: arena.allocate(isStored ? pairExamples * exampleBytes : 0),
      staging: arena.allocate(augments ? lanes * exampleBytes : 0),
      choices: arena.allocate(2 * lanes * 4),
    })),
    order: arena.allocate(data.splits.training.count * 4),
    active: takesShift ? placeActive(arena, features, panels) : null,
    labels: arena.allocate(panels * labelStride),
    labelStride,
    classWeights:
      classWeights === null
        ? 0
        : arena.allocate(classWeights.length * 4, (buffer, at) => {
            copyIn(buffer, at, Float32Array.from(classWeights));
          }),
    losses: arena.allocate(panels * 8),
    results: arena.allocate((Math.ceil(largest / lanes) + 1) * 16),
    outputRows: arena.allocate(outputPairs * pairExamples * outputs * 4),
    outputPairs,
    stream: isStored ? placeStream(arena, panels * lanes, exampleBytes) : null,
  };

  const plannedMemory: MemoryPlan = {
    data: activationsBegin,
    parameters: parametersEnd - activationsEnd,
    activations: activationsEnd - activationsBegin + (arena.end - parametersEnd),
    total: arena.end,
  };
  const limit = memoryLimit();
  if (arena.end > limit) throw new MemoryLimitError(plannedMemory, limit, setup.batchSize);
  arena.commit(memory);
  return {
    program: { ...program, memory: plannedMemory },
    readWeights: () => plan.parameters.map((_, parameter) => site.readers.get(parameter)!(memory.buffer).slice()),
    readState: () => {
      const read = (which: keyof StateReaders): (Float32Array | null)[] =>
        plan.parameters.map((_, parameter) => site.states.get(parameter)?.[which]?.(memory.buffer) ?? null);
      return { first: read('first'), second: read('second'), raw: read('raw') };
    },
  };
}

/** Whatever the size of a split, its outputs pass through this much memory, or one pair of panels for each thread. */
const outputBytes = 2 ** 20;

function pairsOfOutputs(outputs: number, threads: number, examples: number): number {
  const fitting = Math.floor(outputBytes / (pairExamples * outputs * 4));
  return Math.min(Math.max(threads, fitting), Math.max(1, Math.ceil(examples / pairExamples)));
}

function placeBuffers(
  graph: Graph,
  training: PanelPlan,
  trainingBase: number,
  evaluation: PanelPlan,
  evaluationBases: readonly number[],
): Buffer[] {
  const at = (base: number, offset: number): number => (offset < 0 ? 0 : base + offset);
  return graph.buffers.map(({ shape, storage, frame, gradientFrame }): Buffer => {
    const place = training.places[storage]!;
    return {
      values: { ...layoutOf(shape, frame), panelBytes: training.bytes },
      trainingValues: at(trainingBase, place.values),
      evaluationValues: evaluationBases.map(base => at(base, evaluation.places[storage]!.values)),
      gradients: { ...layoutOf(shape, gradientFrame), panelBytes: training.bytes },
      trainingGradients: at(trainingBase, place.gradients),
    };
  });
}

/** The shift of the inputs, where one dense layer alone takes them and nothing needs its biases as they are. */
function inputShift(graph: Graph, { regularization }: TrainingSetup, data: DataLayout): ProgramSite['sharedShift'] {
  const { storage } = graph.buffers[graph.inputBuffer]!;
  const takers = graph.nodes.filter(({ placement }) =>
    placement.inputs.some(input => graph.buffers[input]!.storage === storage),
  );
  const plain = regularization.clipNorm === null && regularization.averageDecay === null;
  if (data.commonShift === null || !plain || takers.length !== 1 || takers[0]!.op.kind !== 'dense') return null;
  const input = graph.buffers.flatMap((buffer, index) => (buffer.storage === storage ? [index] : []));
  return { input, shift: data.commonShift };
}

/** Frames that are not 0 any more when an op comes to write, or add to, the image inside. */
function clearings(
  graph: Graph,
  index: number,
  buffers: readonly Buffer[],
  training: PanelPlan,
): Pick<ProgramNode, 'clearForward' | 'clearBackward'> {
  const { inputs, output, gradients } = graph.nodes[index]!.placement;
  const isFirst = graph.nodes.findIndex(({ placement }) => placement.output === output) === index;
  const clearing = (buffer: number, isGradient: boolean): Clearing[] => {
    const layout = isGradient ? buffers[buffer]!.gradients : buffers[buffer]!.values;
    const { valuesShared, gradientsShared } = training.places[graph.buffers[buffer]!.storage]!;
    const whileTraining = isGradient ? gradientsShared : valuesShared;
    return isNoPadding(layout.frame) ? [] : [{ layout, buffer, isGradient, whileTraining }];
  };
  return {
    clearForward: isFirst ? clearing(output, false) : [],
    clearBackward: inputs.flatMap((input, i) => {
      const target = gradients[i];
      return target && !target.accumulate && input !== output ? clearing(input, true) : [];
    }),
  };
}

function placeActive(arena: Arena, features: number, panels: number): ActiveInputs {
  const listStride = (features + 1) * 4;
  const pairStride = features / 2;
  return {
    lists: arena.allocate(panels * listStride),
    listStride,
    pairs: arena.allocate(panels * pairStride),
    pairStride,
  };
}

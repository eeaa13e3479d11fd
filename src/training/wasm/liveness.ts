/** Where activations and their gradients lie within the region of a panel: memory of what is no longer needed is used again. */
import type { Facts, Graph, GraphNode } from './graph';
import { layoutOf } from './layout';
import type { UpdateTimes } from './updateTimes';

/** A tensor that must lie still from one moment to another (both included). */
export interface Lifetime {
  readonly bytes: number;
  from: number;
  to: number;
}

export interface Packing {
  /** Of each lifetime. */
  readonly offsets: readonly number[];
  /** Whether others use some of the same bytes at other times. */
  readonly shared: readonly boolean[];
  readonly bytes: number;
}

/** Largest first, each at the lowest place where nothing lives at the same time. */
export function pack(lifetimes: readonly Lifetime[]): Packing {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const shared = new Array<boolean>(lifetimes.length).fill(false);
  const placed: number[] = [];
  const order = lifetimes.map((_, i) => i).toSorted((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  let bytes = 0;
  for (const i of order) {
    const { bytes: size, from, to } = lifetimes[i]!;
    const alive = placed
      .filter(j => lifetimes[j]!.from <= to && from <= lifetimes[j]!.to)
      .toSorted((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const j of alive) {
      if (offsets[j]! >= offset + size) break;
      offset = Math.max(offset, offsets[j]! + lifetimes[j]!.bytes);
    }
    offsets[i] = offset;
    for (const j of placed) {
      if (offsets[j]! >= offset + size || offset >= offsets[j]! + lifetimes[j]!.bytes) continue;
      shared[i] = true;
      shared[j] = true;
    }
    placed.push(i);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, shared, bytes };
}

/** Of a storage: bytes from the start of a panel's region, −1 where it is not kept. */
export interface StoragePlace {
  readonly values: number;
  readonly gradients: number;
  readonly valuesShared: boolean;
  readonly gradientsShared: boolean;
}

export interface PanelPlan {
  readonly places: readonly StoragePlace[];
  /** Of one panel. */
  readonly bytes: number;
}

/** Gradients of a batch that fit into the caches' last level need not be given up before the end of the step. */
const deferredBytes = 16 * 2 ** 20;

/** Whether all parameters are updated after the whole backward pass, with two meetings of the threads a step. */
export function defersUpdates(graph: Graph, panels: number): boolean {
  const bytes = graph.buffers.reduce(
    (sum, { wantsGradient, shape, gradientFrame }) => sum + (wantsGradient ? layoutOf(shape, gradientFrame).bytes : 0),
    0,
  );
  return bytes * panels <= deferredBytes;
}

export function planTraining(graph: Graph, facts: Facts, updates: UpdateTimes): PanelPlan {
  const { nodes } = graph;
  const lossTime = nodes.length;
  const backwardTime = (index: number): number => lossTime + nodes.length - index;
  const lives = new Lives(graph);
  lives.values(graph.inputBuffer, -1);
  nodes.forEach(({ op, placement }, index) => {
    const { keeps, updates: reads } = facts(op.kind);
    const kept = keeps(op as never);
    const wantsInputs = placement.gradients.some(target => target !== null);
    const readsPanels = reads === 'all panels' || (reads === 'own sums' && !wantsInputs);
    const last = readsPanels ? backwardTime(updates.readUntil[index]!) : backwardTime(index);
    placement.inputs.forEach((input, i) => {
      lives.values(input, index);
      if (kept.inputs) lives.values(input, last);
      const target = placement.gradients[i];
      if (!target) return;
      lives.gradients(input, backwardTime(index));
      if (target.rectify) lives.values(input, backwardTime(index));
    });
    lives.values(placement.output, index);
    if (kept.output) lives.values(placement.output, backwardTime(index));
    if (graph.buffers[placement.output]!.wantsGradient) lives.gradients(placement.output, last);
  });
  lives.values(graph.outputBuffer, lossTime);
  lives.gradients(graph.outputBuffer, lossTime);
  return lives.pack();
}

export function planEvaluation(graph: Graph): PanelPlan {
  const lives = new Lives(graph);
  lives.values(graph.inputBuffer, -1);
  graph.nodes.forEach(({ placement }: GraphNode, index) => {
    for (const buffer of [...placement.inputs, placement.output]) lives.values(buffer, index);
  });
  lives.values(graph.outputBuffer, graph.nodes.length);
  return lives.pack();
}

/** Lifetimes of the storages of a graph, as they grow. */
class Lives {
  private readonly ofValues: (Lifetime | undefined)[] = [];
  private readonly ofGradients: (Lifetime | undefined)[] = [];

  constructor(private readonly graph: Graph) {}

  values(buffer: number, time: number): void {
    const { storage, shape, frame } = this.graph.buffers[buffer]!;
    extend((this.ofValues[storage] ??= { bytes: layoutOf(shape, frame).bytes, from: time, to: time }), time);
  }

  gradients(buffer: number, time: number): void {
    const { storage, shape, gradientFrame } = this.graph.buffers[buffer]!;
    extend((this.ofGradients[storage] ??= { bytes: layoutOf(shape, gradientFrame).bytes, from: time, to: time }), time);
  }

  pack(): PanelPlan {
    const tensors = [...this.ofValues, ...this.ofGradients].filter(tensor => tensor !== undefined);
    const { offsets, shared, bytes } = pack(tensors);
    const offset = (tensor: Lifetime | undefined): number => (tensor ? offsets[tensors.indexOf(tensor)]! : -1);
    const isShared = (tensor: Lifetime | undefined): boolean =>
      tensor !== undefined && shared[tensors.indexOf(tensor)]!;
    const storages = Math.max(...this.graph.buffers.map(({ storage }) => storage)) + 1;
    const places = Array.from({ length: storages }, (_, storage): StoragePlace => {
      const values = this.ofValues[storage];
      const gradients = this.ofGradients[storage];
      return {
        values: offset(values),
        gradients: offset(gradients),
        valuesShared: isShared(values),
        gradientsShared: isShared(gradients),
      };
    });
    return { places, bytes };
  }
}

function extend(lifetime: Lifetime, time: number): void {
  lifetime.from = Math.min(lifetime.from, time);
  lifetime.to = Math.max(lifetime.to, time);
}

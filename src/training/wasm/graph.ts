/**
 * A plan as the wasm executor runs it: relus fused with the ops before them, activations in place where they can be,
 * reshapes as other views of the same memory, and copies where an op needs a frame of zeros that its neighbours do not keep.
 */
import { type ActivationOp, type Padding, type Plan, type PlanOp, type ReshapeOp } from '../plan/plan';
import { isNoPadding, noPadding } from './layout';
import type { GradientTarget, Placement } from './ops/operation';

export type RunOp = Exclude<PlanOp, ReshapeOp>;

/** What the analysis needs to know of a kind of op; see ops/operation.ts. */
export interface KindFacts {
  readonly framed: boolean;
  readonly rectifies: boolean;
  readonly meets: boolean;
  readonly updates: 'all panels' | 'own sums' | null;
  readonly keeps: (op: never) => { readonly inputs: boolean; readonly output: boolean };
  readonly frames: (op: never, plan: Plan) => { readonly inputs: Padding; readonly outputGradient: Padding };
}
export type Facts = (kind: RunOp['kind']) => KindFacts;

export interface GraphBuffer {
  readonly shape: readonly number[];
  /** Buffers of one storage are views of the same memory. */
  readonly storage: number;
  readonly frame: Padding;
  readonly gradientFrame: Padding;
  readonly wantsGradient: boolean;
}

export interface GraphNode {
  readonly op: RunOp;
  readonly placement: Placement;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly buffers: readonly GraphBuffer[];
  readonly inputBuffer: number;
  readonly outputBuffer: number;
}

interface DraftNode {
  op: RunOp;
  inputs: number[];
  output: number;
  rectify: boolean;
}

interface DraftBuffer {
  readonly shape: readonly number[];
  readonly storage: number;
  frame: Padding;
  gradientFrame: Padding;
}

export function analyze(plan: Plan, facts: Facts): Graph {
  const analysis = new Analysis(plan, facts);
  analysis.readOps();
  analysis.giveFrames();
  return analysis.finish();
}

class Analysis {
  private readonly nodes: DraftNode[] = [];
  private readonly buffers: DraftBuffer[] = [];
  /** By the plan's activation. */
  private readonly bufferOf: number[] = [];
  /** Storages whose values are what a fused relu left. */
  private readonly rectified = new Set<number>();
  private readonly takers = new Map<number, PlanOp[]>();
  private storages = 0;

  constructor(
    private readonly plan: Plan,
    private readonly facts: Facts,
  ) {
    for (const op of plan.ops) for (const id of op.inputs) this.takers.set(id, [...(this.takers.get(id) ?? []), op]);
  }

  readOps(): void {
    this.bufferOf[0] = this.newBuffer(this.plan.activations[0]!.shape);
    const fused = new Set<PlanOp>();
    for (const op of this.plan.ops) {
      if (fused.has(op)) continue;
      const inputs = op.inputs.map(id => this.bufferOf[id]!);
      const shape = this.plan.activations[op.output]!.shape;
      if (op.kind === 'activation' && op.activation === 'linear') {
        this.bufferOf[op.output] = inputs[0]!;
      } else if (op.kind === 'reshape') {
        this.bufferOf[op.output] = this.newBuffer(shape, this.buffers[inputs[0]!]!.storage);
      } else if (op.kind === 'activation' && this.fitsInPlace(op, inputs[0]!)) {
        this.bufferOf[op.output] = inputs[0]!;
        this.nodes.push({ op, inputs, output: inputs[0]!, rectify: false });
      } else {
        const output = this.newBuffer(shape);
        const relu = this.fusibleRelu(op);
        if (relu) {
          fused.add(relu);
          this.bufferOf[relu.output] = output;
          this.rectified.add(this.buffers[output]!.storage);
        }
        this.bufferOf[op.output] = output;
        this.nodes.push({ op, inputs, output, rectify: relu !== null });
      }
    }
  }

  /** Each buffer gets the largest frame that a neighbour needs; a copy with that frame where it cannot have one itself. */
  giveFrames(): void {
    // copies made on the way have all they need
    const { length } = this.buffers;
    for (let buffer = 0; buffer < length; buffer++) this.giveFrame(buffer);
  }

  finish(): Graph {
    const { plan } = this;
    const trained = new Set<number>();
    for (const { op, inputs, output } of this.nodes) {
      const learns = hasParameters(op) || inputs.some(input => trained.has(this.storageOf(input)));
      if (learns) trained.add(this.storageOf(output));
    }
    return {
      nodes: this.targets(trained),
      buffers: this.buffers.map(buffer => ({ ...buffer, wantsGradient: trained.has(buffer.storage) })),
      inputBuffer: 0,
      outputBuffer: this.bufferOf[plan.ops.at(-1)!.output]!,
    };
  }

  private newBuffer(shape: readonly number[], storage = this.storages++): number {
    this.buffers.push({ shape, storage, frame: noPadding, gradientFrame: noPadding });
    return this.buffers.length - 1;
  }

  private storageOf(buffer: number): number {
    return this.buffers[buffer]!.storage;
  }

  /** The relu that is all that takes the output of an op that can end in one. */
  private fusibleRelu(op: RunOp): ActivationOp | null {
    const [next, ...others] = this.takers.get(op.output) ?? [];
    if (!this.facts(op.kind).rectifies || others.length > 0) return null;
    if (next?.kind !== 'activation' || next.activation !== 'relu') return null;
    // at the end of the model nobody would apply the relu to the gradient
    return next === this.plan.ops.at(-1) ? null : next;
  }

  /** Where nothing else looks at what lay there: neither another op, nor a derivative that is told from it. */
  private fitsInPlace(op: ActivationOp, input: number): boolean {
    const id = op.inputs[0]!;
    const producer = this.nodes.findLast(node => node.output === input);
    if (!producer || this.plan.ops.find(other => other.output === id)?.kind === 'reshape') return false;
    if (this.takers.get(id)!.length > 1 || this.rectified.has(this.storageOf(input))) return false;
    return !this.keeps(op).inputs && !this.keeps(producer.op).output;
  }

  private keeps(op: RunOp): { readonly inputs: boolean; readonly output: boolean } {
    return this.facts(op.kind).keeps(op as never);
  }

  private frames(op: RunOp): { readonly inputs: Padding; readonly outputGradient: Padding } {
    return this.facts(op.kind).frames(op as never, this.plan);
  }

  private giveFrame(index: number): void {
    const buffer = this.buffers[index]!;
    const producers = this.nodes.filter(node => node.output === index);
    const consumers = this.nodes.filter(node => node.inputs.includes(index) && node.output !== index);
    const views = this.buffers.filter(({ storage }) => storage === buffer.storage).length;
    const gradientFrame = union(producers.map(({ op }) => this.frames(op).outputGradient));
    const isFree = index !== 0 && views === 1 && producers.every(({ op }) => this.facts(op.kind).framed);
    const allFramed = consumers.every(({ op }) => this.facts(op.kind).framed);
    if (!isNoPadding(gradientFrame) && !(isFree && allFramed)) {
      this.detach(index, gradientFrame);
      return;
    }
    buffer.gradientFrame = gradientFrame;
    const frame = union(consumers.map(({ op }) => this.frames(op).inputs));
    if (isNoPadding(frame)) return;
    if (isFree && allFramed) {
      buffer.frame = frame;
      return;
    }
    this.copyFor(
      index,
      consumers.filter(({ op }) => !isNoPadding(this.frames(op).inputs)),
      frame,
    );
  }

  /** The op writes into a buffer of its own, whose gradient has the frame; what follows takes a copy. */
  private detach(index: number, gradientFrame: Padding): void {
    const { shape } = this.buffers[index]!;
    const own = this.newBuffer(shape);
    const ownBuffer = this.buffers[own]!;
    ownBuffer.gradientFrame = gradientFrame;
    if (this.rectified.delete(this.storageOf(index))) this.rectified.add(ownBuffer.storage);
    const last = this.nodes.findLastIndex(node => node.output === index);
    for (const node of this.nodes) {
      if (node.output !== index) continue;
      node.output = own;
      // in place
      node.inputs = node.inputs.map(input => (input === index ? own : input));
    }
    this.nodes.splice(last + 1, 0, this.copy(own, index));
    this.giveFrame(index);
  }

  private copyFor(index: number, consumers: readonly DraftNode[], frame: Padding): void {
    const copied = this.newBuffer(this.buffers[index]!.shape);
    this.buffers[copied]!.frame = frame;
    const first = this.nodes.indexOf(consumers[0]!);
    for (const node of consumers) node.inputs = node.inputs.map(input => (input === index ? copied : input));
    this.nodes.splice(first, 0, this.copy(index, copied));
  }

  private copy(input: number, output: number): DraftNode {
    const op: RunOp = { kind: 'zero-padding', layer: 'copy', inputs: [], output: -1, padding: noPadding };
    return { op, inputs: [input], output, rectify: false };
  }

  /** Who writes a gradient first, who adds to it, and who is the last to. */
  private targets(trained: ReadonlySet<number>): GraphNode[] {
    const written = new Set<number>();
    const open = new Map<number, number>();
    for (const { inputs } of this.nodes) {
      for (const input of inputs) open.set(this.storageOf(input), (open.get(this.storageOf(input)) ?? 0) + 1);
    }
    const placed = this.nodes.toReversed().map(({ op, inputs, output, rectify }): GraphNode => {
      const gradients = inputs.map((input): GradientTarget | null => {
        const storage = this.storageOf(input);
        const left = open.get(storage)! - 1;
        open.set(storage, left);
        if (!trained.has(storage)) return null;
        if (input === output) return { accumulate: false, rectify: false };
        const accumulate = written.has(storage);
        written.add(storage);
        return { accumulate, rectify: left === 0 && this.rectified.has(storage) };
      });
      return { op, placement: { layer: op.layer, inputs, output, gradients, rectify } };
    });
    return placed.toReversed();
  }
}

function hasParameters(op: RunOp): boolean {
  if ('kernel' in op) return true;
  return 'gamma' in op && (op.gamma !== null || op.beta !== null);
}

function union(frames: readonly Padding[]): Padding {
  const most = (side: keyof Padding): number => Math.max(0, ...frames.map(frame => frame[side]));
  return { top: most('top'), bottom: most('bottom'), left: most('left'), right: most('right') };
}

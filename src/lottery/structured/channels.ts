/**
 * Follows channels through a network: which of them are one and the same thing, so that none can go without the others.
 * The dependency graph of G. Fang et al., _DepGraph: Towards Any Structural Pruning_, CVPR 2023.
 */
import type { Wiring, WiringOp } from './wiring';

/** A channel that can never go, and why. */
export type Fixed = string | null;

export interface Channels {
  /** How many units there are: channels that go together. */
  readonly units: number;
  /** Of each unit, why it has to stay; null: it may go. */
  readonly fixed: readonly Fixed[];
  /**
   * Of each activation the unit of each channel (place on the last axis), or, where a reshape has mixed channels, of each
   * value.
   */
  readonly activations: readonly Int32Array[];
}

export function followChannels(wiring: Wiring): Channels {
  return new Walk(wiring).result();
}

class Walk {
  /** Union–find over channels. */
  private readonly parents: number[] = [];
  private readonly reasons: Fixed[] = [];
  private readonly values: Int32Array[] = [];

  constructor(private readonly wiring: Wiring) {
    const input = this.fresh(1)[0]!;
    this.reasons[input] = 'the input of the network';
    this.values.push(new Int32Array(wiring.activations[0]!.shape.at(-1) ?? 1).fill(input));
    for (const op of wiring.ops) this.values[op.output] = this.follow(op);
    for (const op of wiring.ops) this.fixMixed(op);
    const end = wiring.ops.at(-1);
    if (end) this.fix(this.values[end.output]!, 'the output of the network');
  }

  result(): Channels {
    const numbers = new Map<number, number>();
    const fixed: Fixed[] = [];
    const activations = this.values.map(value =>
      value.map(channel => {
        const root = this.rootOf(channel);
        let number = numbers.get(root);
        if (number === undefined) {
          number = numbers.size;
          numbers.set(root, number);
          fixed.push(this.reasons[root]!);
        }
        return number;
      }),
    );
    return { units: numbers.size, fixed, activations };
  }

  private follow(op: WiringOp): Int32Array {
    const [input] = op.inputs as [number];
    const outputs = this.wiring.activations[op.output]!;
    switch (op.kind) {
      case 'dense':
        return this.fresh(outputs.size);
      case 'conv2d':
        return this.convolution(op, this.byChannel(input), outputs.shape.at(-1)!);
      case 'add':
        return this.add(op.inputs);
      case 'concatenate':
        return concatenated(op.inputs.map(id => this.byChannel(id)));
      case 'reshape':
        return this.compressed(this.byValue(input), outputs.shape);
      case 'zero-padding':
        return this.padded(op, input);
      case 'layer-normalization':
        return this.fix(this.byChannel(input), `layer normalisation "${op.layer}" takes the mean over it`);
      case 'activation':
        return op.activation === 'softmax'
          ? this.fix(this.byChannel(input), `the softmax "${op.layer}" takes the sum over it`)
          : this.values[input]!;
      case 'dropout':
        return this.values[input]!;
      default:
        // pools and batch normalisation keep channels apart
        return this.byChannel(input);
    }
  }

  /**
   * In groups, the same place of every group goes, so that groups stay of one size; where each channel is a group of its own,
   * as in depthwise convolutions, with the filters over it.
   */
  private convolution({ groups = 1 }: WiringOp, inputs: Int32Array, filters: number): Int32Array {
    const outputs = this.fresh(filters);
    if (groups === 1) return outputs;
    const [inEach, outEach] = [inputs.length / groups, filters / groups];
    if (inEach === 1) {
      outputs.forEach((output, i) => {
        this.unite(output, inputs[Math.floor(i / outEach)]!);
      });
      return outputs;
    }
    inputs.forEach((input, i) => {
      this.unite(input, inputs[i % inEach]!);
    });
    outputs.forEach((output, i) => {
      this.unite(output, outputs[i % outEach]!);
    });
    return outputs;
  }

  private add(ids: readonly number[]): Int32Array {
    const own = ids.map(id => this.values[id]!);
    const mixed = own.some(value => value.length !== own[0]!.length);
    const [first, ...others] = mixed ? ids.map(id => this.byValue(id)) : own;
    for (const other of others) {
      first!.forEach((channel, i) => {
        this.unite(channel, other[i]!);
      });
    }
    return first!;
  }

  /** Zeros that stand where a reshape has put channels are channels themselves. */
  private padded({ padding, output }: WiringOp, input: number): Int32Array {
    const value = this.values[input]!;
    const before = this.wiring.activations[input]!;
    if (value.length === before.shape.at(-1) || !padding) return value;
    const [, columns, depth] = before.shape as [number, number, number];
    const [rowsAfter, columnsAfter] = this.wiring.activations[output]!.shape as [number, number];
    const result = this.fresh(rowsAfter * columnsAfter * depth);
    const rows = before.shape[0]!;
    for (let row = 0; row < rows; row++) {
      const from = row * columns * depth;
      const to = ((row + padding.top) * columnsAfter + padding.left) * depth;
      result.set(value.subarray(from, from + columns * depth), to);
    }
    return result;
  }

  /** By place on the last axis; what a reshape has mixed is united. */
  private byChannel(id: number): Int32Array {
    const value = this.values[id]!;
    const channels = this.wiring.activations[id]!.shape.at(-1)!;
    if (value.length === channels) return value;
    value.forEach((channel, i) => {
      this.unite(channel, value[i % channels]!);
    });
    return (this.values[id] = value.slice(0, channels));
  }

  private byValue(id: number): Int32Array {
    const value = this.values[id]!;
    const { size } = this.wiring.activations[id]!;
    return value.length === size ? value : Int32Array.from({ length: size }, (_, i) => value[i % value.length]!);
  }

  /** By channel where all places of each channel are one unit already. */
  private compressed(value: Int32Array, shape: readonly number[]): Int32Array {
    const channels = shape.at(-1)!;
    const roots = value.map(channel => this.rootOf(channel));
    return roots.every((root, i) => root === roots[i % channels]) ? value.slice(0, channels) : value;
  }

  /** Without some of its units an activation must be an array still: each unit has to be whole places of one axis. */
  private fixMixed({ layer, output }: WiringOp): void {
    const { shape } = this.wiring.activations[output]!;
    const value = this.values[output]!;
    if (value.length === shape.at(-1)) return;
    const roots = value.map(channel => this.rootOf(channel));
    let stride = value.length;
    const isArray = shape.some(length => {
      stride /= length;
      const first = (i: number): number => (Math.floor(i / stride) % length) * stride;
      return roots.every((root, i) => root === roots[first(i)]);
    });
    if (!isArray) this.fix(value, `"${layer}" takes it apart`);
  }

  private fix(value: Int32Array, reason: string): Int32Array {
    for (const channel of value) this.reasons[this.rootOf(channel)] ??= reason;
    return value;
  }

  private fresh(count: number): Int32Array {
    const first = this.parents.length;
    for (let i = 0; i < count; i++) {
      this.parents.push(first + i);
      this.reasons.push(null);
    }
    return Int32Array.from({ length: count }, (_, i) => first + i);
  }

  private unite(left: number, right: number): void {
    const [a, b] = [this.rootOf(left), this.rootOf(right)];
    if (a === b) return;
    const [root, other] = a < b ? [a, b] : [b, a];
    this.parents[other] = root;
    this.reasons[root] ??= this.reasons[other]!;
  }

  private rootOf(channel: number): number {
    let root = channel;
    while (this.parents[root] !== root) root = this.parents[root]!;
    for (let at = channel; at !== root;) {
      const next = this.parents[at]!;
      this.parents[at] = root;
      at = next;
    }
    return root;
  }
}

function concatenated(parts: readonly Int32Array[]): Int32Array {
  const result = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

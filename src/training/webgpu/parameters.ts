/**
 * Weights, gradients and optimiser state: each in one buffer for the whole model, so that one launch updates all of it. A
 * bias lies behind its kernel, as one more row of it. Moving statistics, which training writes while it reads weights,
 * have a buffer of their own.
 */
import type { ParameterId, Plan } from '../plan/plan';
import type { ByteMasks, SessionState } from '../trainer';
import type { PlanSetup } from './planSetup';
import { type DeviceMemory, type Range, rangeAlignment, type Storage } from './memory';
import type { Runner } from './runner';

const alignment = rangeAlignment / 4;

interface Place {
  readonly offset: number;
  /** Up to the end of what is bound with it. */
  readonly count: number;
}

/** Values of a parameter, where there are some. */
type ValuesOf = (setup: PlanSetup, parameter: ParameterId) => Float32Array | null | undefined;

export class Parameters {
  /** Floats in each of the buffers of the trainable. */
  readonly count: number;
  readonly gradients: Storage;
  readonly values: Storage;
  /** Null where the recipe averages none. */
  readonly average: Storage | null;
  /** Momentum, or first moments; null where the optimiser keeps none. */
  readonly first: Storage | null;
  readonly second: Storage | null;
  /** A bit for each of `values`, 1 = kept; null where nothing is masked. */
  readonly masks: Range | null;
  /** The same, 1 = not penalised. */
  readonly penalty: Range | null;
  /** Floats from the start of the trainable, or of the moving, buffer. */
  private readonly places = new Map<ParameterId, Place>();
  private readonly moving: Storage;
  private readonly plan: Plan;

  /** @param setups of the replicates, which differ in weights, masks and state */
  constructor(
    private readonly setups: readonly PlanSetup[],
    private readonly memory: DeviceMemory,
  ) {
    const { plan, regularization, optimizer } = setups[0]!;
    this.plan = plan;
    const trainable = this.place(blocksOf(plan).filter(block => plan.parameters[block[0]!]!.trainable));
    const moving = this.place(blocksOf(plan).filter(block => !plan.parameters[block[0]!]!.trainable));
    this.count = trainable;
    const ownWeights: ValuesOf = ({ weights }, id) => weights[id];
    this.values = this.buffer('weights', trainable, ({ state, weights }, id) => state?.raw[id] ?? weights[id]);
    this.moving = this.buffer('moving statistics', moving, ownWeights, false);
    this.gradients = memory.storage('gradients', 'parameters', trainable * 4);
    this.average = regularization.averageDecay === null ? null : this.buffer('averaged weights', trainable, ownWeights);
    const isPlain = optimizer.name === 'sgd';
    const keepsFirst = !isPlain || optimizer.momentum !== 0;
    this.first = keepsFirst ? this.moments('first moments', ({ state }, id) => state?.first[id]) : null;
    this.second = isPlain ? null : this.moments('second moments', ({ state }, id) => state?.second[id]);
    const isMasked = setups.some(({ masks }) => masks.some(mask => mask !== null));
    this.masks = isMasked ? this.bits('masks', ({ masks }) => masks) : null;
    this.penalty = setups[0]!.penalty ? this.bits('not penalised', ({ penalty }) => penalty?.masks ?? []) : null;
  }

  /** A kernel with its bias behind it, or one vector, as training sees it. */
  weights(parameter: ParameterId): Range {
    return this.rangeIn(this.values, parameter);
  }

  /** The same as evaluation sees it. */
  evaluatedWeights(parameter: ParameterId): Range {
    return this.rangeIn(this.average ?? this.values, parameter);
  }

  gradient(parameter: ParameterId): Range {
    return this.rangeIn(this.gradients, parameter);
  }

  statistics(parameter: ParameterId): Range {
    return this.rangeIn(this.moving, parameter);
  }

  /** Weights of a replicate as they are evaluated, and moving statistics. */
  async read(runner: Runner, replicate: number): Promise<Float32Array[]> {
    const [weights, moving] = await this.contents(runner, replicate, [this.average ?? this.values, this.moving]);
    return this.plan.parameters.map(({ trainable }, id) => this.valuesOf(id, trainable ? weights! : moving!));
  }

  async readState(runner: Runner, replicate: number): Promise<Omit<SessionState, 'updates'>> {
    const storages = [this.first, this.second, this.average && this.values];
    const present = storages.filter(storage => storage !== null);
    const contents = await this.contents(runner, replicate, present);
    const [first, second, raw] = storages.map(storage => {
      const content = storage && contents[present.indexOf(storage)]!;
      return this.plan.parameters.map(({ trainable }, id) =>
        content && trainable ? this.valuesOf(id, content) : null,
      );
    });
    return { first: first!, second: second!, raw: raw! };
  }

  private async contents(runner: Runner, replicate: number, storages: readonly Storage[]): Promise<Float32Array[]> {
    const parts = storages.map(({ gpu, stride, bytes }) => ({ buffer: gpu, offset: replicate * stride, bytes }));
    return parts.length === 0 ? [] : (await runner.read(parts)).map(buffer => new Float32Array(buffer));
  }

  private valuesOf(parameter: ParameterId, flat: Float32Array): Float32Array {
    const { offset } = this.places.get(parameter)!;
    return flat.slice(offset, offset + this.plan.parameters[parameter]!.size);
  }

  /** @returns floats in all */
  private place(blocks: readonly (readonly ParameterId[])[]): number {
    const { parameters } = this.plan;
    let next = 0;
    for (const block of blocks) {
      const end = block.reduce((sum, id) => sum + parameters[id]!.size, next);
      for (const id of block) {
        this.places.set(id, { offset: next, count: end - next });
        next += parameters[id]!.size;
      }
      next = Math.ceil(next / alignment) * alignment;
    }
    return Math.max(next, alignment);
  }

  private rangeIn(storage: Storage, parameter: ParameterId): Range {
    const { offset, count } = this.places.get(parameter)!;
    return { storage, offset: offset * 4, bytes: count * 4, stride: storage.stride };
  }

  /** Optimiser state begins with 0, which needs no writing. */
  private moments(label: string, valuesOf: ValuesOf): Storage {
    if (this.setups.some(({ state }) => state !== null)) return this.buffer(label, this.count, valuesOf);
    return this.memory.storage(label, 'parameters', this.count * 4);
  }

  /** Values of the trainable, or of the others, in their places; 0 under the mask. */
  private buffer(label: string, count: number, valuesOf: ValuesOf, ofTrainable = true): Storage {
    const { plan, setups, memory } = this;
    const content = (replicate: number): Float32Array => {
      const setup = setups[replicate]!;
      const flat = new Float32Array(count);
      plan.parameters.forEach(({ trainable }, id) => {
        const values = trainable === ofTrainable ? valuesOf(setup, id) : null;
        if (!values) return;
        const { offset } = this.places.get(id)!;
        flat.set(values, offset);
        setup.masks[id]?.forEach((kept, i) => {
          if (kept === 0) flat[offset + i] = 0;
        });
      });
      return flat;
    };
    return memory.filled(label, 'parameters', content, count * 4).storage;
  }

  private bits(label: string, masksOf: (setup: PlanSetup) => ByteMasks): Range {
    const content = (replicate: number): Uint32Array => {
      const bits = new Uint32Array(this.count / 32).fill(0xffffffff);
      masksOf(this.setups[replicate]!).forEach((mask, id) => {
        const { offset } = this.places.get(id)!;
        mask?.forEach((byte, i) => {
          const at = offset + i;
          if (byte === 0) bits[at >>> 5]! &= ~(1 << (at & 31));
        });
      });
      return bits;
    };
    return this.memory.filled(label, 'parameters', content, (this.count / 32) * 4);
  }
}

/** Parameters that lie behind one another: each kernel with its bias, the others alone. */
function blocksOf(plan: Plan): ParameterId[][] {
  const blocks: ParameterId[][] = [];
  const biases = new Set<ParameterId>();
  for (const op of plan.ops) {
    if (!('kernel' in op)) continue;
    blocks.push(op.bias === null ? [op.kernel] : [op.kernel, op.bias]);
    if (op.bias !== null) biases.add(op.bias);
  }
  const kernels = new Set(blocks.map(([kernel]) => kernel!));
  const others = plan.parameters.flatMap((_, id) => (kernels.has(id) || biases.has(id) ? [] : [[id]]));
  return [...blocks, ...others];
}

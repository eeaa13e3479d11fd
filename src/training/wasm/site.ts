/** Lays parameters out in memory: values as each op wants them, and beside them what the recipe needs of each. */
import { planOf } from '../network';
import type { ParameterId } from '../plan/plan';
import type { TrainingSetup } from '../trainer';
import { padded } from './format';
import type { Buffer } from './layout';
import type { Arena } from './memory';
import type { Site, StoredKernel, Trainable } from './ops/operation';

/** A stored parameter, as clipping and averaging walk over it. Addresses; 0 where the recipe needs none. */
export interface StoredTensor {
  /** Of the addresses that src/kernels/update.ts reads: the tensor is the kernel or the bias of it. */
  readonly block: number;
  readonly isBias: boolean;
  readonly values: number;
  /** Floats, a multiple of four. */
  readonly count: number;
  readonly gradient: number;
  readonly average: number;
}

type Reader = (memory: ArrayBuffer) => Float32Array;

/** How what training carries beside a parameter's values is read back; null: the recipe has none of it. */
export interface StateReaders {
  readonly first: Reader | null;
  readonly second: Reader | null;
  readonly raw: Reader | null;
}

/** How many state arrays an optimiser keeps for each weight. */
function stateArrays({ optimizer }: TrainingSetup): number {
  if (optimizer.name !== 'sgd') return 2;
  return optimizer.momentum > 0 ? 1 : 0;
}

/** Bytes of an update block: sixteen words, see src/kernels/update.ts. */
const blockBytes = 64;

export class ProgramSite implements Site {
  readonly plan;
  readonly tensors: StoredTensor[] = [];
  readonly readers = new Map<ParameterId, Reader>();
  /** Of the parameters that are trained. */
  readonly states = new Map<ParameterId, StateReaders>();
  scratchBytes = 64;

  constructor(
    readonly setup: TrainingSetup,
    readonly buffers: readonly Buffer[],
    readonly threads: number,
    readonly panels: number,
    readonly compressBelow: number,
    private readonly arena: Arena,
    /** Of the storage that holds the model's input. */
    readonly sharedShift: { readonly input: readonly number[]; readonly shift: number } | null,
  ) {
    this.plan = planOf(setup.network);
  }

  inputShift(buffer: number): number | null {
    return this.sharedShift?.input.includes(buffer) ? this.sharedShift.shift : null;
  }

  values(parameter: ParameterId): Float32Array {
    return this.masked(parameter, this.setup.weights[parameter]!);
  }

  mask(parameter: ParameterId): Uint8Array | null {
    return this.setup.masks[parameter] ?? null;
  }

  allocate(bytes: number, fill?: (memory: ArrayBuffer, address: number) => void): number {
    return this.arena.allocate(bytes, fill);
  }

  trainable(kernel: StoredKernel, bias: ParameterId | null): Trainable {
    const { packMask } = kernel;
    const kernelPlace = this.place(kernel);
    const mask = packMask
      ? this.arena.allocate(kernel.count, (memory, at) => {
          packMask(new Uint8Array(memory, at, kernel.count));
        })
      : 0;
    const biasPlace = bias === null ? null : this.place(this.flat(bias));
    const penalty = this.penalty(kernel);
    const block = this.arena.allocate(blockBytes, (memory, at) => {
      const { values, states, gradient } = kernelPlace;
      const beside = biasPlace ?? { values: 0, states: [0, 0], gradient: 0 };
      const words = [
        values,
        ...states,
        mask,
        beside.values,
        ...beside.states,
        0,
        0,
        gradient,
        beside.gradient,
        penalty,
      ];
      new Uint32Array(memory, at, words.length).set(words);
    });
    this.tensors.push({ block, isBias: false, ...kernelPlace });
    if (biasPlace) this.tensors.push({ block, isBias: true, ...biasPlace });
    return { block, kernel: kernelPlace.values, bias: biasPlace?.values ?? 0 };
  }

  reads(parameter: ParameterId, read: Reader): void {
    this.readers.set(parameter, read);
  }

  scratch(bytes: number): void {
    this.scratchBytes = Math.max(this.scratchBytes, bytes);
  }

  private flat(parameter: ParameterId): StoredKernel {
    const { size } = this.plan.parameters[parameter]!;
    return {
      parameter,
      count: padded(size),
      pack: (values, stored) => {
        stored.set(values);
      },
      unpack: stored => stored.slice(0, size),
      packMask: null,
    };
  }

  private place({ parameter, count, pack, unpack }: StoredKernel): Omit<StoredTensor, 'block' | 'isBias'> & {
    readonly states: readonly number[];
  } {
    const { state, weights, regularization } = this.setup;
    const averages = regularization.averageDecay !== null;
    const bytes = count * 4;
    const placed = (from: Float32Array | null | undefined): number =>
      this.arena.allocate(bytes, (memory, at) => {
        if (from) pack(this.masked(parameter, from), new Float32Array(memory, at, count));
      });
    const reader =
      (address: number): Reader =>
      memory =>
        unpack(new Float32Array(memory, address, count));
    const values = placed(state?.raw[parameter] ?? weights[parameter]);
    const average = averages ? placed(weights[parameter]) : 0;
    const kept = stateArrays(this.setup);
    const first = kept > 0 ? placed(state?.first[parameter]) : 0;
    const second = kept > 1 ? placed(state?.second[parameter]) : 0;
    this.reads(parameter, reader(average || values));
    this.states.set(parameter, {
      first: first ? reader(first) : null,
      second: second ? reader(second) : null,
      raw: averages ? reader(values) : null,
    });
    return {
      values,
      count,
      states: [first, second],
      gradient: regularization.clipNorm === null ? 0 : this.arena.allocate(bytes),
      average,
    };
  }

  /** Strength for each stored weight; 0: the kernel is not penalised. */
  private penalty({ parameter, count, pack }: StoredKernel): number {
    const { penalty } = this.setup;
    const mask = penalty?.masks[parameter];
    if (!penalty || !mask) return 0;
    return this.arena.allocate(count * 4, (memory, at) => {
      const strengths = new Float32Array(mask.length).map((_, i) => (mask[i] === 0 ? penalty.strength : 0));
      pack(strengths, new Float32Array(memory, at, count));
    });
  }

  private masked(parameter: ParameterId, values: Float32Array): Float32Array {
    const mask = this.mask(parameter);
    return mask ? values.map((value, i) => (mask[i] === 0 ? 0 : value)) : values;
  }
}

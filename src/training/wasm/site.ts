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
    const mask = this.mask(parameter);
    const values = this.setup.weights[parameter]!;
    return mask ? values.map((value, i) => (mask[i] === 0 ? 0 : value)) : Float32Array.from(values);
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
    const block = this.arena.allocate(blockBytes, (memory, at) => {
      const { values, states, gradient } = kernelPlace;
      const beside = biasPlace ?? { values: 0, states: [0, 0], gradient: 0 };
      const words = [values, ...states, mask, beside.values, ...beside.states, 0, 0, gradient, beside.gradient];
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
    const { clipNorm, averageDecay } = this.setup.regularization;
    const bytes = count * 4;
    const fill = (memory: ArrayBuffer, at: number): void => {
      pack(this.values(parameter), new Float32Array(memory, at, count));
    };
    const values = this.arena.allocate(bytes, fill);
    const average = averageDecay === null ? 0 : this.arena.allocate(bytes, fill);
    this.reads(parameter, memory => unpack(new Float32Array(memory, average || values, count)));
    return {
      values,
      count,
      states: [1, 2].map(i => (i <= stateArrays(this.setup) ? this.arena.allocate(bytes) : 0)),
      gradient: clipNorm === null ? 0 : this.arena.allocate(bytes),
      average,
    };
  }
}

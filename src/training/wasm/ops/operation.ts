/**
 * What the wasm executor needs to know of a kind of op. Each kind is a module of its own: it lays itself out in memory
 * once, and binds kernel calls for a thread. All that `place` returns is plain data, so that it travels to the other
 * threads; `forward`, `backward` and `update` are called on every thread.
 *
 * Rules every kind keeps, so that bits never depend on the number of threads:
 * - a value is computed by one thread, in an order that does not depend on how the work is shared;
 * - a sum over panels runs in the order of the panels (or of a fixed number of shards of them).
 * Lanes past the end of a batch hold copies of its last example in the input and gradient 0 at the loss: where an op
 * mixes examples (batch statistics), it must leave them out itself (`batch.count`), and give them gradient 0.
 */
import type { Padding, ParameterId, Plan, PlanOp } from '../../plan/plan';
import type { TrainingSetup } from '../../trainer';
import type { Kernels } from '../kernels';
import type { Buffer } from '../layout';

/** A kernel call with all its arguments bound. */
export interface Instruction {
  (): void;
  /** The one panel whose activations it touches: between two meetings a thread takes its panels one by one. */
  panel?: number;
}

/** Work of one thread; `meet`: what comes next reads what other threads wrote here, so all wait for each other. */
export interface Phase {
  readonly work: readonly Instruction[];
  readonly meet: boolean;
}

/** What an op does with the gradient of one of its inputs. */
export interface GradientTarget {
  /** Add to what is there: another op that takes the same activation wrote first. */
  readonly accumulate: boolean;
  /**
   * The activation is the output of a relu fused with its op, and this is the last contribution to its gradient: leave
   * the sum only where the activation is above 0.
   */
  readonly rectify: boolean;
}

/** What the framework decides for an op before it is placed; part of what `place` returns. */
export interface Placement {
  readonly layer: string;
  /** Indices into the program's buffers. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Per input; null: nobody wants that gradient. */
  readonly gradients: readonly (GradientTarget | null)[];
  /** Forward ends in relu. */
  readonly rectify: boolean;
}

/** How an op stores a parameter that the optimiser updates, in whatever order suits its kernels. */
export interface StoredKernel {
  readonly parameter: ParameterId;
  /** Floats stored, a multiple of four; those that stand for no weight must get gradient 0 or be masked. */
  readonly count: number;
  /** @param values as the plan has them, masked ones 0; @param stored all 0 */
  readonly pack: (values: Float32Array, stored: Float32Array) => void;
  readonly unpack: (stored: Float32Array) => Float32Array;
  /** Writes 255 where a weight is kept into bytes that are all 0; null: nothing is masked. */
  readonly packMask: ((stored: Uint8Array) => void) | null;
}

export interface Trainable {
  /** Addresses as src/kernels/update.ts reads them. */
  readonly block: number;
  readonly kernel: number;
  /** 0: none. */
  readonly bias: number;
}

/** What an op may ask for while it is laid out. Nothing is allocated before all ops are. */
export interface Site {
  readonly setup: TrainingSetup;
  readonly plan: Plan;
  readonly buffers: readonly Buffer[];
  readonly threads: number;
  /** Panels of 16 examples in a training batch. */
  readonly panels: number;
  /** Density below which kernels of dense layers are stored as compressed rows. */
  readonly compressBelow: number;
  /** Values of a parameter as they start, masked ones 0. */
  readonly values: (parameter: ParameterId) => Float32Array;
  /** 1 = kept; null: nothing is masked. */
  readonly mask: (parameter: ParameterId) => Uint8Array | null;
  /** Address of fresh bytes, all 0, aligned to 128; `fill` writes their content once the memory is there. */
  readonly allocate: (bytes: number, fill?: (memory: ArrayBuffer, address: number) => void) => number;
  /** A parameter, and perhaps a bias beside it, with the optimiser's state, mask, average, gradient as the recipe needs. */
  readonly trainable: (kernel: StoredKernel, bias: ParameterId | null) => Trainable;
  /** How to read a parameter back that `trainable` does not hold (moving statistics). */
  readonly reads: (parameter: ParameterId, read: (memory: ArrayBuffer) => Float32Array) => void;
  /**
   * The shift of the standardisation, where the op alone takes the input of the model and the panels hold it without that
   * shift: every value x stands for x + shift. Else null.
   */
  readonly inputShift: (buffer: number) => number | null;
  /** Each thread's scratch shall have at least so many bytes. Its content does not outlive an instruction. */
  readonly scratch: (bytes: number) => void;
}

/** Where and for whom an op is bound. */
export interface Binding {
  readonly kernels: Kernels;
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly buffers: readonly Buffer[];
  /** Panels at hand: of the batch, which all threads share, or this thread's own two, while evaluating. */
  readonly panels: number;
  /** Whose share of the panels: while evaluating, of one thread. */
  readonly thread: number;
  readonly threads: number;
  readonly training: boolean;
  /** Of this thread. */
  readonly scratch: number;
  /** Of this thread: settings of the optimiser at the step at hand, for update.ts. */
  readonly settings: number;
  /** The batch at hand; changes from step to step. Panel p holds examples p · 16 up to `count`. */
  readonly batch: { readonly step: number; readonly count: number };
  /** Names the streams of dropout. */
  readonly orderSeed: number;
  /** Which inputs of the model are not 0 in a whole panel; null unless an op takes the input without its shift. */
  readonly activeInputs: ActiveInputs | null;
  /** Address of a panel's first byte. */
  readonly values: (buffer: number, panel: number) => number;
  readonly gradients: (buffer: number, panel: number) => number;
  /** Splits work of `units` a panel between the threads and binds this thread's part. */
  readonly split: (units: number, bind: (panel: number, begin: number, end: number) => Instruction) => Instruction[];
}

/** As src/kernels/gather.ts lists them for each panel. Addresses and bytes. */
export interface ActiveInputs {
  readonly lists: number;
  readonly listStride: number;
  readonly pairs: number;
  readonly pairStride: number;
}

export interface OperationKind<Op extends PlanOp, Placed extends Placement> {
  /** Whether its kernels take images with frames; else inputs and output have none. */
  readonly framed: boolean;
  /** Whether it can end its forward pass in relu. */
  readonly rectifies: boolean;
  /** Whether the threads meet once between the phases of its backward pass. */
  readonly meets: boolean;
  /**
   * What its update reads: values and gradients of all panels, or, where its input's gradient is wanted, sums that its
   * backward pass made; null: it has none.
   */
  readonly updates: 'all panels' | 'own sums' | null;
  /** What backward and update read of the forward pass, besides what `rectify` of a gradient target needs. */
  readonly keeps: (op: Op) => { readonly inputs: boolean; readonly output: boolean };
  /** Zeros it needs around its inputs' values and around its output's gradient. */
  readonly frames: (op: Op, plan: Plan) => { readonly inputs: Padding; readonly outputGradient: Padding };
  readonly place: (op: Op, placement: Placement, site: Site) => Placed;
  readonly forward: (placed: Placed, binding: Binding) => readonly Phase[];
  /** Gradients of its inputs. */
  readonly backward: (placed: Placed, binding: Binding) => readonly Phase[];
  /**
   * Brings what is derived from the weights (transformed filters) up to date; called wherever weights have changed, after
   * all threads have met, and they meet after it.
   */
  readonly prepare?: (placed: Placed, binding: Binding) => readonly Phase[];
  /**
   * Gradients of its parameters over all panels, each at once with the optimiser's update. All threads have met before;
   * panels are not split by `binding.split` here but blocks of outputs by `share`.
   */
  readonly update?: (placed: Placed, binding: Binding) => readonly Phase[];
}

/** A kind whose placement only itself knows. */
export type AnyKind<Op> = Omit<OperationKind<never, never>, 'place'> & {
  readonly place: (op: Op, placement: Placement, site: Site) => Placement;
};

/** The part of `units` that falls to a thread. */
export function share(units: number, thread: number, threads: number): [number, number] {
  return [Math.floor((units * thread) / threads), Math.floor((units * (thread + 1)) / threads)];
}

/**
 * One phase after which nobody need wait, where panels are whole for each thread. A thread without work has the phase
 * too: all threads must meet equally often.
 */
export function alone(work: readonly Instruction[]): readonly Phase[] {
  return [{ work, meet: false }];
}

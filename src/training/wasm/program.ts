/**
 * A plan laid out in memory: every buffer with its address, every layer in the form that suits its density. Made once a
 * session by the leading thread; plain data, so that it travels to the other threads.
 */
import type { OptimizerConfig } from '../../shared/experiment';
import type { ActivationId, DenseOp, Plan } from '../plan/plan';
import type { TrainingSetup } from '../trainer';
import { padded } from './format';
import { type Arena, type DataLayout, featureBytes, lanes } from './memory';
import { placeLayer } from './placeLayer';
import type { WasmMemory } from './webassembly';

/**
 * Below this density a layer is stored as compressed rows. Measured (bench/notes.md): there the three passes over kept
 * weights cost less than the dense ones. It decides speed only: both forms give the same bits.
 */
export const defaultCompressBelow = 0.4;

/** An activation in memory, [panel][feature][16]. */
export interface Buffer {
  /** Padded to a multiple of four. */
  readonly features: number;
  readonly panelBytes: number;
  /** While training. */
  readonly values: number;
  /** Gradient of the loss; 0 where no parameter lies before it. */
  readonly gradients: number;
  /** While evaluating: two panels for each thread. */
  readonly evaluation: readonly number[];
}

/** Which inputs of each panel are not all 0, as src/kernels/gather.ts lists them. */
export interface ActiveInputs {
  readonly lists: number;
  readonly listStride: number;
  readonly pairs: number;
  readonly pairStride: number;
}

interface LayerBase {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly bias: number;
  /** What the sums of the forward pass start from: the biases, or, where the layer takes in a shift of its inputs, offsets. */
  readonly start: number;
  /** Addresses as src/kernels/update.ts reads them. */
  readonly block: number;
  /** For blocks of four outputs: how the threads share the update, `threads + 1` bounds. */
  readonly shares: readonly number[];
}

export interface DenseLayer extends LayerBase {
  readonly form: 'dense';
  /** Bytes of a block of four outputs. */
  readonly stride: number;
  /** All inputs, as a list of active ones. */
  readonly allInputs: number;
}

export interface SparseLayer extends LayerBase {
  readonly form: 'compressed';
  readonly rows: number;
  readonly slotInputs: number;
  readonly columns: number;
  readonly entries: number;
}

export type Layer = DenseLayer | SparseLayer;

export type ProgramOp =
  | {
      readonly kind: 'dense';
      readonly input: number;
      readonly output: number;
      readonly layer: number;
      readonly rectify: boolean;
    }
  | {
      readonly kind: 'activation';
      readonly input: number;
      readonly output: number;
      readonly code: number;
      readonly alpha: number;
      readonly fused: boolean;
    }
  | {
      readonly kind: 'softmax';
      readonly input: number;
      readonly output: number;
      readonly width: number;
      readonly groups: number;
    }
  | {
      readonly kind: 'dropout';
      readonly input: number;
      readonly output: number;
      readonly rate: number;
      readonly features: number;
      readonly salt: number;
    };

/** What each thread has to itself. */
export interface ThreadArea {
  /** Optimiser settings and, behind them, room for a bias gradient. */
  readonly settings: number;
  /** Gradient of one block of weights. */
  readonly scratch: number;
  /** { f32 } one over the examples of the batch. */
  readonly scale: number;
  /** { u32 } seed of a dropout op. */
  readonly dropout: number;
  /** f64 result of a loss kernel, with its scratch. */
  readonly result: number;
  /** u32[32]: numbers of the examples of two panels, while evaluating. */
  readonly rows: number;
  /** i32[32]: labels of two panels, while evaluating. */
  readonly labels: number;
  /** Active inputs of the two panels, while evaluating. */
  readonly active: ActiveInputs | null;
}

export interface Program {
  readonly threads: number;
  readonly panels: number;
  readonly batchSize: number;
  readonly fromStep: number;
  readonly totalSteps: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: TrainingSetup['schedule'];
  readonly orderSeed: number | null;
  readonly loss: Plan['loss'];
  readonly outputs: number;
  readonly buffers: readonly Buffer[];
  readonly inputBuffer: number;
  readonly outputBuffer: number;
  readonly ops: readonly ProgramOp[];
  readonly layers: readonly Layer[];
  readonly areas: readonly ThreadArea[];
  /** u32[examples]: order of the epoch at hand. */
  readonly order: number;
  /**
   * Set where a dense layer takes the input as it is and does the standardisation's shift itself: the panels then hold
   * zeros where the pixels do, and inputs that are 0 in a whole panel are passed over.
   */
  readonly active: ActiveInputs | null;
  /** i32[panels · 16]. */
  readonly labels: number;
  /** f64 per panel of a batch: its summed loss. */
  readonly losses: number;
  /** { f64 Σ loss, f64 hits } per panel of the largest split. */
  readonly results: number;
}

export interface Sharing {
  readonly threads: number;
  /** Density below which a layer is stored as compressed rows. */
  readonly compressBelow: number;
}

/** What the leader keeps to read weights back. */
export interface Compiled {
  readonly program: Program;
  readonly readWeights: () => Float32Array[];
}

const activationCodes = { relu: 1, tanh: 2, sigmoid: 3, 'leaky-relu': 4 } as const;

export function compile(
  setup: TrainingSetup,
  data: DataLayout,
  memory: WasmMemory,
  arena: Arena,
  sharing: Sharing,
): Compiled {
  const { plan } = setup;
  const { threads } = sharing;
  const panels = Math.ceil(setup.batchSize / lanes);
  const largest = Math.max(...Object.values(data.splits).map(split => split.count));

  const bufferOf: number[] = [];
  const ops: ProgramOp[] = [];
  const sizes: { size: number; trained: boolean }[] = [];
  const newBuffer = (id: ActivationId, trained: boolean): number => {
    sizes.push({ size: plan.activations[id]!.size, trained });
    return sizes.length - 1;
  };
  bufferOf[0] = newBuffer(0, false);
  const denseOps: DenseOp[] = [];
  plan.ops.forEach((op, index) => {
    const input = bufferOf[op.input]!;
    switch (op.kind) {
      case 'dense': {
        const output = (bufferOf[op.output] = newBuffer(op.output, true));
        const next = plan.ops[index + 1];
        const rectify = next?.kind === 'activation' && next.activation === 'relu' && next.input === op.output;
        ops.push({ kind: 'dense', input, output, layer: denseOps.length, rectify });
        denseOps.push(op);
        break;
      }
      case 'activation': {
        if (op.activation === 'linear') {
          bufferOf[op.output] = input;
          break;
        }
        // in place, unless the values there are the output of another activation, whose derivative is told from them
        const previous = ops.findLast(other => other.output === input);
        const inPlace = previous?.kind === 'dense' || previous?.kind === 'dropout';
        const output = (bufferOf[op.output] = inPlace ? input : newBuffer(op.output, sizes[input]!.trained));
        if (op.activation === 'softmax') {
          const width = plan.activations[op.input]!.shape.at(-1) ?? 1;
          ops.push({ kind: 'softmax', input, output, width, groups: sizes[input]!.size / width });
          break;
        }
        const fused = previous?.kind === 'dense' && previous.rectify;
        ops.push({ kind: 'activation', input, output, code: activationCodes[op.activation], alpha: op.alpha, fused });
        break;
      }
      case 'dropout': {
        const output = (bufferOf[op.output] = newBuffer(op.output, sizes[input]!.trained));
        ops.push({
          kind: 'dropout',
          input,
          output,
          rate: op.rate,
          features: padded(sizes[input]!.size),
          salt: index + 1,
        });
        break;
      }
    }
  });

  const buffers = sizes.map(({ size, trained }): Buffer => {
    const features = padded(size);
    const panelBytes = features * featureBytes;
    return {
      features,
      panelBytes,
      values: arena.allocateZeroed(panels * panelBytes),
      gradients: trained ? arena.allocateZeroed(panels * panelBytes) : 0,
      evaluation: Array.from({ length: threads }, () => arena.allocateZeroed(2 * panelBytes)),
    };
  });

  // only a dense layer can take in the shift, and only where nothing else sees the input
  const takers = ops.filter(op => op.input === 0);
  const shift = takers.length === 1 && takers[0]!.kind === 'dense' ? data.commonShift : null;
  const placed = denseOps.map(op => placeLayer(op, setup, op.input === 0 ? shift : null, memory, arena, sharing));
  const scratchBytes = Math.max(
    64,
    ...placed.map(({ layer, rowBytes }) => (layer.form === 'dense' ? layer.stride : rowBytes)),
  );
  const areas = Array.from({ length: threads }, (): ThreadArea => ({
    settings: arena.allocateZeroed(128),
    scratch: arena.allocate(scratchBytes),
    scale: arena.allocate(16),
    dropout: arena.allocate(16),
    result: arena.allocate(64),
    rows: arena.allocate(2 * lanes * 4),
    labels: arena.allocate(2 * lanes * 4),
    active: shift === null ? null : placeActive(arena, buffers[0]!.features, 2),
  }));
  const program: Program = {
    threads,
    panels,
    batchSize: setup.batchSize,
    fromStep: setup.fromStep,
    totalSteps: setup.totalSteps,
    optimizer: setup.optimizer,
    schedule: setup.schedule,
    orderSeed: setup.orderSeed,
    loss: plan.loss,
    outputs: plan.activations.at(-1)!.size,
    buffers,
    inputBuffer: 0,
    outputBuffer: bufferOf[plan.activations.length - 1]!,
    ops,
    layers: placed.map(({ layer }) => layer),
    areas,
    order: arena.allocate(data.splits.training.count * 4),
    active: shift === null ? null : placeActive(arena, buffers[0]!.features, panels),
    labels: arena.allocate(panels * lanes * 4),
    losses: arena.allocate(panels * 8),
    results: arena.allocate((Math.ceil(largest / lanes) + 1) * 16),
  };

  const readWeights = (): Float32Array[] => {
    const weights: Float32Array[] = plan.parameters.map(parameter => new Float32Array(parameter.size));
    denseOps.forEach((op, index) => {
      const { readKernel, layer } = placed[index]!;
      weights[op.kernel] = readKernel();
      if (op.bias !== null) weights[op.bias]!.set(new Float32Array(memory.buffer, layer.bias, layer.outputs));
    });
    return weights;
  };
  return { program, readWeights };
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

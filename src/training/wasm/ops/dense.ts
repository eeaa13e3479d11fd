/** Dense layers: all weights stored in blocks of four outputs, or, below a density, the kept ones as compressed rows. */
import type { DenseOp } from '../../plan/plan';
import {
  compressRows,
  type CompressedRows,
  type KernelShape,
  packBlocks,
  packSlots,
  padded,
  unpackBlocks,
  unpackSlots,
} from '../format';
import { noPadding } from '../layout';
import { copyIn } from '../memory';
import {
  alone,
  type Binding,
  type GradientTarget,
  type Instruction,
  type OperationKind,
  type Phase,
  type Placement,
  share,
  type Site,
  type Trainable,
} from './operation';

interface Stored {
  readonly trainable: Trainable;
  /** For blocks of four outputs: how the threads share the update, `threads + 1` bounds. */
  readonly shares: readonly number[];
}

interface StoredBlocks extends Stored {
  readonly form: 'blocks';
  /** Bytes of a block of four outputs. */
  readonly stride: number;
  /** All inputs, as a list of active ones. */
  readonly allInputs: number;
}

interface StoredRows extends Stored {
  readonly form: 'compressed';
  readonly rows: number;
  readonly slotInputs: number;
  readonly columns: number;
  readonly entries: number;
}

export interface PlacedDense extends Placement {
  readonly shape: KernelShape;
  readonly stored: StoredBlocks | StoredRows;
  /** What the sums of the forward pass start from: the biases, or, where the layer takes in a shift of its inputs, offsets. */
  readonly start: number;
  /** Whether it takes the input without its shift, and passes over what is 0 in a whole panel. */
  readonly takesShift: boolean;
}

export const dense: OperationKind<DenseOp, PlacedDense> = {
  framed: false,
  rectifies: true,
  meets: false,
  updates: 'all panels',
  keeps: () => ({ inputs: true, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place,
  forward,
  backward,
  update,
};

function place(op: DenseOp, placement: Placement, site: Site): PlacedDense {
  const [inputs, outputs] = site.plan.parameters[op.kernel]!.shape as [number, number];
  const shape = { inputs, outputs };
  const mask = site.mask(op.kernel);
  const kept = mask === null ? inputs * outputs : mask.reduce((sum, bit) => sum + bit, 0);
  const stored =
    mask !== null && kept / (inputs * outputs) < site.compressBelow
      ? placeRows(op, mask, shape, site)
      : placeBlocks(op, mask, shape, site);
  const shift = site.inputShift(placement.inputs[0]!);
  const { trainable } = stored;
  return {
    ...placement,
    shape,
    stored,
    start:
      shift === null ? trainable.bias || site.allocate(padded(outputs) * 4) : placeOffsets(op, trainable, shift, site),
    takesShift: shift !== null,
  };
}

function placeBlocks(op: DenseOp, mask: Uint8Array | null, shape: KernelShape, site: Site): StoredBlocks {
  const blocks = padded(shape.outputs) / 4;
  const stride = blockBytes(shape.inputs);
  const count = (blocks * stride) / 4;
  // padding is masked too, or the padded inputs of an activation with f(0) ≠ 0 would train it
  const isMasked = mask !== null || count > shape.inputs * shape.outputs;
  const trainable = site.trainable(
    {
      parameter: op.kernel,
      count,
      pack: (values, stored) => {
        packBlocks(values, shape, stored, stride / 4);
      },
      unpack: stored => unpackBlocks(stored, shape, stride / 4),
      packMask: isMasked
        ? stored => {
            const bits = mask?.map(bit => (bit === 0 ? 0 : 255));
            packBlocks(bits ?? new Uint8Array(shape.inputs * shape.outputs).fill(255), shape, stored, stride / 4);
          }
        : null,
    },
    op.bias,
  );
  site.scratch(stride);
  return {
    form: 'blocks',
    trainable,
    stride,
    allInputs: site.allocate((shape.inputs + 1) * 4, (memory, at) => {
      const list = Uint32Array.from({ length: shape.inputs + 1 }, (_, i) => (i === 0 ? shape.inputs : (i - 1) * 16));
      copyIn(memory, at, list);
    }),
    shares: Array.from({ length: site.threads + 1 }, (_, thread) => share(blocks, thread, site.threads)[0]),
  };
}

/**
 * From block to block. The input gradient goes down the blocks at one input: a whole number of pages would bring all of
 * them into one set of the first-level cache, so two cache lines more.
 */
function blockBytes(inputs: number): number {
  const bytes = padded(inputs) * 16;
  return bytes % 4096 === 0 ? bytes + 128 : bytes;
}

function placeRows(op: DenseOp, mask: Uint8Array, shape: KernelShape, site: Site): StoredRows {
  const index = compressRows(mask, shape);
  const trainable = site.trainable(
    {
      parameter: op.kernel,
      count: index.slots,
      pack: (values, stored) => {
        packSlots(values, shape, index, stored);
      },
      unpack: stored => unpackSlots(stored, shape, index),
      packMask: null,
    },
    op.bias,
  );
  const placeWords = (words: Uint32Array): number =>
    site.allocate(words.byteLength, (memory, at) => {
      copyIn(memory, at, words);
    });
  const longest = index.rows.reduce((most, value, at) => (at % 2 === 1 ? Math.max(most, value) : most), 0);
  site.scratch(padded(longest) * 4);
  return {
    form: 'compressed',
    trainable,
    rows: placeWords(index.rows),
    slotInputs: placeWords(index.inputs),
    columns: placeWords(index.columns),
    entries: placeWords(index.entries),
    shares: shareRows(index, padded(shape.outputs) / 4, site.threads),
  };
}

/** bias + shift · Σ w per output, and in the update block where they are and by what shift. */
function placeOffsets(op: DenseOp, { block }: Trainable, shift: number, site: Site): number {
  const [inputs, outputs] = site.plan.parameters[op.kernel]!.shape as [number, number];
  return site.allocate(padded(outputs) * 4, (memory, at) => {
    const sums = outputSums(site.values(op.kernel), { inputs, outputs });
    const biases = op.bias === null ? null : site.values(op.bias);
    const offsets = sums.map((sum, o) => Math.fround((biases?.[o] ?? 0) + Math.fround(Math.fround(shift) * sum)));
    copyIn(memory, at, offsets);
    new Uint32Array(memory, block, 8)[7] = at;
    new Float32Array(memory, block, 9)[8] = shift;
  });
}

/** Σ of the weights of each output, single precision, in order of input: as the kernels add them after each update. */
function outputSums(values: Float32Array, { inputs, outputs }: KernelShape): Float32Array {
  const sums = new Float32Array(outputs);
  for (let input = 0, at = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++, at++) sums[output]! += values[at]!;
  }
  return sums;
}

/** Bounds in blocks of four rows so that each thread has about as many kept weights; a row costs some weights by itself. */
function shareRows(index: CompressedRows, blocks: number, threads: number): number[] {
  const rowCost = 4;
  const costs = Array.from({ length: blocks }, (_, block) => {
    let cost = 4 * rowCost;
    for (let row = block * 4; row < block * 4 + 4; row++) cost += index.rows[row * 2 + 1]!;
    return cost;
  });
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const bounds = [0];
  let sum = 0;
  costs.forEach((cost, block) => {
    sum += cost;
    while (bounds.length < threads && sum >= (total * bounds.length) / threads) bounds.push(block + 1);
  });
  while (bounds.length < threads + 1) bounds.push(blocks);
  bounds[threads] = blocks;
  return bounds;
}

function forward(placed: PlacedDense, binding: Binding): readonly Phase[] {
  const { kernels } = binding;
  const { stored, start, shape } = placed;
  const { kernel } = stored.trainable;
  const rectify = Number(placed.rectify);
  const x = (panel: number): number => binding.values(placed.inputs[0]!, panel);
  const y = (panel: number): number => binding.values(placed.output, panel);
  const active = placed.takesShift ? binding.activeInputs : null;
  return alone(
    binding.split(padded(shape.outputs) / 4, (panel, begin, end) => () => {
      if (stored.form === 'blocks') {
        const list = active ? active.lists + panel * active.listStride : stored.allInputs;
        kernels.denseForward(x(panel), list, kernel, start, y(panel), stored.stride, begin, end, rectify);
      } else {
        const { rows, slotInputs } = stored;
        kernels.sparseForward(x(panel), rows, slotInputs, kernel, start, y(panel), begin * 4, end * 4, rectify);
      }
    }),
  );
}

function backward(placed: PlacedDense, binding: Binding): readonly Phase[] {
  const [target] = placed.gradients;
  return target ? alone(bindInputGradient(placed, binding, target)) : [];
}

function bindInputGradient(placed: PlacedDense, binding: Binding, target: GradientTarget): Instruction[] {
  const { kernels } = binding;
  const { stored, shape } = placed;
  const { kernel } = stored.trainable;
  const input = placed.inputs[0]!;
  const accumulate = Number(target.accumulate);
  return binding.split(padded(shape.inputs) / 4, (panel, begin, end) => () => {
    const dy = binding.gradients(placed.output, panel);
    const dx = binding.gradients(input, panel);
    const x = target.rectify ? binding.values(input, panel) : 0;
    if (stored.form === 'blocks') {
      kernels.denseInputGradient(kernel, dy, dx, x, shape.outputs, stored.stride, begin, end, accumulate);
    } else {
      const { columns, entries } = stored;
      kernels.sparseInputGradient(columns, entries, kernel, dy, dx, x, begin * 4, end * 4, accumulate);
    }
  });
}

function update(placed: PlacedDense, binding: Binding): readonly Phase[] {
  const { kernels, panels, settings, scratch, thread } = binding;
  const { stored, shape } = placed;
  const { block } = stored.trainable;
  const input = placed.inputs[0]!;
  const begin = stored.shares[thread]!;
  const end = stored.shares[thread + 1]!;
  if (begin === end) return [];
  const x = binding.values(input, 0);
  const dy = binding.gradients(placed.output, 0);
  const xStride = binding.buffers[input]!.values.panelBytes;
  const dyStride = binding.buffers[placed.output]!.gradients.panelBytes;
  if (stored.form === 'compressed') {
    const { rows, slotInputs } = stored;
    return alone([
      () => {
        const [first, last] = [begin * 4, end * 4];
        kernels.sparseUpdate(x, xStride, dy, dyStride, panels, rows, slotInputs, first, last, block, settings, scratch);
      },
    ]);
  }
  const active = placed.takesShift ? binding.activeInputs : null;
  const pairs = active?.pairs ?? 0;
  const pairStride = active?.pairStride ?? 0;
  const inputs = padded(shape.inputs);
  const { stride } = stored;
  return alone([
    () => {
      kernels.denseUpdate(
        x,
        xStride,
        dy,
        dyStride,
        panels,
        inputs,
        stride,
        pairs,
        pairStride,
        begin,
        end,
        block,
        settings,
        scratch,
      );
    },
  ]);
}

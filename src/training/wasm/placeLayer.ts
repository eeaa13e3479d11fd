/** Lays one dense layer out in memory, in the form that suits its density, with the state of its optimiser. */
import type { OptimizerConfig } from '../../shared/experiment';
import type { DenseOp } from '../plan/plan';
import type { TrainingSetup } from '../trainer';
import {
  compressRows,
  type CompressedRows,
  type KernelShape,
  packBlocks,
  packSlots,
  padded,
  unpackBlocks,
  unpackSlots,
} from './format';
import { type Arena, copyIn } from './memory';
import type { DenseLayer, Layer, Sharing, SparseLayer } from './program';
import type { WasmMemory } from './webassembly';

/** How many state arrays an optimiser keeps for each weight. */
function stateArrays(optimizer: OptimizerConfig): number {
  if (optimizer.name !== 'sgd') return 2;
  return optimizer.momentum > 0 ? 1 : 0;
}

export interface PlacedLayer {
  readonly layer: Layer;
  readonly readKernel: () => Float32Array;
  /** Bytes of the longest compressed row. */
  readonly rowBytes: number;
}

/** @param shift of the inputs, where the layer takes it in: every input x stands for x + shift */
export function placeLayer(
  op: DenseOp,
  setup: TrainingSetup,
  shift: number | null,
  memory: WasmMemory,
  arena: Arena,
  { threads, compressBelow }: Sharing,
): PlacedLayer {
  const [inputs, outputs] = setup.plan.parameters[op.kernel]!.shape as [number, number];
  const shape = { inputs, outputs };
  const values = setup.weights[op.kernel]!;
  const mask = setup.masks[op.kernel] ?? null;
  const states = stateArrays(setup.optimizer);
  const blocks = padded(outputs) / 4;
  const kept = mask === null ? values.length : mask.reduce((sum, bit) => sum + bit, 0);

  const bias = arena.allocateZeroed(padded(outputs) * 4);
  if (op.bias !== null) copyIn(memory, bias, setup.weights[op.bias]!);
  const biasStates = [1, 2].map(i => (i <= states ? arena.allocateZeroed(padded(outputs) * 4) : 0));

  const start = shift === null ? bias : arena.allocate(padded(outputs) * 4);
  if (shift !== null) {
    const sums = outputSums(values, mask, shape);
    const biases = new Float32Array(memory.buffer, bias, padded(outputs));
    new Float32Array(memory.buffer, start, padded(outputs)).set(
      biases.map((value, output) => Math.fround(value + Math.fround(Math.fround(shift) * (sums[output] ?? 0)))),
    );
  }

  const write = (kernel: number, kernelBytes: number, maskAddress: number): number => {
    const kernelStates = [1, 2].map(i => (i <= states ? arena.allocateZeroed(kernelBytes) : 0));
    const block = arena.allocate(64);
    const addresses = [kernel, ...kernelStates, maskAddress, op.bias === null ? 0 : bias, ...biasStates];
    new Uint32Array(memory.buffer, block, 8).set([...addresses, shift === null ? 0 : start]);
    new Float32Array(memory.buffer, block, 9)[8] = shift ?? 0;
    return block;
  };

  if (kept / values.length < compressBelow && mask !== null) {
    const index = compressRows(mask, shape);
    const kernel = arena.allocate(Math.max(4, index.slots * 4));
    packSlots(values, shape, index, new Float32Array(memory.buffer, kernel, index.slots));
    const place = (array: Uint32Array): number => {
      const address = arena.allocate(Math.max(4, array.byteLength));
      copyIn(memory, address, array);
      return address;
    };
    const layer: SparseLayer = {
      form: 'compressed',
      ...shape,
      kernel,
      bias,
      start,
      rows: place(index.rows),
      slotInputs: place(index.inputs),
      columns: place(index.columns),
      entries: place(index.entries),
      block: write(kernel, index.slots * 4, 0),
      shares: shareRows(index, blocks, threads),
    };
    const readKernel = (): Float32Array =>
      unpackSlots(new Float32Array(memory.buffer, kernel, index.slots), shape, index);
    const longest = index.rows.reduce((most, value, at) => (at % 2 === 1 ? Math.max(most, value) : most), 0);
    return { layer, readKernel, rowBytes: padded(longest) * 4 };
  }

  const stride = padded(inputs) * 16;
  const count = blocks * (stride / 4);
  const kernel = arena.allocate(count * 4);
  const masked = mask === null ? values : values.map((value, i) => (mask[i] === 0 ? 0 : value));
  packBlocks(masked, shape, new Float32Array(memory.buffer, kernel, count));
  let maskAddress = 0;
  if (kept < count) {
    // padding is masked too, or the padded inputs of an activation with f(0) ≠ 0 would train it
    maskAddress = arena.allocate(count);
    const bytes = new Uint8Array(memory.buffer, maskAddress, count);
    packBlocks(
      mask === null ? new Uint8Array(values.length).fill(255) : mask.map(bit => (bit === 0 ? 0 : 255)),
      shape,
      bytes,
    );
  }
  const layer: DenseLayer = {
    form: 'dense',
    ...shape,
    kernel,
    bias,
    start,
    stride,
    allInputs: placeAllInputs(inputs, memory, arena),
    block: write(kernel, count * 4, maskAddress),
    shares: Array.from({ length: threads + 1 }, (_, thread) => Math.floor((blocks * thread) / threads)),
  };
  return { layer, readKernel: () => unpackBlocks(new Float32Array(memory.buffer, kernel, count), shape), rowBytes: 0 };
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

/** Σ of the weights of each output, single precision, in order of input: as the kernels add them after each update. */
function outputSums(values: Float32Array, mask: Uint8Array | null, { inputs, outputs }: KernelShape): Float32Array {
  const sums = new Float32Array(outputs);
  for (let input = 0, at = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++, at++) if (mask?.[at] !== 0) sums[output]! += values[at]!;
  }
  return sums;
}

/** { count, offset of each input in a block of the kernel }, as src/kernels/gather.ts lists active inputs. */
function placeAllInputs(inputs: number, memory: WasmMemory, arena: Arena): number {
  const address = arena.allocate((inputs + 1) * 4);
  copyIn(
    memory,
    address,
    Uint32Array.from({ length: inputs + 1 }, (_, i) => (i === 0 ? inputs : (i - 1) * 16)),
  );
  return address;
}

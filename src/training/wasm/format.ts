/** How kernels of dense layers lie in memory: in blocks of four outputs, or as compressed rows of kept weights. */
import { featureBytes } from './memory';

/** Next multiple of four. */
export function padded(count: number): number {
  return (count + 3) & ~3;
}

/** A kernel [inputs, outputs] in Keras' order. */
export interface KernelShape {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Values in blocks of four outputs: [block][input][4], padding 0.
 * @param stride values from block to block
 */
export function packBlocks(
  values: ArrayLike<number>,
  { inputs, outputs }: KernelShape,
  out: Float32Array | Uint8Array,
  stride = padded(inputs) * 4,
): void {
  out.fill(0);
  for (let input = 0; input < inputs; input++) {
    const row = input * outputs;
    for (let output = 0; output < outputs; output++) {
      out[(output >> 2) * stride + input * 4 + (output & 3)] = values[row + output]!;
    }
  }
}

export function unpackBlocks(
  blocks: Float32Array,
  { inputs, outputs }: KernelShape,
  stride = padded(inputs) * 4,
): Float32Array {
  const values = new Float32Array(inputs * outputs);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      values[input * outputs + output] = blocks[(output >> 2) * stride + input * 4 + (output & 3)]!;
    }
  }
  return values;
}

/**
 * Where the kept weights of a kernel are. Rows (one an output, padded to a multiple of four) start at a slot that is a
 * multiple of four; unused slots point at input 0 and hold weight 0.
 */
export interface CompressedRows {
  /** { first slot, count } per row. */
  readonly rows: Uint32Array;
  /** Byte offset of the input of each slot within a panel. */
  readonly inputs: Uint32Array;
  /** { first entry, count } per input (padded to a multiple of four). */
  readonly columns: Uint32Array;
  /** { byte offset of the weight, byte offset of the output within a panel } per kept weight, by input, then output. */
  readonly entries: Uint32Array;
  readonly slots: number;
}

export function compressRows(mask: Uint8Array, { inputs, outputs }: KernelShape): CompressedRows {
  const rows = new Uint32Array(padded(outputs) * 2);
  const columns = new Uint32Array(padded(inputs) * 2);
  for (let input = 0, at = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++, at++) {
      if (mask[at] === 0) continue;
      rows[output * 2 + 1]! += 1;
      columns[input * 2 + 1]! += 1;
    }
  }
  let slots = 0;
  for (let row = 0; row < rows.length; row += 2) {
    rows[row] = slots;
    slots += padded(rows[row + 1]!);
  }
  let kept = 0;
  for (let column = 0; column < columns.length; column += 2) {
    columns[column] = kept;
    kept += columns[column + 1]!;
  }
  const slotInputs = new Uint32Array(slots);
  const entries = new Uint32Array(kept * 2);
  const filled = new Uint32Array(outputs);
  let entry = 0;
  for (let input = 0, at = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++, at++) {
      if (mask[at] === 0) continue;
      const slot = rows[output * 2]! + filled[output]!++;
      slotInputs[slot] = input * featureBytes;
      entries[entry++] = slot * 4;
      entries[entry++] = output * featureBytes;
    }
  }
  return { rows, inputs: slotInputs, columns, entries, slots };
}

/** The kept values of a kernel in their slots. */
export function packSlots(
  values: Float32Array,
  { outputs }: KernelShape,
  index: CompressedRows,
  out: Float32Array,
): void {
  out.fill(0);
  forEachSlot(index, outputs, (slot, at) => {
    out[slot] = values[at]!;
  });
}

export function unpackSlots(
  slots: Float32Array,
  { inputs, outputs }: KernelShape,
  index: CompressedRows,
): Float32Array {
  const values = new Float32Array(inputs * outputs);
  forEachSlot(index, outputs, (slot, at) => {
    values[at] = slots[slot]!;
  });
  return values;
}

/** Calls with each used slot and the place of its weight in the kernel [inputs, outputs]. */
function forEachSlot(index: CompressedRows, outputs: number, visit: (slot: number, at: number) => void): void {
  for (let output = 0; output < outputs; output++) {
    const first = index.rows[output * 2]!;
    for (let slot = first; slot < first + index.rows[output * 2 + 1]!; slot++) {
      visit(slot, (index.inputs[slot]! / featureBytes) * outputs + output);
    }
  }
}

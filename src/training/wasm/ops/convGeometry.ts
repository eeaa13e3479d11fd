/** Where a convolution finds what, as tables of byte offsets, so that strides and dilations need no kernels of their own. */
import type { Conv2DOp, Padding, Plan } from '../../plan/plan';
import type { Layout } from '../layout';

/** One axis of a convolution; `before`: zeros ahead of the input. */
export interface Axis {
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

export interface Axes {
  readonly rows: Axis;
  readonly columns: Axis;
}

export function axesOf(op: Conv2DOp, { activations }: Pick<Plan, 'activations'>): Axes {
  const input = activations[op.inputs[0]!]!.shape;
  const output = activations[op.output]!.shape;
  const axis = (n: 0 | 1, before: number): Axis => ({
    inputs: input[n]!,
    outputs: output[n]!,
    size: op.kernelSize[n],
    stride: op.strides[n],
    dilation: op.dilations[n],
    before,
  });
  return { rows: axis(0, op.padding.top), columns: axis(1, op.padding.left) };
}

/** Zeros around the input as far as any output looks, around the output's gradient as far as any input does. */
export function framesOf(op: Conv2DOp, plan: Plan): { readonly inputs: Padding; readonly outputGradient: Padding } {
  const { rows, columns } = axesOf(op, plan);
  const [top, bottom] = outside(rows);
  const [left, right] = outside(columns);
  return { inputs: op.padding, outputGradient: { top, bottom, left, right } };
}

/** How many outputs before the first and behind the last a tap of some input falls on. */
function outside(axis: Axis): [number, number] {
  let before = 0;
  let behind = 0;
  for (let input = 0; input < axis.inputs; input++) {
    for (let tap = 0; tap < axis.size; tap++) {
      const output = (input + axis.before - tap * axis.dilation) / axis.stride;
      if (!Number.isInteger(output)) continue;
      before = Math.max(before, -output);
      behind = Math.max(behind, output - axis.outputs + 1);
    }
  }
  return [before, behind];
}

/** What one position of an axis takes in: { byte offset in the source, byte offset in the weights, features }. */
export type Run = readonly [source: number, weight: number, features: number];

/**
 * Per position of an axis { first byte behind the table's start, byte behind the last } of its runs, then all runs, as
 * src/kernels/conv.ts reads them. Runs lie in the order in which they are added.
 */
export function tableOf(positions: readonly (readonly Run[])[]): Uint32Array {
  const runs = positions.reduce((sum, list) => sum + list.length, 0);
  const table = new Uint32Array(positions.length * 2 + runs * 3);
  let at = positions.length * 2;
  positions.forEach((list, position) => {
    table[position * 2] = at * 4;
    for (const run of list) {
      table.set(run, at);
      at += 3;
    }
    table[position * 2 + 1] = at * 4;
  });
  return table;
}

/** Taps of one axis, per output: those inside the input only, since zeros of the frame add nothing. */
export function outputRuns(
  axis: Axis,
  bytes: { readonly source: number; readonly weight: number; readonly start: number },
  features: number,
): Run[][] {
  return Array.from({ length: axis.outputs }, (_, output) => {
    const runs: Run[] = [];
    for (let tap = 0; tap < axis.size; tap++) {
      const input = output * axis.stride + tap * axis.dilation - axis.before;
      if (input < 0 || input >= axis.inputs) continue;
      runs.push([bytes.start + input * bytes.source, tap * bytes.weight, features]);
    }
    return runs;
  });
}

/** Joins runs of neighbouring taps whose inputs are neighbours too. */
export function joined(runs: readonly Run[], sourceBytes: number, weightBytes: number): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    const follows =
      last !== undefined && last[0] + last[2] * sourceBytes === run[0] && last[1] + last[2] * weightBytes === run[1];
    if (follows) result[result.length - 1] = [last[0], last[1], last[2] + run[2]];
    else result.push(run);
  }
  return result;
}

/** Taps of one axis, per input, in rising order of output; those inside the output only. */
export function inputRuns(
  axis: Axis,
  bytes: { readonly source: number; readonly weight: number; readonly start: number },
  features: number,
): Run[][] {
  return Array.from({ length: axis.inputs }, (_, input) => {
    const runs: Run[] = [];
    for (let tap = axis.size - 1; tap >= 0; tap--) {
      const output = (input + axis.before - tap * axis.dilation) / axis.stride;
      if (!Number.isInteger(output) || output < 0 || output >= axis.outputs) continue;
      runs.push([bytes.start + output * bytes.source, tap * bytes.weight, features]);
    }
    return runs;
  });
}

/** How far the kernel's last tap lies from its first, in inputs. */
export function reachOf({ size, dilation }: Axis): number {
  return (size - 1) * dilation;
}

/** From the start of a panel to where the kernel's first tap lies for output 0. */
export function firstTap(layout: Layout, { rows, columns }: Axes): number {
  return layout.origin - rows.before * layout.rowBytes - columns.before * layout.pixelBytes;
}

/**
 * Outputs whose share of a weight's gradient is summed in registers before it is added to the rest: sums of sums lose
 * less to rounding, and the gradients of such a part fit in the first-level cache.
 */
export function chunkOf(height: number, width: number): { readonly height: number; readonly width: number } {
  const pixels = 48;
  if (width > pixels) return { height: 1, width: pixels };
  return { height: Math.min(height, Math.floor(pixels / width)), width };
}

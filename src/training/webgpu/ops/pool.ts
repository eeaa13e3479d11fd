/** Highest value and mean of windows; backwards, each input value asks the windows it lies in. */
import type { PoolOp } from '../../plan/plan';
import { reads, writes } from '../dispatch';
import { u32 } from '../wgsl/text';
import { elementwise, imageOf, type Operation, settlingOf } from './operation';

interface Axis {
  readonly size: number;
  readonly windows: number;
  readonly window: number;
  readonly stride: number;
  readonly before: number;
}

/** `fn <name>Begin(at: i32)`, `fn <name>End(at: i32)`: the part of window `at` inside the image. */
function windowOf(name: string, { size, window, stride, before }: Axis): string {
  return `fn ${name}Begin(at: i32) -> i32 { return max(0, at * ${String(stride)} - ${String(before)}); }
fn ${name}End(at: i32) -> i32 { return min(${String(size)}, at * ${String(stride)} - ${String(before)} + ${String(window)}); }`;
}

/** WGSL of a loop over the windows of an axis that hold `at`. */
function windowsWith(variable: string, at: string, { windows, window, stride, before }: Axis): string {
  const first = `max(0, (${at} + ${String(before - window + stride)}) / ${String(stride)})`;
  return `for (var ${variable} = ${first}; ${variable} < ${String(windows)} && ${variable} * ${String(stride)} - ${String(before)} <= ${at}; ${variable}++)`;
}

export const pool: Operation<PoolOp> = ({ kind, size, strides, padding, layer }, node, site) => {
  const [height, width, channels] = imageOf(node.inputShapes[0]!);
  const [rows, columns] = imageOf(node.outputShape);
  const down: Axis = { size: height, windows: rows, window: size[0], stride: strides[0], before: padding.top };
  const across: Axis = { size: width, windows: columns, window: size[1], stride: strides[1], before: padding.left };
  const windows = `${windowOf('row', down)}\n${windowOf('column', across)}`;
  const isMaximum = kind === 'max-pool';
  const x = reads('x', site.values(node.inputs[0]!));
  const y = site.values(node.output);
  const pixelAt = (example: string, row: string, column: string): string =>
    `(u32((${example} * ${String(height)} + ${row}) * ${String(width)} + ${column}) * ${u32(channels)} + c)`;
  const outputAt = `(u32((example * ${String(rows)} + row) * ${String(columns)} + column) * ${u32(channels)} + c)`;
  const forward = elementwise(
    site,
    `${layer} forward`,
    rows * columns * channels,
    [x, writes('y', y)],
    `let c = i % ${u32(channels)};
  let column = i32((i / ${u32(channels)}) % ${u32(columns)});
  let row = i32((i / ${u32(channels * columns)}) % ${u32(rows)});
  let example = i32(i / ${u32(channels * columns * rows)});
  var value = ${isMaximum ? `x[${pixelAt('example', 'rowBegin(row)', 'columnBegin(column)')}]` : '0.0'};
  for (var r = rowBegin(row); r < rowEnd(row); r++) {
    for (var q = columnBegin(column); q < columnEnd(column); q++) {
      let other = x[${pixelAt('example', 'r', 'q')}];
      ${isMaximum ? 'if (other > value) { value = other; }' : 'value += other;'}
    }
  }
  y[i] = ${isMaximum ? 'value' : 'value / f32((rowEnd(row) - rowBegin(row)) * (columnEnd(column) - columnBegin(column)))'};`,
    windows,
  );
  if (!site.training || !node.gradients[0]) return { forward: [forward], backward: [] };

  const settling = settlingOf(site, node);
  const share = isMaximum
    ? `if (y[${outputAt}] == x[i] && isFirst(example, row, column, down, across, c, x[i])) { sum += dy[${outputAt}]; }`
    : `sum += dy[${outputAt}] / f32((rowEnd(row) - rowBegin(row)) * (columnEnd(column) - columnBegin(column)));`;
  const isFirst = `/** Whether no value of the window before this one is as high: the first takes the gradient. */
fn isFirst(example: i32, row: i32, column: i32, down: i32, across: i32, c: u32, value: f32) -> bool {
  for (var r = rowBegin(row); r <= down; r++) {
    for (var q = columnBegin(column); q < columnEnd(column); q++) {
      if (r == down && q >= across) { return true; }
      if (x[${pixelAt('example', 'r', 'q')}] == value) { return false; }
    }
  }
  return true;
}`;
  const backward = elementwise(
    site,
    `${layer} backward`,
    height * width * channels,
    [...(isMaximum ? [x, reads('y', y)] : []), reads('dy', site.gradients(node.output)), ...settling.bindings],
    `let c = i % ${u32(channels)};
  let across = i32((i / ${u32(channels)}) % ${u32(width)});
  let down = i32((i / ${u32(channels * width)}) % ${u32(height)});
  let example = i32(i / ${u32(channels * width * height)});
  var sum = 0.0;
  ${windowsWith('row', 'down', down)} {
    ${windowsWith('column', 'across', across)} {
      ${share}
    }
  }
  settle(i, sum);`,
    `${windows}\n${isMaximum ? isFirst : ''}\n${settling.declarations}`,
  );
  return { forward: [forward], backward: [backward] };
};

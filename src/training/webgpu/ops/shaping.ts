/** Ops that move values and do not change them: zeros around an image, and images side by side in their channels. */
import type { ConcatenateOp, ZeroPaddingOp } from '../../plan/plan';
import { reads, writes } from '../dispatch';
import { u32 } from '../wgsl/text';
import { elementwise, imageOf, type Operation, settlingOf, sizeOf } from './operation';

export const zeroPadding: Operation<ZeroPaddingOp> = ({ padding, layer }, node, site) => {
  const [height, width, channels] = imageOf(node.inputShapes[0]!);
  const [rows, columns] = imageOf(node.outputShape);
  const forward = elementwise(
    site,
    `${layer} forward`,
    rows * columns * channels,
    [reads('x', site.values(node.inputs[0]!)), writes('y', site.values(node.output))],
    `let c = i % ${u32(channels)};
  let column = i32((i / ${u32(channels)}) % ${u32(columns)}) - ${String(padding.left)};
  let row = i32((i / ${u32(channels * columns)}) % ${u32(rows)}) - ${String(padding.top)};
  let example = i / ${u32(channels * columns * rows)};
  var value = 0.0;
  if (row >= 0 && row < ${String(height)} && column >= 0 && column < ${String(width)}) {
    value = x[((example * ${u32(height)} + u32(row)) * ${u32(width)} + u32(column)) * ${u32(channels)} + c];
  }
  y[i] = value;`,
  );
  if (!site.training || !node.gradients[0]) return { forward: [forward], backward: [] };
  const settling = settlingOf(site, node);
  const backward = elementwise(
    site,
    `${layer} backward`,
    height * width * channels,
    [reads('dy', site.gradients(node.output)), ...settling.bindings],
    `let c = i % ${u32(channels)};
  let column = (i / ${u32(channels)}) % ${u32(width)} + ${u32(padding.left)};
  let row = (i / ${u32(channels * width)}) % ${u32(height)} + ${u32(padding.top)};
  let example = i / ${u32(channels * width * height)};
  settle(i, dy[((example * ${u32(rows)} + row) * ${u32(columns)} + column) * ${u32(channels)} + c]);`,
    settling.declarations,
  );
  return { forward: [forward], backward: [backward] };
};

export const concatenate: Operation<ConcatenateOp> = ({ layer }, node, site) => {
  const outputs = node.outputShape.at(-1)!;
  const widths = node.inputShapes.map(shape => shape.at(-1)!);
  const firsts = widths.map((_, k) => widths.slice(0, k).reduce((sum, n) => sum + n, 0));
  const place = (k: number): string =>
    `(i / ${u32(widths[k]!)}) * ${u32(outputs)} + ${u32(firsts[k]!)} + i % ${u32(widths[k]!)}`;
  const forward = node.inputs.map((input, k) =>
    elementwise(
      site,
      `${layer} forward`,
      sizeOf(node.inputShapes[k]!),
      [reads('x', site.values(input)), writes('y', site.values(node.output))],
      `y[${place(k)}] = x[i];`,
    ),
  );
  if (!site.training) return { forward, backward: [] };
  const backward = node.inputs.flatMap((_, k) => {
    if (!node.gradients[k]) return [];
    const settling = settlingOf(site, node, k);
    return elementwise(
      site,
      `${layer} backward`,
      sizeOf(node.inputShapes[k]!),
      [reads('dy', site.gradients(node.output)), ...settling.bindings],
      `settle(i, dy[${place(k)}]);`,
      settling.declarations,
    );
  });
  return { forward, backward };
};

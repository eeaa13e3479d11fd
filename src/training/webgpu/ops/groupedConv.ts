/** Convolutions in groups, depthwise ones among them: few terms a value, so a thread each. */
import type { Conv2DOp } from '../../plan/plan';
import { type Dispatch, reads, writes } from '../dispatch';
import { activate } from '../wgsl/activations';
import { sharedSums, sumOver } from '../wgsl/reduce';
import { sumOfParts } from '../wgsl/product';
import { fixed, u32 } from '../wgsl/text';
import { convShape, inputPixel, outputPixel } from './convShape';
import { biasTerm } from './linear';
import { elementwise, type Operation, settlingOf, type Site } from './operation';

const threads = 256;
/** Output channels side by side in a workgroup, of as many pixels as there are threads for. */
const wide = 32;

export const groupedConv: Operation<Conv2DOp> = (op, node, site) => {
  const { kernel, bias, layer, groups } = op;
  const shape = convShape(op, node);
  const { inputs, outputs, taps, outputPixels, inputPixels } = shape;
  const perInput = inputs / groups;
  const perOutput = outputs / groups;
  const x = reads('x', site.values(node.inputs[0]!));
  const w = reads('w', site.weights(kernel));
  const forward = elementwise(
    site,
    `${layer} forward`,
    outputPixels * outputs,
    [x, w, writes('y', site.values(node.output))],
    `let column = i % ${u32(outputs)};
  let first = (column / ${u32(perOutput)}) * ${u32(perInput)};
  var sum = 0.0;
  for (var tap = 0u; tap < ${u32(taps)}; tap++) {
    let pixel = inputPixel(i / ${u32(outputs)}, tap);
    if (pixel < 0) { continue; }
    let at = u32(pixel) * ${u32(inputs)} + first;
    for (var c = 0u; c < ${u32(perInput)}; c++) {
      sum += x[at + c] * w[(tap * ${u32(perInput)} + c) * ${u32(outputs)} + column];
    }
  }
  y[i] = activate(sum${biasTerm(bias, taps * perInput, outputs)});`,
    `${inputPixel(op, shape)}\n${activate(node.activation)}`,
  );
  if (!site.training) return { forward: [forward], backward: [] };

  const dy = reads('dy', site.gradients(node.output));
  const backward: Dispatch[] = [];
  if (node.gradients[0]) {
    const settling = settlingOf(site, node);
    backward.push(
      elementwise(
        site,
        `${layer} input gradient`,
        inputPixels * inputs,
        [dy, w, ...settling.bindings],
        `let channel = i % ${u32(inputs)};
  let first = (channel / ${u32(perInput)}) * ${u32(perOutput)};
  var sum = 0.0;
  for (var tap = 0u; tap < ${u32(taps)}; tap++) {
    let pixel = outputPixel(i / ${u32(inputs)}, tap);
    if (pixel < 0) { continue; }
    let at = u32(pixel) * ${u32(outputs)} + first;
    let row = (tap * ${u32(perInput)} + channel % ${u32(perInput)}) * ${u32(outputs)} + first;
    for (var c = 0u; c < ${u32(perOutput)}; c++) { sum += dy[at + c] * w[row + c]; }
  }
  settle(i, sum);`,
        `${outputPixel(op, shape)}\n${settling.declarations}`,
      ),
    );
  }
  return { forward: [forward], backward: [...backward, ...weightGradient(op, node, site)] };
};

/** A workgroup sums a row of the kernel for some output channels over some of the pixels of the batch. */
function weightGradient(op: Conv2DOp, node: Parameters<Operation<Conv2DOp>>[1], site: Site): Dispatch[] {
  const { kernel, bias, layer, groups } = op;
  const shape = convShape(op, node);
  const { inputs, outputs, taps, outputPixels } = shape;
  const perInput = inputs / groups;
  const weights = taps * perInput;
  const rows = weights + (bias === null ? 0 : 1);
  const size = rows * outputs;
  const blocks = Math.ceil(outputs / wide);
  const most = site.batch * outputPixels;
  const parts = Math.max(1, Math.min(64, Math.floor(most / 512)));
  const chunk = Math.ceil(most / parts);
  const gradient = site.parameterGradient(kernel);
  const target = parts === 1 ? gradient : site.scratch(parts * size * 4);
  const main: Dispatch = {
    label: `${layer} weight gradient`,
    bindings: [
      reads('x', site.values(node.inputs[0]!)),
      reads('dy', site.gradients(node.output)),
      writes('dw', target),
    ],
    declarations: `${sharedSums('f32', threads)}
${inputPixel(op, shape)}
fn input(pixel: u32, row: u32, column: u32) -> f32 {
  ${bias === null ? '' : `if (row == ${u32(weights)}) { return 1.0; }`}
  let place = inputPixel(pixel, row / ${u32(perInput)});
  if (place < 0) { return 0.0; }
  return x[u32(place) * ${u32(inputs)} + (column / ${u32(outputs / groups)}) * ${u32(perInput)} + row % ${u32(perInput)}];
}`,
    body: `let column = (group % ${u32(blocks)}) * ${u32(wide)} + lane % ${u32(wide)};
  let row = (group / ${u32(blocks)}) % ${u32(rows)};
  let part = group / ${u32(blocks * rows)};
  let end = min((part + 1u) * ${u32(chunk)}, step.count * ${u32(outputPixels)});
  var sum = 0.0;
  if (column < ${u32(outputs)}) {
    for (var pixel = part * ${u32(chunk)} + lane / ${u32(wide)}; pixel < end; pixel += ${u32(threads / wide)}) {
      sum += input(pixel, row, column) * dy[pixel * ${u32(outputs)} + column];
    }
  }
  ${sumOver('sum', threads, wide)}
  if (lane < ${u32(wide)} && column < ${u32(outputs)}) {
    dw[part * ${u32(size)} + row * ${u32(outputs)} + column] = sums[lane];
  }`,
    threads,
    groups: blocks * rows * parts,
  };
  if (parts === 1) return [main];
  const store = {
    code: `dw[row * ${u32(outputs)} + column] = sum;`,
    bindings: [writes('dw', gradient)],
    declarations: '',
  };
  return [main, sumOfParts(`${layer} weight gradient, summed`, target, fixed(rows), outputs, parts, store)];
}

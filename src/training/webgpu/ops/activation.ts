/** Activations that are not the end of another op, softmax among them. */
import type { ActivationOp } from '../../plan/plan';
import { reads, writes } from '../dispatch';
import { activate, derivative, isToldFromOutput } from '../wgsl/activations';
import { u32 } from '../wgsl/text';
import { elementwise, imageOf, type Operation, settlingOf, sizeOf } from './operation';

export const activation: Operation<ActivationOp> = (op, node, site) => {
  const { activation: name, alpha, layer } = op;
  if (name === 'linear') throw new Error(`${layer}: a linear activation is no op to run`);
  if (name === 'softmax') return softmax(op, node, site);
  const size = sizeOf(node.outputShape);
  const x = site.values(node.inputs[0]!);
  const y = site.values(node.output);
  const forward = elementwise(
    site,
    `${layer} forward`,
    size,
    [reads('x', x), writes('y', y)],
    'y[i] = activate(x[i]);',
    activate({ name, alpha }),
  );
  if (!site.training || !node.gradients[0]) return { forward: [forward], backward: [] };
  const settling = settlingOf(site, node);
  const backward = elementwise(
    site,
    `${layer} backward`,
    size,
    [reads('s', isToldFromOutput(name) ? y : x), reads('dy', site.gradients(node.output)), ...settling.bindings],
    'settle(i, derivative(s[i], dy[i]));',
    `${derivative({ name, alpha }, 'derivative')}\n${settling.declarations}`,
  );
  return { forward: [forward], backward: [backward] };
};

/** Over the channels of each pixel: a thread each. */
const softmax: Operation<ActivationOp> = ({ layer }, node, site) => {
  const [height, width, channels] = imageOf(node.outputShape);
  const y = site.values(node.output);
  const bounds = `let first = i * ${u32(channels)};
  let end = first + ${u32(channels)};`;
  const forward = elementwise(
    site,
    `${layer} forward`,
    height * width,
    [reads('x', site.values(node.inputs[0]!)), writes('y', y)],
    `${bounds}
  var highest = x[first];
  for (var c = first + 1u; c < end; c++) { highest = max(highest, x[c]); }
  var sum = 0.0;
  for (var c = first; c < end; c++) { sum += exponential(x[c] - highest); }
  for (var c = first; c < end; c++) { y[c] = exponential(x[c] - highest) / sum; }`,
  );
  if (!site.training || !node.gradients[0]) return { forward: [forward], backward: [] };
  const settling = settlingOf(site, node);
  const backward = elementwise(
    site,
    `${layer} backward`,
    height * width,
    [reads('y', y), reads('dy', site.gradients(node.output)), ...settling.bindings],
    `${bounds}
  var sum = 0.0;
  for (var c = first; c < end; c++) { sum += y[c] * dy[c]; }
  for (var c = first; c < end; c++) { settle(c, y[c] * (dy[c] - sum)); }`,
    settling.declarations,
  );
  return { forward: [forward], backward: [backward] };
};

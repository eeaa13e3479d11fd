/** Sums of images; backwards the gradient goes to each of them. */
import type { AddOp } from '../../plan/plan';
import { reads, writes } from '../dispatch';
import { activate } from '../wgsl/activations';
import { elementwise, type Operation, settlingOf, sizeOf } from './operation';

/** Others than the running sum that a kernel is bound to. */
const atATime = 4;

export const add: Operation<AddOp> = ({ layer }, node, site) => {
  const size = sizeOf(node.outputShape);
  const y = site.values(node.output);
  const groups: number[][] = [];
  for (let k = 0; k < node.inputs.length; k += atATime) groups.push(node.inputs.slice(k, k + atATime));
  const forward = groups.map((inputs, g) => {
    const terms = [...(g > 0 ? ['y[i]'] : []), ...inputs.map(input => `x${String(input)}[i]`)].join(' + ');
    return elementwise(
      site,
      `${layer} forward`,
      size,
      [...[...new Set(inputs)].map(input => reads(`x${String(input)}`, site.values(input))), writes('y', y)],
      g === groups.length - 1 ? `y[i] = activate(${terms});` : `y[i] = ${terms};`,
      activate(node.activation),
    );
  });
  if (!site.training) return { forward, backward: [] };
  const backward = node.inputs.flatMap((_, k) => {
    if (!node.gradients[k]) return [];
    const settling = settlingOf(site, node, k);
    return elementwise(
      site,
      `${layer} backward`,
      size,
      [reads('dy', site.gradients(node.output)), ...settling.bindings],
      'settle(i, dy[i]);',
      settling.declarations,
    );
  });
  return { forward, backward };
};

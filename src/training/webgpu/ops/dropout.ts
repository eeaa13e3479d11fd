/** Inverted dropout: a part of the features goes while training; while evaluating nothing happens to them. */
import type { DropoutOp } from '../../plan/plan';
import { reads, writes } from '../dispatch';
import { dropoutKey, scramble } from '../wgsl/random';
import { f32, u32 } from '../wgsl/text';
import { elementwise, type Operation, settlingOf, sizeOf } from './operation';

export const dropout: Operation<DropoutOp> = ({ rate, output, layer }, node, site) => {
  const size = sizeOf(node.outputShape);
  const images = [reads('x', site.values(node.inputs[0]!)), writes('y', site.values(node.output))];
  const seed = reads('seed', site.seed, 'u32');
  if (!site.training) {
    return { forward: [elementwise(site, `${layer} forward`, size, images, 'y[i] = x[i];')], backward: [] };
  }
  // an example is a lane of a panel of 16, as the wasm executor counts features
  const draw = `let example = i / ${u32(size)};
  let counter = (((example >> 4u) * ${u32(size)} + i % ${u32(size)}) << 4u) + (example & 15u);
  let kept = scramble(counter ^ scramble(dropoutKey(step.number))) >= ${u32(Math.floor(rate * 0x1_0000_0000))};`;
  const scaled = (value: string): string => `select(0.0, ${value} * ${f32(1 / (1 - rate))}, kept)`;
  // the op's output tells its draws from another's
  const declarations = `${scramble}\n${dropoutKey(output)}`;
  const forward = elementwise(
    site,
    `${layer} forward`,
    size,
    [...images, seed],
    `${draw}\n  y[i] = ${scaled('x[i]')};`,
    declarations,
  );
  if (!node.gradients[0]) return { forward: [forward], backward: [] };
  const settling = settlingOf(site, node);
  const backward = elementwise(
    site,
    `${layer} backward`,
    size,
    [reads('dy', site.gradients(node.output)), seed, ...settling.bindings],
    `${draw}\n  settle(i, ${scaled('dy[i]')});`,
    `${declarations}\n${settling.declarations}`,
  );
  return { forward: [forward], backward: [backward] };
};

/** Fully connected layers. */
import type { DenseOp } from '../../plan/plan';
import { linear } from './linear';
import { type Operation, sizeOf } from './operation';

export const dense: Operation<DenseOp> = ({ kernel, bias, layer }, node, site) =>
  linear(
    { kernel, bias, layer, rows: 1, inputs: sizeOf(node.inputShapes[0]!), outputs: sizeOf(node.outputShape) },
    node,
    site,
  );

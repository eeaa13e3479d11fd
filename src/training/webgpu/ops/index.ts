/** Every kind of op. A new one is a file here and a line below. */
import type { PlanOp } from '../../plan/plan';
import type { GraphNode, RunOp } from '../graph';
import { activation } from './activation';
import { add } from './add';
import { batchNormalization } from './batchNormalization';
import { conv } from './conv';
import { dense } from './dense';
import { dropout } from './dropout';
import { layerNormalization } from './layerNormalization';
import type { Launches, Operation, Site } from './operation';
import { pool } from './pool';
import { concatenate, zeroPadding } from './shaping';

type OpOf<Kind extends RunOp['kind']> = Extract<PlanOp, { kind: Kind }>;

const operations: { readonly [Kind in RunOp['kind']]: Operation<OpOf<Kind>> } = {
  activation,
  add,
  'average-pool': pool,
  'batch-normalization': batchNormalization,
  concatenate,
  conv2d: conv,
  dense,
  dropout,
  'layer-normalization': layerNormalization,
  'max-pool': pool,
  'zero-padding': zeroPadding,
};

export function launchesOf(node: GraphNode, site: Site): Launches {
  const operation = operations[node.op.kind] as Operation<RunOp>;
  return operation(node.op, node, site);
}

/** Every kind of op. A new one is a file here and a line below. */
import type { PlanOp } from '../../plan/plan';
import type { GraphNode, RunOp } from '../graph';
import { activation } from './activation';
import { dense } from './dense';
import { dropout } from './dropout';
import type { Launches, Operation, Site } from './operation';

type OpOf<Kind extends RunOp['kind']> = Extract<PlanOp, { kind: Kind }>;

const operations = {
  activation,
  dense,
  dropout,
} as unknown as { readonly [Kind in RunOp['kind']]: Operation<OpOf<Kind>> };

export function launchesOf(node: GraphNode, site: Site): Launches {
  const operation = operations[node.op.kind] as Operation<RunOp>;
  return operation(node.op, node, site);
}

/** Which operators a tensor ends up in, through subgraphs, functions and nodes that hand it on as it is. */
import type { FunctionRecord, ModelRecord, NodeRecord, Scope } from './records';

export interface Use {
  readonly node: NodeRecord;
  /** Which of its inputs. */
  readonly input: number;
  readonly scope: Scope;
  /** Axis of the tensor that is axis i of the input; null: the same. */
  readonly permutation: readonly number[] | null;
}

/** Of one tensor: enough to tell what it is. */
const mostVisits = 64;
/** Calls in calls. */
const deepestCall = 8;

/** What comes out of them are the values that went in, in other words or another order. */
const handsOn: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'QuantizeLinear',
  'DequantizeLinear',
  'Transpose',
  'Dropout',
]);

type Consumers = ReadonlyMap<
  string,
  readonly { readonly node: NodeRecord; readonly input: number; readonly scope: Scope }[]
>;

export class Usage {
  private readonly consumers = new Map<Scope, Consumers>();
  private readonly functions = new Map<string, FunctionRecord>();

  constructor(model: ModelRecord) {
    for (const record of model.functions) this.functions.set(keyOf(record.domain, record.name), record);
    const defined = definitions(model);
    const building = new Map<Scope, Map<string, { node: NodeRecord; input: number; scope: Scope }[]>>();
    for (const scope of model.scopes) building.set(scope, new Map());
    for (const scope of model.scopes) {
      for (const node of scope.nodes) {
        node.inputs.forEach((name, input) => {
          if (name === '') return;
          const owner = ownerOf(scope, name, defined);
          const known = building.get(owner)!;
          const list = known.get(name);
          if (list) list.push({ node, input, scope });
          else known.set(name, [{ node, input, scope }]);
        });
      }
    }
    for (const [scope, names] of building) this.consumers.set(scope, names);
  }

  /** @param rank of the tensor, which a Transpose without an order turns round */
  of(name: string, scope: Scope, rank: number): Use[] {
    const uses: Use[] = [];
    const open = [{ name, scope, permutation: null as readonly number[] | null, calls: 0 }];
    let visits = 0;
    for (let at = open.pop(); at; at = open.pop()) {
      for (const consumer of this.consumers.get(at.scope)?.get(at.name) ?? []) {
        if (++visits > mostVisits) return uses;
        const { node, input } = consumer;
        const use: Use = { ...consumer, permutation: at.permutation };
        const called = this.functions.get(keyOf(node.domain, node.op));
        const formal = called?.inputs[input];
        if (called && formal !== undefined && at.calls < deepestCall) {
          open.push({ name: formal, scope: called.scope, permutation: at.permutation, calls: at.calls + 1 });
          continue;
        }
        uses.push(use);
        const output = node.outputs[0];
        if (input !== 0 || !handsOn.has(node.op) || output === undefined) continue;
        const permutation = node.op === 'Transpose' ? transposed(at.permutation, node, rank) : at.permutation;
        open.push({ ...at, name: output, scope: consumer.scope, permutation });
      }
    }
    return uses;
  }
}

export function isHandedOn({ node, input }: Use): boolean {
  return input === 0 && handsOn.has(node.op);
}

const keyOf = (domain: string, name: string): string => `${domain}\n${name}`;

/** Names that each graph gives by itself; only those of graphs in graphs can hide others. */
function definitions(model: ModelRecord): ReadonlyMap<Scope, ReadonlySet<string>> {
  const defined = new Map<Scope, Set<string>>();
  for (const scope of model.scopes) {
    if (scope.parent) defined.set(scope, new Set(scope.nodes.flatMap(({ outputs }) => outputs)));
  }
  for (const { record, scope } of model.tensors) defined.get(scope)?.add(record.name);
  return defined;
}

function ownerOf(scope: Scope, name: string, defined: ReadonlyMap<Scope, ReadonlySet<string>>): Scope {
  let owner = scope;
  while (owner.parent && !defined.get(owner)?.has(name)) owner = owner.parent;
  return owner;
}

function transposed(before: readonly number[] | null, node: NodeRecord, rank: number): readonly number[] | null {
  const order = node.permutation ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const valid = order.length === rank && [...order].sort((a, b) => a - b).every((axis, i) => axis === i);
  if (!valid) return before;
  return before ? order.map(axis => before[axis]!) : order;
}

/** Names that people know, for tensors that exporters number. */
import { limits } from '../checkpoint';
import type { Meaning } from './operators';
import type { ListedTensor, Scope } from './records';
import type { Use } from './usage';

/**
 * torch.onnx numbers what it computes anew, as onnx::MatMul_123 (since 1.12), 123 (before), val_123 (dynamo). Outputs of
 * Constant nodes are called after these.
 */
export function isNumbered(name: string): boolean {
  return /^(onnx::\w+|val_\d+|\d+|(.*[./])?(_?v_\d+|constant(_\d+)?(_output_\d+)?(:0)?))$/i.test(name);
}

/** The module that the node was exported from and what the tensor is in it; null where the node does not tell. */
export function layerName({ node }: Use, { parameter, role }: Meaning): string | null {
  // group normalisation is exported as that of instances with ones and zeros, and its weights as Mul and Add
  if (role !== 'weight' || node.op === 'InstanceNormalization') return null;
  const module = node.module ?? modulePath(node.name, node.op);
  return module === null || module === '' ? null : `${module}.${parameter}`;
}

/** torch.onnx names nodes by their modules and the operator: /layer1/layer1.0/conv1/Conv_1. */
function modulePath(name: string, op: string): string | null {
  const segments = name.split('/');
  const last = segments.pop();
  if (segments.length < 2 || segments[0] !== '' || last?.replace(/_\d+$/, '') !== op) return null;
  const path: string[] = [];
  for (const segment of segments.slice(1)) {
    // a member of a list repeats the list: layer1, layer1.0
    if (segment.startsWith(`${path.at(-1) ?? ''}.`)) path.pop();
    path.push(segment);
  }
  return path.join('.');
}

/** Of a node in a path. */
const longestSegment = 200;

/** What a tensor is called in the file, and what it would be called by its layer. */
export interface Wish {
  readonly listed: ListedTensor;
  readonly layer: string | null;
}

/** @returns a name for each that no other has: its own where it is free, those of the main graph first */
export function nameTensors(wishes: readonly Wish[]): string[] {
  const own = new Set(wishes.map(({ listed }) => listed.record.name));
  const taken = new Set<string>();
  const tries = new Map<string, number>();
  const take = ({ listed, layer }: Wish): string => {
    const { record, scope } = listed;
    const wanted = layer !== null && !own.has(layer) && !taken.has(layer) ? layer : record.name;
    const base = wanted === '' ? 'unnamed' : shortened(wanted, limits.nameLength / 2);
    let name = taken.has(base) && scope.parent ? `${pathOf(scope)}/${base}` : base;
    for (let i = tries.get(base) ?? 2; taken.has(name); i++) {
      name = `${base} (${i})`;
      tries.set(base, i + 1);
    }
    taken.add(name);
    return name;
  };
  const names = new Array<string>(wishes.length);
  for (const inner of [false, true]) {
    wishes.forEach((wish, index) => {
      if ((wish.listed.scope.parent !== null) === inner) names[index] = take(wish);
    });
  }
  return names;
}

/** Of subgraphs, from the outside: the node and its attribute. */
function pathOf(scope: Scope): string {
  const parts: string[] = [];
  for (let at = scope; at.parent; at = at.parent) parts.push(shortened(at.label(), longestSegment));
  return shortened(parts.reverse().join('/'), limits.nameLength / 2 - 1);
}

const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

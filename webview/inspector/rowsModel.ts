/** The rows of the table: tensors in the order asked for, flat or under the modules that they belong to. Pure. */
import type { TensorInfo } from '../../src/shared/inspection';
import { groupByModule, type ModuleGroup } from '../../src/shared/totals';

export interface GroupRow {
  readonly kind: 'group';
  /** Whole path; unique. */
  readonly path: string;
  readonly label: string;
  readonly depth: number;
  readonly open: boolean;
  /** Indices of the tensors in it and below. */
  readonly members: readonly number[];
}

export interface TensorRow {
  readonly kind: 'tensor';
  readonly index: number;
  readonly label: string;
  readonly depth: number;
}

export type Row = GroupRow | TensorRow;

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** What a column sorts by; null goes last either way. */
export type SortValue = number | string | null;

export interface SortBy {
  readonly descending: boolean;
  readonly of: (index: number) => SortValue;
  /** Left out: a group stands where the first of its tensors would. */
  readonly ofGroup?: (members: readonly number[]) => SortValue;
}

/** A module in the table, with chains of modules that hold nothing but one other put into one. */
export interface Node {
  readonly path: string;
  readonly label: string;
  readonly modules: readonly Node[];
  readonly tensors: readonly number[];
  readonly members: readonly number[];
  /** The least of its members: its place in the order of the file. */
  readonly first: number;
}

/** @param indices those of the tensors to show */
export function tree(tensors: readonly TensorInfo[], indices: readonly number[]): Node {
  const root = groupByModule(indices.map(index => tensors[index]!));
  return nodeOf(root, '', indices);
}

function nodeOf(group: ModuleGroup, above: string, indices: readonly number[]): Node {
  let inner = group;
  // the root is no row: what it holds is
  while (group.path !== '') {
    const [only] = inner.modules;
    if (!only || inner.modules.length > 1 || inner.tensors.length > 0) break;
    inner = only;
  }
  const modules = inner.modules.map(module => nodeOf(module, inner.path, indices));
  const tensors = inner.tensors.map(place => indices[place]!);
  const members = [...tensors];
  for (const module of modules) for (const index of module.members) members.push(index);
  const first = modules.reduce((least, module) => Math.min(least, module.first), tensors[0] ?? Infinity);
  return { path: inner.path, label: nameBelow(inner.path, above), modules, tensors, members, first };
}

/** The rest of a path below another: "layer1.0" below "layer1" is "0". */
export function nameBelow(path: string, above: string): string {
  const rest = path.startsWith(above) ? path.slice(above.length).replace(/^[./]+/, '') : path;
  return rest === '' ? path : rest;
}

/** A file of more tensors opens with its modules closed below the first level. */
const mostOpen = 400;

export function isOpenAtFirst(node: Pick<Node, 'members'>, depth: number, total: number): boolean {
  return total <= mostOpen || (depth === 0 && node.members.length <= mostOpen);
}

/** @param toggled paths of groups that a person opened or closed, against what they were at first */
export function groupedRows(
  root: Node,
  tensors: readonly TensorInfo[],
  toggled: ReadonlySet<string>,
  sort: SortBy | null,
): Row[] {
  const rows: Row[] = [];
  const total = root.members.length;
  const add = (node: Node, depth: number): void => {
    // a module of one tensor is no row of its own
    const modules = node.modules.map(module => (module.members.length === 1 ? module.members[0]! : module));
    const children: (Node | number)[] = [...modules, ...node.tensors];
    for (const child of sorted(children, sort)) {
      if (typeof child === 'number') {
        rows.push({ kind: 'tensor', index: child, label: nameBelow(tensors[child]!.name, node.path), depth });
        continue;
      }
      const open = isOpenAtFirst(child, depth, total) !== toggled.has(child.path);
      rows.push({ kind: 'group', path: child.path, label: child.label, depth, open, members: child.members });
      if (open) add(child, depth + 1);
    }
  };
  add(root, 0);
  return rows;
}

export function flatRows(tensors: readonly TensorInfo[], indices: readonly number[], sort: SortBy | null): Row[] {
  return sorted(indices, sort).map(index => ({
    kind: 'tensor',
    index: index as number,
    label: tensors[index as number]!.name,
    depth: 0,
  }));
}

/** In the order of the file where nothing else decides. */
function sorted(children: readonly (Node | number)[], sort: SortBy | null): readonly (Node | number)[] {
  const keyed = children.map(child => ({
    child,
    first: typeof child === 'number' ? child : child.first,
    value: sort ? valueOf(child, sort) : null,
  }));
  keyed.sort((a, b) => (sort ? compareValues(a.value, b.value, sort.descending) : 0) || a.first - b.first);
  return keyed.map(({ child }) => child);
}

function valueOf(child: Node | number, sort: SortBy): SortValue {
  if (typeof child === 'number') return sort.of(child);
  if (sort.ofGroup) return sort.ofGroup(child.members);
  let best: SortValue = null;
  for (const index of child.members) {
    const value = sort.of(index);
    if (compareValues(value, best, sort.descending) < 0) best = value;
  }
  return best;
}

export function compareValues(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : names.compare(String(a), String(b));
  return descending ? -order : order;
}

/** "layer.2" before "layer.10" */
const names = new Intl.Collator('en', { numeric: true });

/** What a click on a column's head asks for: numbers from the largest, words from a to z, then turned round, then none. */
export function nextSort(sort: Sort | null, column: string, numeric: boolean): Sort | null {
  if (sort?.column !== column) return { column, descending: numeric };
  return sort.descending === numeric ? { column, descending: !numeric } : null;
}

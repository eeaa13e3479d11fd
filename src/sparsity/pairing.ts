/** Which tensors of two checkpoints stand for each other. */
import type { TensorInfo } from '../shared/inspection';

export interface Match {
  /** Indices into the two lists. */
  readonly left: number;
  readonly right: number;
  readonly by: 'name' | 'prefix' | 'shape';
  /** Axis of the right tensor that is axis i of the left one; null: the axes are the same. */
  readonly axes: readonly number[] | null;
}

export interface Matching {
  /** Of one shape (or one cannot be read), in the order of the left file. */
  readonly pairs: readonly Match[];
  /** The same name, another shape. */
  readonly reshaped: readonly Match[];
  readonly onlyLeft: readonly number[];
  readonly onlyRight: readonly number[];
}

/** Prefixes that wrappers put before every name: DataParallel and DDP, torch.compile, Lightning's usual attribute. */
const wrappers = /^(?:(?:module|_orig_mod|model)\.)+/;

/**
 * By name, then by name without wrappers' prefixes. Where no kernel has its like by name, because the two come from
 * different frameworks, by shape as far as one shape is there once on each side. Optimiser state takes no part, and
 * memory that an earlier tensor has takes part only where the other side has it as its own.
 */
export function matchTensors(left: readonly TensorInfo[], right: readonly TensorInfo[]): Matching {
  const named = matchByName(left, right);
  const foreign = !named.some(({ left: index }) => left[index]!.prunable);
  const matches = foreign ? matchByShape(left, right, named) : named;
  const both = matches
    .filter(match => left[match.left]!.tiedTo === null || right[match.right]!.tiedTo === null)
    .sort((a, b) => a.left - b.left);
  const comparable = (match: Match): boolean => {
    const [a, b] = [left[match.left]!, right[match.right]!];
    return a.error !== null || b.error !== null || sameShape(a.shape, permuted(b.shape, match.axes));
  };
  const missing = (tensors: readonly TensorInfo[], matched: ReadonlySet<number>): number[] =>
    tensors.flatMap((tensor, index) =>
      takesPart(tensor) && tensor.tiedTo === null && !matched.has(index) ? [index] : [],
    );
  return {
    pairs: both.filter(comparable),
    reshaped: both.filter(match => !comparable(match)),
    onlyLeft: missing(left, new Set(matches.map(match => match.left))),
    onlyRight: missing(right, new Set(matches.map(match => match.right))),
  };
}

function takesPart({ role }: TensorInfo): boolean {
  return role === 'weight' || role === 'buffer';
}

function matchByName(left: readonly TensorInfo[], right: readonly TensorInfo[]): Match[] {
  const exact = pairUp(left, right, [], ({ name }) => name).map(pair => ({ ...pair, by: 'name' as const, axes: null }));
  const bare = pairUp(left, right, exact, ({ name }) => name.replace(wrappers, ''));
  return [...exact, ...bare.map(pair => ({ ...pair, by: 'prefix' as const, axes: null }))];
}

/**
 * Kernels whose sizes (outputs, inputs, then space) are there once on each side; then what else their layers hold, again
 * where kind and shape are there once in the layer.
 */
function matchByShape(left: readonly TensorInfo[], right: readonly TensorInfo[], named: readonly Match[]): Match[] {
  const kernels = pairUp(left, right, named, tensor => (tensor.prunable ? canonicalShape(tensor) : null)).map(pair => ({
    ...pair,
    by: 'shape' as const,
    axes: axesBetween(left[pair.left]!, right[pair.right]!),
  }));
  const layerOf = new Map(kernels.map(pair => [ownerOf(right[pair.right]!), ownerOf(left[pair.left]!)]));
  const layersLeft = new Set(layerOf.values());
  const taken = [...named, ...kernels];
  const keyOf = ({ kind, shape }: TensorInfo, layer: string): string => `${layer}\n${kind}\n${shape.join()}`;
  const others = pairUp(
    left,
    right,
    taken,
    tensor => (!tensor.prunable && layersLeft.has(ownerOf(tensor)) ? keyOf(tensor, ownerOf(tensor)) : null),
    tensor => {
      const layer = layerOf.get(ownerOf(tensor));
      return !tensor.prunable && layer !== undefined ? keyOf(tensor, layer) : null;
    },
  );
  return [...taken, ...others.map(pair => ({ ...pair, by: 'shape' as const, axes: null }))];
}

/** Module that a tensor belongs to: its name without the last part. */
function ownerOf({ name }: TensorInfo): string {
  return name.replace(/[./][^./]*$/, '');
}

/** Kind and sizes, outputs first; null where the axes are not known. */
function canonicalShape(tensor: TensorInfo): string | null {
  const order = canonicalOrder(tensor);
  return order && order.map(axis => tensor.shape[axis]!).join();
}

/** Axes as outputs, inputs, then space. */
function canonicalOrder({ outputAxis, inputAxis, shape }: TensorInfo): number[] | null {
  if (outputAxis === null || inputAxis === null) return null;
  const space = shape.map((_, axis) => axis).filter(axis => axis !== outputAxis && axis !== inputAxis);
  return [outputAxis, inputAxis, ...space];
}

function axesBetween(left: TensorInfo, right: TensorInfo): readonly number[] | null {
  const [from, to] = [canonicalOrder(left), canonicalOrder(right)];
  if (!from || !to) return null;
  const axes = new Array<number>(from.length);
  from.forEach((axis, place) => (axes[axis] = to[place]!));
  return axes.every((axis, i) => axis === i) ? null : axes;
}

/** Pairs of those whose key only one on each side has. A key of null belongs to nothing. */
function pairUp(
  left: readonly TensorInfo[],
  right: readonly TensorInfo[],
  taken: readonly Match[],
  keyLeft: (tensor: TensorInfo) => string | null,
  keyRight = keyLeft,
): { left: number; right: number }[] {
  const candidates = byKey(right, keyRight, new Set(taken.map(match => match.right)));
  return [...byKey(left, keyLeft, new Set(taken.map(match => match.left)))].flatMap(([key, index]) => {
    const other = candidates.get(key);
    return index === null || other === undefined || other === null ? [] : [{ left: index, right: other }];
  });
}

function byKey(
  tensors: readonly TensorInfo[],
  keyOf: (tensor: TensorInfo) => string | null,
  taken: ReadonlySet<number>,
): Map<string, number | null> {
  const found = new Map<string, number | null>();
  tensors.forEach((tensor, index) => {
    const key = takesPart(tensor) && !taken.has(index) ? keyOf(tensor) : null;
    // a key that two have belongs to neither
    if (key !== null) found.set(key, found.has(key) ? null : index);
  });
  return found;
}

function permuted(shape: readonly number[], axes: readonly number[] | null): readonly number[] {
  return axes ? axes.map(axis => shape[axis]!) : shape;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

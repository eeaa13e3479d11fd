/** Operators on tensors that are known: what exporters leave of shapes, and of weights before they are used. */
import type { NamedWeight } from '../model';
import type { OnnxNode } from './graphReader';
import { erf } from './pending';

/** @returns null where it is none that is worked out here. Inputs that are left out are null */
export type Fold = (node: OnnxNode, inputs: readonly (NamedWeight | null)[]) => NamedWeight | null;

/** Of what is larger than all it is made of. */
const mostGrown = 2 ** 16;
const mostAxes = 8;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const numbers = ({ data }: NamedWeight): number[] => [...data.subarray(0, 64)];

/** Steps of each axis of a row-major tensor; 0 where it has length 1 and others repeat it. */
function stepsOf(shape: readonly number[], rank: number): number[] {
  const padded = [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
  return padded.map((size, axis) => (size === 1 ? 0 : sizeOf(padded.slice(axis + 1))));
}

/** Values at `start` and every step from there, in row-major order of `shape`. */
function gathered(data: Float32Array, shape: readonly number[], steps: readonly number[], start = 0): Float32Array {
  const result = new Float32Array(sizeOf(shape));
  const place = shape.map(() => 0);
  let from = start;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return result;
}

function broadcast(shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(...shapes.map(({ length }) => length));
  if (rank > mostAxes) return null;
  const result = Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map(shape => shape[axis - rank + shape.length] ?? 1)),
  );
  const fits = shapes.every(shape =>
    shape.every((size, axis) => size === 1 || size === result[axis - shape.length + rank]),
  );
  return fits && mayGrow(sizeOf(result), shapes.map(sizeOf)) ? result : null;
}

function mayGrow(size: number, from: readonly number[]): boolean {
  return size <= Math.max(mostGrown, ...from);
}

const each =
  (f: (a: number, b: number) => number): Fold =>
  (_, [a, b]) => {
    if (!a || !b) return null;
    const shape = broadcast([a.shape, b.shape]);
    if (!shape) return null;
    const [left, right] = [a, b].map(one => gathered(one.data, shape, stepsOf(one.shape, shape.length)));
    return { shape, data: left!.map((value, i) => f(value, right![i]!)) };
  };

const map =
  (f: (x: number) => number): Fold =>
  (_, [x]) =>
    x ? { shape: x.shape, data: x.data.map(f) } : null;

const same: Fold = (_, [x]) => x ?? null;

const transpose: Fold = ({ attributes }, [x]) => {
  if (!x || x.shape.length > mostAxes) return null;
  const { shape } = x;
  const given = attributes.get('perm')?.integers ?? [];
  const order = given.length === 0 ? shape.map((_, axis) => shape.length - 1 - axis) : given;
  const sound = order.length === shape.length && shape.every((_, axis) => order.includes(axis));
  if (!sound) return null;
  const steps = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const turned = order.map(axis => shape[axis]!);
  const data = gathered(
    x.data,
    turned,
    order.map(axis => steps[axis]!),
  );
  return { shape: turned, data };
};

const reshape: Fold = (_, [x, target]) => {
  if (!x || !target) return null;
  const wanted = numbers(target).map((n, axis) => (n === 0 ? (x.shape[axis] ?? 0) : n));
  const known = wanted.filter(n => n >= 0).reduce((product, n) => product * n, 1);
  const shape = wanted.map(n => (n < 0 ? x.data.length / known : n));
  return sizeOf(shape) === x.data.length && shape.every(Number.isInteger) ? { shape, data: x.data } : null;
};

const axesOf = ({ attributes }: OnnxNode, input: NamedWeight | null | undefined, rank: number): number[] | null => {
  const given = input ? numbers(input) : (attributes.get('axes')?.integers ?? []);
  return given.length === 0 ? null : given.map(axis => (axis < 0 ? axis + rank : axis));
};

const squeeze: Fold = (node, [x, axes]) => {
  if (!x) return null;
  const gone = axesOf(node, axes, x.shape.length);
  const shape = x.shape.filter((size, axis) => (gone ? !gone.includes(axis) : size !== 1));
  return sizeOf(shape) === x.data.length ? { shape, data: x.data } : null;
};

const unsqueeze: Fold = (node, [x, axes]) => {
  if (!x) return null;
  const count = (axes ? numbers(axes) : (node.attributes.get('axes')?.integers ?? [])).length;
  const added = axesOf(node, axes, x.shape.length + count);
  if (!added || x.shape.length + count > mostAxes) return null;
  const sizes = x.shape.values();
  const shape = Array.from({ length: x.shape.length + count }, (_, axis) =>
    added.includes(axis) ? 1 : (sizes.next().value ?? 1),
  );
  return { shape, data: x.data };
};

/** Of lists, and of tensors along their first axis. */
const concat: Fold = ({ attributes }, inputs) => {
  const [first] = inputs;
  const axis = attributes.get('axis')?.integer ?? 0;
  if (!first || inputs.some(one => one === null)) return null;
  const all = inputs as readonly NamedWeight[];
  const rank = Math.max(1, first.shape.length);
  if ((axis < 0 ? axis + rank : axis) !== 0 || all.some(one => Math.max(1, one.shape.length) !== rank)) return null;
  const rest = first.shape.slice(1);
  if (all.some(one => one.shape.slice(1).join() !== rest.join())) return null;
  const length = all.reduce((sum, { data }) => sum + data.length, 0);
  const data = new Float32Array(length);
  let at = 0;
  for (const one of all) {
    data.set(one.data, at);
    at += one.data.length;
  }
  return { shape: [length / Math.max(1, sizeOf(rest)), ...rest], data };
};

const slice: Fold = (_, [x, starts, ends, given, steps]) => {
  if (!x || !starts || !ends || x.shape.length > mostAxes) return null;
  const shape = [...x.shape];
  const strides = shape.map((_size, axis) => sizeOf(shape.slice(axis + 1)));
  const own = [...strides];
  let begin = 0;
  for (const [i, start] of numbers(starts).entries()) {
    const at = given ? given.data[i]! : i;
    const axis = at < 0 ? at + shape.length : at;
    const size = x.shape[axis];
    const step = steps ? steps.data[i]! : 1;
    if (size === undefined || !Number.isInteger(step) || step === 0) return null;
    const bound = (n: number, least: number, most: number): number =>
      Math.min(most, Math.max(least, n < 0 ? n + size : n));
    const from = step > 0 ? bound(start, 0, size) : bound(start, 0, size - 1);
    const to = step > 0 ? bound(ends.data[i]!, 0, size) : bound(ends.data[i]!, -1, size - 1);
    shape[axis] = Math.max(0, Math.ceil((to - from) / step));
    own[axis] = strides[axis]! * step;
    begin += from * strides[axis]!;
  }
  return { shape, data: gathered(x.data, shape, own, begin) };
};

/** Single values of a list, such as sizes of a shape. */
const gather: Fold = ({ attributes }, [x, indices]) => {
  if (!x || !indices || x.shape.length !== 1 || (attributes.get('axis')?.integer ?? 0) > 0) return null;
  if (!mayGrow(indices.data.length, [x.data.length])) return null;
  const data = indices.data.map(index => x.data.at(index) ?? NaN);
  return data.some(Number.isNaN) ? null : { shape: indices.shape, data };
};

/** Zeros, where no value is given. */
const filled: Fold = (_, [shape, value]) => {
  if (!shape) return null;
  const sizes = numbers(shape);
  if (!(sizeOf(sizes) <= mostGrown) || sizes.some(size => size < 0)) return null;
  return { shape: sizes, data: new Float32Array(sizeOf(sizes)).fill(value?.data[0] ?? 0) };
};

const expand: Fold = (_, [x, target]) => {
  if (!x || !target) return null;
  const shape = broadcast([x.shape, numbers(target)]);
  return shape && { shape, data: gathered(x.data, shape, stepsOf(x.shape, shape.length)) };
};

const shapeOf: Fold = ({ attributes }, [x]) => {
  if (!x) return null;
  const sizes = x.shape.slice(attributes.get('start')?.integer ?? 0, attributes.get('end')?.integer);
  return { shape: [sizes.length], data: Float32Array.from(sizes) };
};

/** Norms of weights, as weight normalisation computes them. */
const reduce =
  (f: (values: readonly number[]) => number): Fold =>
  (node, [x, axes]) => {
    if (!x || x.shape.length > mostAxes) return null;
    const gone = axesOf(node, axes, x.shape.length) ?? x.shape.map((_, axis) => axis);
    const kept = x.shape.map((size, axis) => (gone.includes(axis) ? 1 : size));
    const steps = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
    const starts = gathered(Float32Array.from(x.data.keys()), kept, steps);
    const inner = x.shape.map((size, axis) => (gone.includes(axis) ? size : 1));
    // places are whole numbers that float32 holds
    if (x.data.length > 2 ** 24) return null;
    const data = starts.map(start => f([...gathered(x.data, inner, steps, start)]));
    const keeps = (node.attributes.get('keepdims')?.integer ?? 1) === 1;
    return { shape: keeps ? kept : x.shape.filter((_, axis) => !gone.includes(axis)), data };
  };

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Scales and zero points for all, by axis, or by blocks along it. */
const dequantise: Fold = ({ attributes }, [x, scale, zero]) => {
  if (!x || !scale || x.shape.length > mostAxes) return null;
  const rank = x.shape.length;
  const given = attributes.get('axis')?.integer ?? 1;
  const axis = given < 0 ? given + rank : given;
  const block = attributes.get('block_size')?.integer ?? 0;
  const size = x.shape[axis] ?? 1;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const blocks = block > 0 ? Math.ceil(size / block) : size;
  const wanted = block > 0 ? (x.data.length / Math.max(1, size)) * blocks : size;
  if (scale.data.length !== 1 && scale.data.length !== wanted) return null;
  if (zero && zero.data.length !== scale.data.length) return null;
  const place = (i: number): number => {
    if (scale.data.length === 1) return 0;
    const along = Math.floor(i / inner) % size;
    if (block === 0) return along;
    return (Math.floor(i / (inner * size)) * blocks + Math.floor(along / block)) * inner + (i % inner);
  };
  return {
    shape: x.shape,
    data: x.data.map((value, i) => (value - (zero?.data[place(i)] ?? 0)) * scale.data[place(i)]!),
  };
};

export const folds: Readonly<Record<string, Fold>> = {
  Identity: same,
  Cast: same,
  Add: each((a, b) => a + b),
  Sub: each((a, b) => a - b),
  Mul: each((a, b) => a * b),
  Div: each((a, b) => a / b),
  Pow: each((a, b) => a ** b),
  Neg: map(x => -x),
  Sqrt: map(Math.sqrt),
  Exp: map(Math.exp),
  Erf: map(erf),
  Abs: map(Math.abs),
  Reciprocal: map(x => 1 / x),
  Transpose: transpose,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Slice: slice,
  Gather: gather,
  ConstantOfShape: filled,
  Expand: expand,
  Shape: shapeOf,
  ReduceL2: reduce(values => Math.hypot(...values)),
  ReduceSum: reduce(sum),
  ReduceMean: reduce(values => sum(values) / values.length),
  DequantizeLinear: dequantise,
};

/** Operators that move values: Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Concat. */
import type { Conversion, Site } from './site';
import { channelsFirst, flat, flatOrder, isFlat, isImage, made, onnxShape, type Value } from './value';

/** Of one example: a place is kept for each. */
const mostFlat = 2 ** 24;

function flattened(site: Site, from: Value): Value {
  if (isFlat(from)) return from;
  const size = sizeOf(from.shape);
  if (size > mostFlat) site.refuse(`flattens ${size} values; at most ${mostFlat} can be trained`);
  return flat(site.emit('Flatten', {}, [from]), size, flatOrder(from));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

const flatten: Conversion = site => {
  if (site.integer('axis', 1) !== 1) site.refuse('flattens from another axis than the first behind the batch');
  return flattened(site, site.value());
};

const reshape: Conversion = async site => {
  const from = site.value();
  const { data } = await site.weight(1);
  const size = sizeOf(from.shape);
  const target = [...data].slice(1);
  const known = target.filter(n => n > 0).reduce((product, n) => product * n, 1);
  const wanted = target.map((n, axis) => (n === -1 ? size / known : n === 0 ? (onnxShape(from)[axis] ?? 0) : n));
  if (wanted.length === 0 || sizeOf(wanted) !== size || !wanted.every(Number.isInteger)) {
    site.refuse(
      `makes [${[...data].join(', ')}] of examples of shape [${onnxShape(from).join(', ')}]; the batch must stay the first axis`,
    );
  }
  return reshaped(site, from, wanted);
};

/** @param wanted shape in ONNX, of as many values */
function reshaped(site: Site, from: Value, wanted: readonly number[]): Value {
  if (wanted.length === 1) return flattened(site, from);
  const present = onnxShape(from);
  if (wanted.join() === present.join()) return from;
  const to = (shape: readonly number[], axes: readonly number[]): Value =>
    made(site.emit('Reshape', { target_shape: shape }, [from]), shape, axes);
  const [first, height, width] = wanted as [number, number, number];
  const isPixels = wanted.length === 2 && first === present[0];
  // pixels in one axis, and back
  if (isImage(from) && isPixels) return to([height, 1, first], [2, 0]);
  if (from.axes.join() === '2,0' && wanted.length === 3 && first === present[0]) {
    return to([height, width, first], channelsFirst);
  }
  if (flatOrder(from) !== null || wanted.length !== 3) {
    site.refuse(
      `makes [${wanted.join(', ')}] of examples of shape [${present.join(', ')}]; only flattening, and images of one channel, can be trained here`,
    );
  }
  // of one channel, its place does not matter: it is put where both have it
  return first === 1 ? to([height, width, 1], channelsFirst) : to(wanted, [0, 1, 2]);
}

const transpose: Conversion = site => {
  const from = site.value();
  const order = site.integers('perm') ?? [];
  const sound = order.length === from.axes.length + 1 && order[0] === 0 && new Set(order).size === order.length;
  if (!sound || order.some(axis => from.axes[axis - 1] === undefined && axis !== 0)) {
    site.refuse(`turns axes [${order.join(', ')}]; the batch must stay the first axis`);
  }
  return { ...from, axes: order.slice(1).map(axis => from.axes[axis - 1]!) };
};

const squeeze: Conversion = async site => {
  const from = site.value();
  const axes = await site.integersOf('axes', 1);
  const gone = new Set(axes?.map(axis => (axis < 0 ? axis + from.axes.length : axis - 1)));
  const left = onnxShape(from).filter((n, axis) => (axes === null ? n !== 1 : !gone.has(axis)));
  if (left.length === 0 || sizeOf(left) !== sizeOf(from.shape)) {
    site.refuse('leaves out axes that hold more than one value; use Flatten');
  }
  return reshaped(site, from, left);
};

const unsqueeze: Conversion = async site => {
  const from = site.value();
  const axes = (await site.integersOf('axes', 1)) ?? [];
  const rank = from.axes.length + 1 + axes.length;
  const added = new Set(axes.map(axis => (axis < 0 ? axis + rank : axis)));
  const sound = added.size === axes.length && rank <= 5 && [...added].every(axis => axis >= 1 && axis < rank);
  if (!sound) site.refuse(`puts in axes [${axes.join(', ')}]; the batch must stay the first axis`);
  const present = onnxShape(from).values();
  const wanted = Array.from({ length: rank - 1 }, (_, i) => (added.has(i + 1) ? 1 : present.next().value!));
  return reshaped(site, from, wanted);
};

const concat: Conversion = site => {
  const values = site.node.inputs.map((_, input) => site.value(input));
  const [first] = values as [Value];
  const rank = first.axes.length;
  const axis = site.integer('axis', 1);
  const along = first.axes[(axis < 0 ? axis + rank + 1 : axis) - 1];
  if (along !== first.shape.length - 1 || values.some(({ axes }) => axes.join() !== first.axes.join())) {
    site.refuse('joins along another axis than the channels, or examples of different layouts');
  }
  if (values.length === 1) return first;
  const total = values.reduce((sum, { shape }) => sum + shape.at(-1)!, 0);
  if (total > mostFlat) site.refuse(`joins ${total} values; at most ${mostFlat} can be trained`);
  const layer = site.emit('Concatenate', { axis: -1 }, values);
  return made(layer, [...first.shape.slice(0, -1), total], first.axes, joinedOrder(values));
};

function joinedOrder(values: readonly Value[]): Int32Array | null {
  if (values.every(({ order }) => order === null)) return null;
  let start = 0;
  const places = values.flatMap(({ order, shape }) => {
    const own = Array.from({ length: shape[0]! }, (_, i) => start + (order?.[i] ?? i));
    start += shape[0]!;
    return own;
  });
  return Int32Array.from(places);
}

export const shaping = {
  Flatten: flatten,
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
};

/** Operators that move values: Flatten, Reshape, Transpose, Squeeze, Concat, Pad. */
import { sameOrder } from './linear';
import type { Conversion, Site } from './site';
import { channelsFirst, flat, flatOrder, isFlat, onnxShape, type Value } from './value';
import { surround } from './windows';

/** Of one example: a place is kept for each. */
const mostFlat = 2 ** 24;

function flattened(site: Site, from: Value): Value {
  if (isFlat(from)) return from;
  const size = from.shape.reduce((product, n) => product * n, 1);
  if (size > mostFlat) site.refuse(`flattens ${size} values; at most ${mostFlat} can be trained`);
  return flat(site.emit('Flatten', {}, [from]), size, flatOrder(from));
}

const flatten: Conversion = site => {
  if (site.integer('axis', 1) !== 1) site.refuse('flattens from another axis than the first behind the batch');
  return flattened(site, site.value());
};

const reshape: Conversion = async site => {
  const from = site.value();
  const { data } = await site.weight(1);
  const size = from.shape.reduce((product, n) => product * n, 1);
  const target = [...data].slice(1);
  const known = target.filter(n => n > 0).reduce((product, n) => product * n, 1);
  const wanted = target.map((n, axis) => (n === -1 ? size / known : n === 0 ? (onnxShape(from)[axis] ?? 0) : n));
  if (
    wanted.length === 0 ||
    wanted.reduce((product, n) => product * n, 1) !== size ||
    !wanted.every(Number.isInteger)
  ) {
    site.refuse(
      `makes [${[...data].join(', ')}] of examples of shape [${onnxShape(from).join(', ')}]; the batch must stay the first axis`,
    );
  }
  if (wanted.length === 1) return flattened(site, from);
  if (wanted.join() === onnxShape(from).join()) return from;
  const [first, height, width] = wanted as [number, number, number];
  // of one channel, its place does not matter: it is put where both have it
  const shape = wanted.length === 3 && first === 1 ? [height, width, 1] : wanted;
  if (flatOrder(from) !== null || wanted.length !== 3) {
    site.refuse(
      `makes [${wanted.join(', ')}] of examples of shape [${onnxShape(from).join(', ')}]; only flattening, and images of one channel, can be trained here`,
    );
  }
  const layer = site.emit('Reshape', { target_shape: shape }, [from]);
  return { layer, shape, axes: first === 1 ? channelsFirst : [0, 1, 2], order: null };
};

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
  const size = from.shape.reduce((product, n) => product * n, 1);
  if (left.length !== 1 || left[0] !== size) site.refuse('leaves something other than flat examples; use Flatten');
  return flattened(site, from);
};

const concat: Conversion = site => {
  const values = site.node.inputs.map((_, input) => site.value(input));
  const [first] = values as [Value];
  const rank = first.axes.length;
  const axis = site.integer('axis', 1);
  const along = first.axes[(axis < 0 ? axis + rank + 1 : axis) - 1];
  if (along !== rank - 1 || values.some(({ axes }) => axes.join() !== first.axes.join())) {
    site.refuse('joins along another axis than the channels, or examples of different layouts');
  }
  const total = values.reduce((sum, { shape }) => sum + shape.at(-1)!, 0);
  const layer = values.length === 1 ? first.layer : site.emit('Concatenate', { axis: -1 }, values);
  return { ...first, layer, shape: [...first.shape.slice(0, -1), total], order: joinedOrder(values) };
};

function joinedOrder(values: readonly Value[]): Int32Array | null {
  if (values.every(value => value.order === null && sameOrder(value, values[0]!))) return null;
  let start = 0;
  const places = values.flatMap(({ order, shape }) => {
    const own = Array.from({ length: shape[0]! }, (_, i) => start + (order?.[i] ?? i));
    start += shape[0]!;
    return own;
  });
  return Int32Array.from(places);
}

const pad: Conversion = async site => {
  const image = site.image();
  const pads = (await site.integersOf('pads', 1)) ?? [];
  const filled = (await site.constant(2))?.data[0] ?? site.float('value', 0);
  const [, , top, left, , , bottom, right] = pads as number[];
  const inner = [pads[0], pads[1], pads[4], pads[5]].every(n => n === 0);
  const sound = [top, left, bottom, right].every(n => Number.isInteger(n) && n! >= 0 && n! <= 10_000);
  if (site.text('mode', 'constant') !== 'constant' || filled !== 0 || pads.length !== 8 || !inner || !sound) {
    site.refuse('does not pad height and width by zeros, which is all that can be trained here');
  }
  return surround(site, image, { top: top!, bottom: bottom!, left: left!, right: right! });
};

export const shaping = {
  Flatten: flatten,
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Concat: concat,
  Pad: pad,
};

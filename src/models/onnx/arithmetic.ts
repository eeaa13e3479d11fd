/** Operators on single values: Add, Sub, Mul and Div of constants or of each other, and functions of one value. */
import type { NamedWeight } from '../model';
import { erf, functions, type Pending, type Pointwise } from './pending';
import { settle } from './settle';
import type { Conversion, Site } from './site';
import { made, onnxShape, sameLayout, type Value } from './value';

/** A chain that takes more steps to compute a value is no activation. */
const mostCost = 500;

type Binary = (a: number, b: number) => number;

/** The function of a node on what its input is, or is to become. */
export function pointwise(site: Site, step: Pointwise, byChannel = false, input = 0): Value {
  const raw = site.unsettled(input);
  const from = (raw.pending?.cost ?? 0) < mostCost ? raw : settle(raw);
  const { pending } = from;
  const next: Pending = {
    apply: pending ? (x, channel) => step(pending.apply(x, channel), channel) : step,
    byChannel: byChannel || (pending?.byChannel ?? false),
    step,
    of: [from],
    cost: (pending?.cost ?? 0) + 1,
    site,
  };
  return { ...from, alone: from.alone && site.isOnlyTaker(input), pending: next };
}

const binary =
  (name: 'add' | 'other', f: Binary): Conversion =>
  site => {
    const constant = [0, 1].find(input => site.isConstant(input));
    return constant === undefined ? ofTwo(site, name, f) : withConstant(site, constant, f);
  };

async function withConstant(site: Site, constant: number, f: Binary): Promise<Value> {
  const input = 1 - constant;
  const values = channelConstants(site, site.unsettled(input), await site.weight(constant));
  const of = (channel: number): number => values[channel % values.length]!;
  const step: Pointwise = constant === 1 ? (x, channel) => f(x, of(channel)) : (x, channel) => f(of(channel), x);
  return pointwise(site, step, values.length > 1, input);
}

/** One for all, or one for each value of the last axis of Keras, in its order. */
function channelConstants(site: Site, value: Value, { shape, data }: NamedWeight): Float32Array {
  if (data.length === 1) return data;
  // from the right, as ONNX broadcasts; the batch is the first axis
  const rank = value.axes.length + 1;
  const axis = shape.findIndex(size => size !== 1) + rank - shape.length;
  const channels = value.shape.at(-1)!;
  const isLast = value.axes[axis - 1] === value.shape.length - 1;
  if (!isLast || data.length !== channels || shape.filter(size => size !== 1).length !== 1) {
    site.refuse(
      `takes a constant of shape [${shape.join(', ')}] with examples of shape [${onnxShape(value).join(', ')}]; only one value for all, or one for each channel, can be trained here`,
    );
  }
  const { order } = value;
  if (order === null) return data;
  const ordered = new Float32Array(channels);
  order.forEach((place, i) => (ordered[place] = data[i]!));
  return ordered;
}

function ofTwo(site: Site, name: 'add' | 'other', f: Binary): Value {
  const [a, b] = [site.unsettled(0), site.unsettled(1)];
  const cost = 1 + (a.pending?.cost ?? 0) + (b.pending?.cost ?? 0);
  if (a.layer !== b.layer || !sameLayout(a, b) || cost > mostCost) return ofLayers(site, name);
  const of = ({ pending }: Value): Pointwise => pending?.apply ?? (x => x);
  const [left, right] = [of(a), of(b)];
  const next: Pending = {
    apply: (x, channel) => f(left(x, channel), right(x, channel)),
    byChannel: [a, b].some(({ pending }) => pending?.byChannel),
    step: name,
    of: [a, b],
    cost,
    site,
  };
  return { ...a, alone: false, pending: next };
}

function ofLayers(site: Site, name: 'add' | 'other'): Value {
  const [a, b] = [site.value(0), site.value(1)];
  if (name !== 'add') {
    site.refuse(
      'combines what two layers make by something other than a sum, for which there is no layer here: squeeze and excitation, gates and attention cannot be trained',
    );
  }
  if (!sameLayout(a, b)) {
    const shapes = [a, b].map(value => `[${onnxShape(value).join(', ')}]`).join(' and ');
    site.refuse(`adds examples of shapes ${shapes} or of different layouts; only equal ones can be trained here`);
  }
  return made(site.emit('Add', {}, [a, b]), a.shape, a.axes, a.order);
}

const unary =
  (step: (x: number) => number): Conversion =>
  site =>
    pointwise(site, step);

/** With an attribute. */
const shaped =
  (name: string, otherwise: number, f: (x: number, parameter: number) => number): Conversion =>
  site => {
    const parameter = site.float(name, otherwise);
    return pointwise(site, x => f(x, parameter));
  };

const selu: Conversion = site => {
  const [alpha, gamma] = [site.float('alpha', 1.6732632), site.float('gamma', 1.0507009)];
  return pointwise(site, x => gamma * (x < 0 ? alpha * Math.expm1(x) : x));
};

const gelu: Conversion = site =>
  pointwise(site, site.text('approximate', 'none') === 'tanh' ? functions.geluByTanh : functions.gelu);

const hardSigmoid: Conversion = site => {
  const [alpha, beta] = [site.float('alpha', 0.2), site.float('beta', 0.5)];
  return pointwise(site, x => functions.between(alpha * x + beta, 0, 1));
};

const clip: Conversion = async site => {
  const bound = async (name: string, input: number, otherwise: number): Promise<number> =>
    (await site.constant(input))?.data[0] ?? site.float(name, otherwise);
  const [least, most] = [await bound('min', 1, -Infinity), await bound('max', 2, Infinity)];
  return pointwise(site, x => functions.between(x, least, most));
};

const swish: Conversion = site => {
  const alpha = site.float('alpha', 1);
  return pointwise(site, x => x * functions.sigmoid(alpha * x));
};

export const arithmetic = {
  Add: binary('add', (a, b) => a + b),
  Sub: binary('other', (a, b) => a - b),
  Mul: binary('other', (a, b) => a * b),
  Div: binary('other', (a, b) => a / b),
  Pow: binary('other', (a, b) => a ** b),
  Min: binary('other', Math.min),
  Max: binary('other', Math.max),
  Relu: unary(x => Math.max(0, x)),
  LeakyRelu: shaped('alpha', 0.01, (x, alpha) => (x < 0 ? alpha * x : x)),
  Elu: shaped('alpha', 1, (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x)),
  Celu: shaped('alpha', 1, (x, alpha) => (x < 0 ? alpha * Math.expm1(x / alpha) : x)),
  Selu: selu,
  Gelu: gelu,
  Sigmoid: unary(functions.sigmoid),
  HardSigmoid: hardSigmoid,
  HardSwish: unary(x => x * functions.hardSigmoid(x)),
  Swish: swish,
  Tanh: unary(Math.tanh),
  Clip: clip,
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Neg: unary(x => -x),
  Reciprocal: unary(x => 1 / x),
};

/** Activation functions, and what changes nothing once a model is trained. */
import type { Conversion, Site } from './site';
import { isFlat } from './value';

const named =
  (activation: string): Conversion =>
  site =>
    site.pointwise('Activation', { activation });

const identity: Conversion = site => site.value();

const leakyRelu: Conversion = site => site.pointwise('LeakyReLU', { negative_slope: site.float('alpha', 0.01) });

const elu: Conversion = site => site.pointwise('ELU', { alpha: site.float('alpha', 1) });

/** ONNX' defaults are the constants of Klambauer et al. 2017 */
const selu: Conversion = site => {
  const [alpha, gamma] = [site.float('alpha', 1.6732632), site.float('gamma', 1.0507009)];
  if (!near(alpha, 1.6732632) || !near(gamma, 1.0507009))
    site.refuse('has an alpha or gamma other than the usual ones');
  return site.pointwise('Activation', { activation: 'selu' });
};

const gelu: Conversion = site => {
  const activation = site.text('approximate', 'none') === 'tanh' ? 'gelu_new' : 'gelu';
  return site.pointwise('Activation', { activation });
};

const hardSigmoid: Conversion = site => {
  if (!near(site.float('alpha', 0.2), 1 / 6) || !near(site.float('beta', 0.5), 0.5)) {
    site.refuse(
      'is not relu6(x + 3) / 6, which is the only hard sigmoid that can be trained here; use that or Sigmoid',
    );
  }
  return site.pointwise('Activation', { activation: 'hard_sigmoid' });
};

/** Between 0 and 6, or from 0 on. */
const clip: Conversion = async site => {
  const bound = async (name: string, input: number, otherwise: number): Promise<number> =>
    (await site.constant(input))?.data[0] ?? site.float(name, otherwise);
  const [minimum, maximum] = [await bound('min', 1, -Infinity), await bound('max', 2, Infinity)];
  if (minimum !== 0 || (maximum !== 6 && maximum < 3e38)) {
    site.refuse(`cuts off at ${minimum} and ${maximum}; only 0 and 6 (ReLU6) can be trained here`);
  }
  return site.pointwise('Activation', { activation: maximum === 6 ? 'relu6' : 'relu' });
};

const dropout: Conversion = async site => {
  const rate = (await site.constant(1))?.data[0] ?? site.float('ratio', 0.5);
  return site.pointwise('Dropout', { rate });
};

/** Its logarithm is the same for cross-entropy, which takes both in: the model's output are the values before it. */
const softmax: Conversion = site => {
  const from = site.value();
  const axis = site.integer('axis', -1);
  if (!isFlat(from) || (axis !== 1 && axis !== -1)) site.refuse('is no softmax over the classes of flat examples');
  if (site.node.op === 'LogSoftmax' && !isLast(site))
    site.refuse('stands within the model; only at its end it can be trained');
  return site.pointwise('Activation', { activation: 'softmax' });
};

function isLast({ node, parts }: Site): boolean {
  return parts.uses.get(node.outputs[0]!) === 1 && parts.output === node.outputs[0];
}

const gates: Readonly<Record<string, string>> = { sigmoid: 'swish', hard_sigmoid: 'hard_swish' };

/** x · sigmoid(x) is how exporters write swish, x · hard_sigmoid(x) how they write hard swish. */
const multiply: Conversion = site => {
  const refuse = (): never =>
    site.refuse(
      'multiplies; only x · Sigmoid(x) and x · HardSigmoid(x) can be trained here: fold constants into weights',
    );
  if (site.isConstant(0) || site.isConstant(1)) return refuse();
  const [a, b] = [site.value(0), site.value(1)];
  for (const [x, gate] of [[a, b] as const, [b, a] as const]) {
    const { config, inputs } = site.parts.emitter.layer(gate.layer);
    const activation = gates[String(config['activation'])];
    if (activation !== undefined && inputs[0] === x.layer) return site.pointwise('Activation', { activation }, x);
  }
  return refuse();
};

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-5;
}

export const pointwise = {
  Relu: named('relu'),
  Sigmoid: named('sigmoid'),
  Tanh: named('tanh'),
  HardSwish: named('hard_swish'),
  Identity: identity,
  Cast: identity,
  LeakyRelu: leakyRelu,
  Elu: elu,
  Selu: selu,
  Gelu: gelu,
  HardSigmoid: hardSigmoid,
  Clip: clip,
  Dropout: dropout,
  Softmax: softmax,
  LogSoftmax: softmax,
  Mul: multiply,
};

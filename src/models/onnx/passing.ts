/** Operators that change nothing once a model is trained, and those at its end. */
import type { Conversion, Site } from './site';
import { isFlat, made } from './value';

const identity: Conversion = site => site.passed();

/** Of `TensorProto.DataType`: float, float16, double, bfloat16. */
const real = new Set([1, 10, 11, 16]);

const cast: Conversion = site => {
  if (!real.has(site.integer('to', 1))) site.refuse('makes whole numbers of activations, which cannot be trained');
  return site.passed();
};

const dropout: Conversion = async site => {
  const rate = (await site.constant(1))?.data[0] ?? site.float('ratio', 0.5);
  return site.through('Dropout', { rate });
};

/** Its logarithm is the same for cross-entropy, which takes both in: the model's output are the values before it. */
const softmax: Conversion = site => {
  const from = site.value();
  const axis = site.integer('axis', -1);
  if (!isFlat(from) || (axis !== 1 && axis !== -1)) site.refuse('is no softmax over the classes of flat examples');
  if (site.node.op === 'LogSoftmax' && !isLast(site))
    site.refuse('stands within the model; only at its end it can be trained');
  return made(site.emit('Activation', { activation: 'softmax' }, [from]), from.shape, from.axes, from.order);
};

function isLast({ node, parts }: Site): boolean {
  return parts.uses.get(node.outputs[0]!) === 1 && parts.output === node.outputs[0];
}

export const passing = {
  Identity: identity,
  Cast: cast,
  Dropout: dropout,
  Softmax: softmax,
  LogSoftmax: softmax,
};

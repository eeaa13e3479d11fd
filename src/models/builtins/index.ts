/** The architectures that need no file. They are Keras topologies like any other. */
import { ExperimentError } from '../../shared/experiment';
import { convolutional } from './conv';
import type { Builtin } from './json';
import { multilayerPerceptron } from './perceptron';
import { residual } from './resnet';
import { simpleCnn } from './simpleCnn';
import { vgg } from './vgg';

const widest = 65_536;
const deepest = 32;
/** Of a segment: 1,202 layers, the deepest of the paper. */
const mostBlocks = 200;

/** By what follows `builtin:`. */
const builtins: ReadonlyMap<string, Builtin> = new Map(
  [
    multilayerPerceptron('lenet-300-100', [300, 100]),
    simpleCnn,
    convolutional(2),
    convolutional(4),
    convolutional(6),
    residual('resnet-20', [16, 32, 64], 3),
    residual('resnet-18', [64, 128, 256, 512], 2),
    vgg('vgg-16', [2, 2, 3, 3, 3]),
    vgg('vgg-19', [2, 2, 4, 4, 4]),
  ].map(builtin => [builtin.description, builtin]),
);

/** Names of the models that take no sizes. */
export const builtinNames: readonly string[] = [...builtins.keys()];

/** Those that take sizes, by what stands before the colon. */
const sized: ReadonlyMap<string, (sizes: string, spec: string) => Builtin> = new Map([
  ['mlp', perceptron],
  ['resnet-a', residualWithoutProjections],
]);

/**
 * @param spec what follows `builtin:`
 * @throws ExperimentError (field "model")
 */
export function builtinModel(spec: string): Builtin {
  const found = builtins.get(spec);
  if (found !== undefined) return found;
  const colon = spec.indexOf(':');
  const make = sized.get(spec.slice(0, Math.max(0, colon)));
  if (make !== undefined) return make(spec.slice(colon + 1), spec);
  const names = builtinNames.map(name => `"builtin:${name}"`).join(', ');
  throw new ExperimentError(
    'model',
    `there is no built-in model "${spec}"; use ${names}, "builtin:mlp:" and the widths of the hidden layers, e.g. ` +
      '"builtin:mlp:100-50", or "builtin:resnet-a:" and a depth, e.g. "builtin:resnet-a:20"',
  );
}

function perceptron(sizes: string, spec: string): Builtin {
  const words = sizes.split('-');
  const widths = words.map(word => (/^\d{1,6}$/.test(word) ? Number(word) : 0));
  if (words.length > deepest || widths.some(width => width < 1 || width > widest)) {
    throw new ExperimentError(
      'model',
      `"builtin:${spec}" needs 1 to ${deepest} hidden widths from 1 to ${widest}, joined by "-", e.g. "builtin:mlp:100-50"`,
    );
  }
  return multilayerPerceptron(`mlp ${widths.join('-')}`, widths);
}

/** The depths of He et al. 2016, section 4.2: three segments of n blocks, a stem and a dense layer are 6n + 2 layers. */
function residualWithoutProjections(sizes: string, spec: string): Builtin {
  const blocks = /^\d{1,4}$/.test(sizes) ? (Number(sizes) - 2) / 6 : 0;
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > mostBlocks) {
    throw new ExperimentError(
      'model',
      `"builtin:${spec}" needs a depth of 6n + 2 layers from 8 to ${6 * mostBlocks + 2}, e.g. "builtin:resnet-a:20"`,
    );
  }
  return residual(`resnet-a ${6 * blocks + 2}`, [16, 32, 64], blocks, 'padded');
}

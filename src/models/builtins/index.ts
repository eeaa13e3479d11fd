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

/** Names of the models that take no widths. */
export const builtinNames: readonly string[] = [...builtins.keys()];

/**
 * @param spec what follows `builtin:`
 * @throws ExperimentError (field "model")
 */
export function builtinModel(spec: string): Builtin {
  const found = builtins.get(spec);
  if (found !== undefined) return found;
  if (!spec.startsWith('mlp:')) {
    const names = builtinNames.map(name => `"builtin:${name}"`).join(', ');
    throw new ExperimentError(
      'model',
      `there is no built-in model "${spec}"; use ${names}, or "builtin:mlp:" and the widths of the hidden layers, e.g. "builtin:mlp:100-50"`,
    );
  }
  const words = spec.slice('mlp:'.length).split('-');
  const widths = words.map(word => (/^\d{1,6}$/.test(word) ? Number(word) : 0));
  if (words.length > deepest || widths.some(width => width < 1 || width > widest)) {
    throw new ExperimentError(
      'model',
      `"builtin:${spec}" needs 1 to ${deepest} hidden widths from 1 to ${widest}, joined by "-", e.g. "builtin:mlp:100-50"`,
    );
  }
  return multilayerPerceptron(`mlp ${widths.join('-')}`, widths);
}

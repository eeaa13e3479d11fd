/** The architectures that need no file. They are Keras topologies like any other. */
import { ExperimentError } from '../shared/experiment';
import type { KerasTopology } from './topology';

export interface Builtin {
  readonly description: string;
  readonly topology: (inputShape: readonly number[], classes: number) => KerasTopology;
}

const widest = 65_536;
const deepest = 32;
const usage =
  '"builtin:lenet-300-100" or "builtin:mlp:" and the widths of the hidden layers, e.g. "builtin:mlp:100-50"';

/**
 * @param spec what follows `builtin:`
 * @throws ExperimentError (field "model")
 */
export function builtinModel(spec: string): Builtin {
  if (spec === 'lenet-300-100') return multilayerPerceptron(spec, [300, 100]);
  if (!spec.startsWith('mlp:')) {
    throw new ExperimentError('model', `there is no built-in model "${spec}"; use ${usage}`);
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

/**
 * Dense layers with ReLU and a softmax at the end, Gaussian Glorot initialisation and zero biases: with widths 300 and
 * 100 the LeNet-300-100 of Frankle & Carbin (ICLR 2019), after LeCun et al. 1998.
 */
function multilayerPerceptron(description: string, hidden: readonly number[]): Builtin {
  const dense = (units: number, index: number, activation: string): KerasTopology => ({
    class_name: 'Dense',
    config: {
      name: index === 0 ? 'dense' : `dense_${index}`,
      units,
      activation,
      use_bias: true,
      kernel_initializer: { class_name: 'GlorotNormal', config: { seed: null } },
      bias_initializer: { class_name: 'Zeros', config: {} },
    },
  });
  return {
    description,
    topology: (inputShape, classes) => ({
      class_name: 'Sequential',
      config: {
        name: description.replaceAll(/[^a-z0-9]+/g, '_'),
        layers: [
          { class_name: 'Flatten', config: { name: 'flatten', batch_input_shape: [null, ...inputShape] } },
          ...hidden.map((width, index) => dense(width, index, 'relu')),
          dense(classes, hidden.length, 'softmax'),
        ],
      },
    }),
  };
}

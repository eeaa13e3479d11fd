import { dense, glorotNormal, plain, sequential, zeros, type Builtin } from './json';

/**
 * Dense layers with ReLU and a softmax at the end, Gaussian Glorot initialisation and zero biases: with widths 300 and
 * 100 the LeNet-300-100 of Frankle & Carbin (ICLR 2019), after LeCun et al. 1998.
 */
export function multilayerPerceptron(description: string, hidden: readonly number[]): Builtin {
  const initial = { kernel: glorotNormal, bias: zeros };
  const name = (index: number): string => (index === 0 ? 'dense' : `dense_${index}`);
  return {
    description,
    topology: (inputShape, classes) =>
      sequential(description, inputShape, [
        plain('Flatten', 'flatten'),
        ...hidden.map((width, index) => dense(name(index), width, 'relu', initial)),
        dense(name(hidden.length), classes, 'softmax', initial),
      ]),
  };
}

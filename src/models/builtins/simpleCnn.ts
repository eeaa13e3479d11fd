import {
  conv2d,
  dense,
  imageShape,
  maxPooling,
  plain,
  sequential,
  torchUniform,
  type Builtin,
  type Weights,
} from './json';

const filters = [32, 64] as const;
const hidden = 128;

/**
 * Two 3×3 convolutions without padding, a pool, two dense layers: the small convolutional network of PyTorch's MNIST
 * example without its dropout, initialised as PyTorch does by default.
 */
export const simpleCnn: Builtin = {
  description: 'simple-cnn',
  topology: (inputShape, classes) => {
    const [height, width, channels] = imageShape('simple-cnn', inputShape, 6);
    const initial = (fanIn: number): Weights => ({ kernel: torchUniform(fanIn), bias: torchUniform(fanIn) });
    const convolution = { size: 3, padding: 'valid', activation: 'relu' } as const;
    // each convolution takes two rows and columns, the pool halves what is left
    const features = filters[1] * Math.floor((height - 4) / 2) * Math.floor((width - 4) / 2);
    return sequential('simple-cnn', inputShape, [
      conv2d('conv1', filters[0], { ...convolution, ...initial(9 * channels) }),
      conv2d('conv2', filters[1], { ...convolution, ...initial(9 * filters[0]) }),
      maxPooling('pool'),
      plain('Flatten', 'flatten'),
      dense('fc1', hidden, 'relu', initial(features)),
      dense('fc2', classes, 'softmax', initial(hidden)),
    ]);
  },
};

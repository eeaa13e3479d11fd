import {
  conv2d,
  dense,
  glorotNormal,
  imageShape,
  maxPooling,
  plain,
  sequential,
  zeros,
  type Builtin,
  type LayerJson,
} from './json';

/**
 * Conv-2, Conv-4 and Conv-6 of Frankle & Carbin (ICLR 2019, figure 2): pairs of 3×3 convolutions of 64, 128 and 256
 * filters, each followed by a pool that halves the image, then dense layers of 256, 256 and one output a class.
 * @param depth convolutions: 2, 4 or 6
 */
export function convolutional(depth: 2 | 4 | 6): Builtin {
  const description = `conv-${depth}`;
  const initial = { kernel: glorotNormal, bias: zeros };
  const convolution = { ...initial, size: 3, padding: 'same', activation: 'relu' } as const;
  const pairs = depth / 2;
  const pair = (index: number): LayerJson[] => {
    const filters = 64 * 2 ** index;
    return [
      conv2d(`conv${2 * index + 1}`, filters, convolution),
      conv2d(`conv${2 * index + 2}`, filters, convolution),
      maxPooling(`pool${index + 1}`),
    ];
  };
  return {
    description,
    topology: (inputShape, classes) =>
      sequential(description, imageShape(description, inputShape, 2 ** pairs), [
        ...Array.from({ length: pairs }, (_, index) => pair(index)).flat(),
        plain('Flatten', 'flatten'),
        dense('fc1', 256, 'relu', initial),
        dense('fc2', 256, 'relu', initial),
        dense('fc3', classes, 'softmax', initial),
      ]),
  };
}

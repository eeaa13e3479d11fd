import {
  conv2d,
  dense,
  imageShape,
  kaimingNormal,
  maxPooling,
  plain,
  relu,
  sequential,
  torchBatchNormalization,
  torchUniform,
  type Builtin,
  type LayerJson,
} from './json';

const widths = [64, 128, 256, 512, 512] as const;

/**
 * VGG (Simonyan & Zisserman 2015) for small images as open_lth's `cifar_vgg` has it, names too: five stacks of 3×3
 * convolutions with batch normalisation, a pool between stacks, the average of what is left (2×2 pixels of an image of
 * 32×32) and one dense layer. Convolutions have no bias, as in Liu et al. (ICLR 2019): normalisation takes it away.
 * @param stacks convolutions of each stack
 */
export function vgg(description: string, stacks: readonly [number, number, number, number, number]): Builtin {
  return {
    description,
    topology: (inputShape, classes) => {
      let inputs: number = imageShape(description, inputShape, 2 ** (widths.length - 1))[2];
      const layers: LayerJson[] = [];
      // open_lth counts pools among the layers
      let index = 0;
      for (const [stack, width] of widths.entries()) {
        if (stack > 0) layers.push(maxPooling(`layers.${index++}`));
        for (let i = 0; i < stacks[stack]!; i++) {
          const name = `layers.${index++}`;
          const kernel = kaimingNormal(9 * inputs);
          layers.push(
            conv2d(`${name}.conv`, width, { size: 3, padding: 'same', kernel, bias: null }),
            torchBatchNormalization(`${name}.bn`),
            relu(`${name}.relu`),
          );
          inputs = width;
        }
      }
      return sequential(description, inputShape, [
        ...layers,
        plain('GlobalAveragePooling2D', 'pool'),
        dense('fc', classes, 'softmax', { kernel: kaimingNormal(inputs), bias: torchUniform(inputs) }),
      ]);
    },
  };
}

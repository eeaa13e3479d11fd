/** Which pixels of the input images survive: weights that the first layer keeps for each. Pure. */
import type { Report } from '../../src/shared/report';
import { kernelAxes } from '../../src/shared/mask';

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The images that a layer sees pixel by pixel, or why it does not. */
export function imageOf(report: Report, layer: string): ImageShape | string {
  const [height, width, channels = 1] = report.inputShape ?? [];
  if (!report.inputShape) return 'The report does not say what shape the inputs have: run again with this version.';
  if (height === undefined || width === undefined || report.inputShape.length > 3) {
    return 'The inputs are no images.';
  }
  if (report.layers[0]?.name !== layer) return 'Only the first layer sees the pixels themselves.';
  const { inputs, height: kernelHeight, width: kernelWidth } = kernelAxes(report.layers[0].shape);
  if (kernelHeight * kernelWidth > 1) return 'A convolution moves over all pixels: none has weights of its own.';
  if (inputs !== height * width * channels) return 'The inputs of this layer are not the pixels of the images.';
  return { height, width, channels };
}

export interface PixelCounts extends ImageShape {
  /** Kept weights of each pixel, over its channels; row-major. */
  readonly kept: Uint32Array;
  /** Weights that a pixel has when none is pruned. */
  readonly most: number;
  readonly dead: number;
}

/** @param inputs kept weights of each input of the layer @param outputs of the layer */
export function pixelCounts(image: ImageShape, inputs: Uint32Array, outputs: number): PixelCounts {
  const kept = new Uint32Array(image.height * image.width);
  inputs.forEach((count, input) => {
    kept[Math.floor(input / image.channels)]! += count;
  });
  const dead = kept.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  return { ...image, kept, most: outputs * image.channels, dead };
}

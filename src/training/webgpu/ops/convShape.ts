/** Sizes of a convolution, and where in one image the pixels lie that another's pixel meets. */
import type { Conv2DOp } from '../../plan/plan';
import type { GraphNode } from '../graph';
import { u32 } from '../wgsl/text';
import { imageOf } from './operation';

export interface ConvShape {
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  /** Channels. */
  readonly inputs: number;
  readonly outputs: number;
  /** Places of the kernel. */
  readonly taps: number;
  readonly inputPixels: number;
  readonly outputPixels: number;
}

export function convShape({ kernelSize }: Conv2DOp, { inputShapes, outputShape }: GraphNode): ConvShape {
  const [inputHeight, inputWidth, inputs] = imageOf(inputShapes[0]!);
  const [outputHeight, outputWidth, outputs] = imageOf(outputShape);
  return {
    inputHeight,
    inputWidth,
    outputHeight,
    outputWidth,
    inputs,
    outputs,
    taps: kernelSize[0] * kernelSize[1],
    inputPixels: inputHeight * inputWidth,
    outputPixels: outputHeight * outputWidth,
  };
}

/**
 * `fn inputPixel(pixel: u32, tap: u32) -> i32`: of an output pixel, counted over the batch, the input pixel under a place
 * of the kernel, counted likewise; −1 in the padding.
 */
export function inputPixel({ kernelSize, strides, dilations, padding }: Conv2DOp, shape: ConvShape): string {
  const { inputHeight, inputWidth, outputWidth, outputPixels, inputPixels } = shape;
  return `fn inputPixel(pixel: u32, tap: u32) -> i32 {
  let place = pixel % ${u32(outputPixels)};
  let row = i32((place / ${u32(outputWidth)}) * ${u32(strides[0])} + (tap / ${u32(kernelSize[1])}) * ${u32(dilations[0])}) - ${String(padding.top)};
  let column = i32((place % ${u32(outputWidth)}) * ${u32(strides[1])} + (tap % ${u32(kernelSize[1])}) * ${u32(dilations[1])}) - ${String(padding.left)};
  if (row < 0 || row >= ${String(inputHeight)} || column < 0 || column >= ${String(inputWidth)}) { return -1; }
  return i32(pixel / ${u32(outputPixels)}) * ${String(inputPixels)} + row * ${String(inputWidth)} + column;
}`;
}

/** `fn outputPixel(pixel: u32, tap: u32) -> i32`: the other way round; −1 where no output pixel has the input pixel there. */
export function outputPixel({ kernelSize, strides, dilations, padding }: Conv2DOp, shape: ConvShape): string {
  const { outputHeight, outputWidth, inputWidth, inputPixels, outputPixels } = shape;
  return `fn outputPixel(pixel: u32, tap: u32) -> i32 {
  let place = pixel % ${u32(inputPixels)};
  let down = i32(place / ${u32(inputWidth)}) + ${String(padding.top)} - i32((tap / ${u32(kernelSize[1])}) * ${u32(dilations[0])});
  let across = i32(place % ${u32(inputWidth)}) + ${String(padding.left)} - i32((tap % ${u32(kernelSize[1])}) * ${u32(dilations[1])});
  if (down < 0 || across < 0 || down % ${String(strides[0])} != 0 || across % ${String(strides[1])} != 0) { return -1; }
  let row = down / ${String(strides[0])};
  let column = across / ${String(strides[1])};
  if (row >= ${String(outputHeight)} || column >= ${String(outputWidth)}) { return -1; }
  return i32(pixel / ${u32(inputPixels)}) * ${String(outputPixels)} + row * ${String(outputWidth)} + column;
}`;
}

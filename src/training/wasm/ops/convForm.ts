/** The ways a convolution can be computed, and which of them suits one. */
import type { Conv2DOp } from '../../plan/plan';
import type { Binding, Phase, Placement, Site } from './operation';

/** A convolution in one form; its functions are those of OperationKind. */
export interface ConvForm<P extends Placement> {
  readonly place: (op: Conv2DOp, placement: Placement, site: Site) => P;
  readonly forward: (placed: P, binding: Binding) => readonly Phase[];
  readonly backward: (placed: P, binding: Binding) => readonly Phase[];
  readonly prepare?: (placed: P, binding: Binding) => readonly Phase[];
  readonly update: (placed: P, binding: Binding) => readonly Phase[];
}

export type ConvFormName = 'direct' | 'winograd' | 'compressed';

/** Below this density the compressed form does a step in less time than the direct one. */
const compressBelow = 0.4;
/** The same where Winograd's form stands against it: it needs 16 multiplications where the direct form needs 36. */
const compressBelowWinograd = 0.2;
/** Winograd's transforms cost as much for each channel as some products: they pay from so many channels on. */
const winogradChannels = 16;
/** … and where few of the 2×2 tiles hang over the edge. */
const winogradSide = 6;
/** The direct form reads runs of adjacent inputs; shorter ones cost more to find than to multiply. */
const shortestRun = 8;

/**
 * A function of shapes and density only, never of a measurement or the number of threads: direct and compressed give the
 * same bits, Winograd's form rounds otherwise.
 * @param inputShape, outputShape [height, width, channels]
 * @param density kept weights of the kernel over all
 */
export function chooseConvForm(
  op: Conv2DOp,
  inputShape: readonly number[],
  outputShape: readonly number[],
  density: number,
): ConvFormName {
  if (op.groups > 1) return 'compressed';
  if (winogradFits(op, inputShape, outputShape)) return density < compressBelowWinograd ? 'compressed' : 'winograd';
  const run = inputShape[2]! * (op.dilations[1] === 1 ? op.kernelSize[1] : 1);
  return density < compressBelow || run < shortestRun ? 'compressed' : 'direct';
}

/** Whether Winograd's form may be chosen, at whatever density. */
export function winogradFits(
  { kernelSize, strides, dilations, groups }: Conv2DOp,
  inputShape: readonly number[],
  outputShape: readonly number[],
): boolean {
  const isOne = ([a, b]: readonly [number, number]): boolean => a === 1 && b === 1;
  return (
    groups === 1 &&
    kernelSize[0] === 3 &&
    kernelSize[1] === 3 &&
    isOne(strides) &&
    isOne(dilations) &&
    Math.min(inputShape[2]!, outputShape[2]!) >= winogradChannels &&
    Math.min(outputShape[0]!, outputShape[1]!) >= winogradSide
  );
}

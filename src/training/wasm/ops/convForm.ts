/** The ways a convolution can be computed, and which of them suits one. */
import type { Conv2DOp, Padding, Plan } from '../../plan/plan';
import { framesOf } from './convGeometry';
import type { Binding, Phase, Placement, Site } from './operation';
import { compressBelowWinograd, largest, winogradFrames, winogradPays } from './winogradShape';

/** A convolution in one form; its functions are those of OperationKind. */
export interface ConvForm<P extends Placement> {
  readonly place: (op: Conv2DOp, placement: Placement, site: Site) => P;
  readonly forward: (placed: P, binding: Binding) => readonly Phase[];
  readonly backward: (placed: P, binding: Binding) => readonly Phase[];
  readonly prepare?: (placed: P, binding: Binding) => readonly Phase[];
  readonly update: (placed: P, binding: Binding) => readonly Phase[];
}

export type ConvFormName = 'direct' | 'winograd' | 'compressed';

/** Below this density the compressed form's three passes take less time than the direct form's (bench/notes.md). */
const compressBelow = 0.4;

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
  if (winogradPays(op, inputShape, outputShape)) {
    return density < compressBelowWinograd(op, inputShape, outputShape) ? 'compressed' : 'winograd';
  }
  return density < compressBelow ? 'compressed' : 'direct';
}

/** Frames that serve every form that may be chosen: masks, which decide on it, are not known yet. */
export function convFrames(op: Conv2DOp, plan: Plan): { readonly inputs: Padding; readonly outputGradient: Padding } {
  const frames = framesOf(op, plan);
  const inputShape = plan.activations[op.inputs[0]!]!.shape;
  const outputShape = plan.activations[op.output]!.shape;
  if (!winogradPays(op, inputShape, outputShape)) return frames;
  const tiles = winogradFrames(op, inputShape, outputShape);
  return {
    inputs: largest(frames.inputs, tiles.inputs),
    outputGradient: largest(frames.outputGradient, tiles.outputGradient),
  };
}

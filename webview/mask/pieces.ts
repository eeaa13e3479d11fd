/** How a layer is cut for asking: pieces that the host answers at once, blocks for layers too large to hold. Pure. */
import { maskLimits, type KernelAxes, type KernelRegion } from '../../src/shared/mask';
import { maskLayout, type MaskLayout } from './layout';

/** Up to so many weights a layer is held in full; beyond, in blocks, and in full only what is looked at. */
export const mostHeld = 2 ** 23;
const mostBlocks = 2 ** 22;

/** Kernels that a block spans in each direction, a power of two; null: the layer is held in full. */
export function blockSpan({ outputs, inputs, height, width }: KernelAxes): number | null {
  if (outputs * inputs * height * width <= mostHeld) return null;
  let span = 2;
  while (Math.ceil(outputs / span) * Math.ceil(inputs / span) > mostBlocks) span *= 2;
  return span;
}

/** Of a layer as it is held: blocks are cut along outputs and inputs, so their filters go one a line. */
export function layoutOf(axes: KernelAxes): MaskLayout {
  return maskLayout(axes, blockSpan(axes) === null);
}

/** Regions that cover a layer, each as whole as may be asked for. @param span of the blocks; null: single weights */
export function* piecesOf(
  { outputs, inputs, height, width }: KernelAxes,
  span: number | null,
): Generator<KernelRegion> {
  const unit = span ?? 1;
  const weights = span === null ? maskLimits.weights : Math.min(maskLimits.blockWeights, maskLimits.blocks * unit ** 2);
  const kernels = Math.max(1, Math.floor(weights / (height * width)));
  // outputs lie next to each other in memory: as many of them as fit, then inputs
  const down = whole(Math.min(outputs, kernels / unit), unit, outputs);
  const across = whole(Math.min(inputs, kernels / down), unit, inputs);
  for (let input = 0; input < inputs; input += across) {
    for (let output = 0; output < outputs; output += down) {
      yield {
        output,
        outputs: Math.min(down, outputs - output),
        input,
        inputs: Math.min(across, inputs - input),
      };
    }
  }
}

/** A multiple of the unit, at least one, unless it is all. */
function whole(count: number, unit: number, all: number): number {
  return count >= all ? all : Math.max(unit, Math.floor(count / unit) * unit);
}

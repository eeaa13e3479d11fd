/** How activations lie in memory. */
import type { Padding } from '../plan/plan';
import { featureBytes } from './memory';

export const noPadding: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * Of one panel: [row][column][channel][16 examples] float32, with a frame of zeros around the image, so that a kernel
 * that looks past the edge finds them. Flat activations are images of one pixel. Bytes.
 */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly frame: Padding;
  /** From a pixel to its right neighbour. */
  readonly pixelBytes: number;
  /** From a pixel to the one below. */
  readonly rowBytes: number;
  /** From the start of the panel to the first pixel inside the frame. */
  readonly origin: number;
  /** Of the image with its frame, padded to a multiple of four features. */
  readonly bytes: number;
  /** From a panel to the next; may be more than `bytes`, since panels of several buffers lie in turn. */
  readonly panelBytes: number;
}

/** An activation in memory. The gradient has a frame of its own. */
export interface Buffer {
  readonly values: Layout;
  /** Address of panel 0's first byte while training; 0: not kept. */
  readonly trainingValues: number;
  /** The same for each thread's own two panels while evaluating. */
  readonly evaluationValues: readonly number[];
  readonly gradients: Layout;
  /** Address of panel 0's first byte; 0: nobody wants the gradient. */
  readonly trainingGradients: number;
}

/** @param shape [height, width, channels], or any other, which is taken as flat */
export function layoutOf(shape: readonly number[], frame: Padding): Layout {
  const [height, width, channels] =
    shape.length === 3 ? (shape as [number, number, number]) : [1, 1, shape.reduce((product, n) => product * n, 1)];
  const pixelBytes = channels * featureBytes;
  const rowBytes = (frame.left + width + frame.right) * pixelBytes;
  const bytes = (frame.top + height + frame.bottom) * rowBytes;
  const padded = Math.ceil(bytes / (4 * featureBytes)) * 4 * featureBytes;
  return {
    height,
    width,
    channels,
    frame,
    pixelBytes,
    rowBytes,
    origin: frame.top * rowBytes + frame.left * pixelBytes,
    bytes: padded,
    panelBytes: padded,
  };
}

export function isNoPadding({ top, bottom, left, right }: Padding): boolean {
  return top + bottom + left + right === 0;
}

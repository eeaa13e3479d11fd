/** Ops that move or gather pixels, and those that join branches, in double precision. */
import type { ConcatenateOp, PoolOp, ZeroPaddingOp } from '../../../src/training/plan/plan';
import { type Context, imageShape, type Node, noParameters, rowsOf } from './node';

export function pool(op: PoolOp, x: Float64Array, { plan, count }: Context): Node {
  const [height, width, channels] = imageShape(plan.activations[op.inputs[0]!]!.shape);
  const [outHeight, outWidth] = imageShape(plan.activations[op.output]!.shape);
  const output = new Float64Array(count * outHeight * outWidth * channels);
  /** For each output where its window's values lie in x: padding is no value. */
  const windows: number[][] = [];
  for (let n = 0; n < count; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const pixels: number[] = [];
        for (let ky = 0; ky < op.size[0]; ky++) {
          const iy = oy * op.strides[0] + ky - op.padding.top;
          for (let kx = 0; kx < op.size[1]; kx++) {
            const ix = ox * op.strides[1] + kx - op.padding.left;
            const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            if (inside) pixels.push(((n * height + iy) * width + ix) * channels);
          }
        }
        for (let c = 0; c < channels; c++) windows.push(pixels.map(pixel => pixel + c));
      }
    }
  }
  const highest = (window: readonly number[]): number =>
    window.reduce((best, place) => (x[place]! > x[best]! ? place : best));
  windows.forEach((window, i) => {
    output[i] =
      op.kind === 'max-pool' ? x[highest(window)]! : window.reduce((sum, place) => sum + x[place]!, 0) / window.length;
  });
  return {
    output,
    backward: dy => {
      const dx = new Float64Array(x.length);
      windows.forEach((window, i) => {
        if (op.kind === 'max-pool') dx[highest(window)]! += dy[i]!;
        else for (const place of window) dx[place]! += dy[i]! / window.length;
      });
      return { inputs: [dx], parameters: noParameters };
    },
  };
}

export function zeroPadding(op: ZeroPaddingOp, x: Float64Array, { plan, count }: Context): Node {
  const [height, width, channels] = imageShape(plan.activations[op.inputs[0]!]!.shape);
  const [outHeight, outWidth] = imageShape(plan.activations[op.output]!.shape);
  const output = new Float64Array(count * outHeight * outWidth * channels);
  const rowLength = width * channels;
  const visit = (copy: (inside: number, outside: number) => void): void => {
    for (let row = 0; row < count * height; row++) {
      const outRow = Math.floor(row / height) * outHeight + (row % height) + op.padding.top;
      copy(row * rowLength, (outRow * outWidth + op.padding.left) * channels);
    }
  };
  visit((inside, outside) => {
    output.set(x.subarray(inside, inside + rowLength), outside);
  });
  return {
    output,
    backward: dy => {
      const dx = new Float64Array(x.length);
      visit((inside, outside) => {
        dx.set(dy.subarray(outside, outside + rowLength), inside);
      });
      return { inputs: [dx], parameters: noParameters };
    },
  };
}

export function add(inputs: readonly Float64Array[]): Node {
  return {
    output: inputs[0]!.map((_, i) => inputs.reduce((sum, input) => sum + input[i]!, 0)),
    backward: dy => ({ inputs: inputs.map(() => dy.slice()), parameters: noParameters }),
  };
}

export function concatenate(op: ConcatenateOp, inputs: readonly Float64Array[], { plan }: Context): Node {
  const widths = op.inputs.map(input => plan.activations[input]!.shape.at(-1)!);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const { rows } = rowsOf(inputs[0]!, plan.activations[op.inputs[0]!]!.shape);
  const starts = widths.map((_, k) => widths.slice(0, k).reduce((sum, width) => sum + width, 0));
  const output = new Float64Array(rows * total);
  inputs.forEach((input, k) => {
    input.forEach((value, i) => (output[Math.floor(i / widths[k]!) * total + starts[k]! + (i % widths[k]!)] = value));
  });
  return {
    output,
    backward: dy => ({
      inputs: inputs.map((input, k) =>
        input.map((_, i) => dy[Math.floor(i / widths[k]!) * total + starts[k]! + (i % widths[k]!)]!),
      ),
      parameters: noParameters,
    }),
  };
}

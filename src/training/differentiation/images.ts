/** Ops that move, gather or join values. They are linear, so that tangents go the same way as values. */
import type { ConcatenateOp, PoolOp, ZeroPaddingOp } from '../plan/plan';
import type { Context, Dual, Node } from './dual';

type Way = (values: Float64Array) => Float64Array;

function through({ value, tangent }: Dual, way: Way): Dual {
  return { value: way(value), tangent: tangent && way(tangent) };
}

function straight(x: Dual, forward: Way, backward: Way): Node {
  return { output: through(x, forward), backward: dy => [through(dy, backward)] };
}

/** Windows of a pool, as where their values lie: padding is no value. */
class Windows {
  private readonly image: readonly number[];
  private readonly out: readonly number[];

  constructor(
    private readonly op: PoolOp,
    { plan, count }: Context,
  ) {
    this.image = [count, ...plan.activations[op.inputs[0]!]!.shape];
    this.out = [count, ...plan.activations[op.output]!.shape];
  }

  get outputs(): number {
    return this.out.reduce((product, n) => product * n, 1);
  }

  /**
   * Calls back for each value under each window.
   * @param visit with the place of the output, that of the input, and how many the window has of its channel
   */
  each(visit: (output: number, input: number, size: number) => void): void {
    const { size, strides, padding } = this.op;
    const [count, height, width, channels] = this.image as [number, number, number, number];
    const [, outHeight, outWidth] = this.out as [number, number, number, number];
    for (let n = 0; n < count; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        const top = oy * strides[0] - padding.top;
        const [firstRow, endRow] = [Math.max(0, top), Math.min(height, top + size[0])];
        for (let ox = 0; ox < outWidth; ox++) {
          const left = ox * strides[1] - padding.left;
          const [firstColumn, endColumn] = [Math.max(0, left), Math.min(width, left + size[1])];
          const inside = (endRow - firstRow) * (endColumn - firstColumn);
          const output = ((n * outHeight + oy) * outWidth + ox) * channels;
          for (let iy = firstRow; iy < endRow; iy++) {
            for (let ix = firstColumn; ix < endColumn; ix++) {
              const input = ((n * height + iy) * width + ix) * channels;
              for (let c = 0; c < channels; c++) visit(output + c, input + c, inside);
            }
          }
        }
      }
    }
  }
}

export function pool(op: PoolOp, x: Dual, context: Context): Node {
  const windows = new Windows(op, context);
  const { outputs } = windows;
  const inputs = x.value.length;
  if (op.kind === 'average-pool') {
    return straight(
      x,
      values => {
        const result = new Float64Array(outputs);
        windows.each((output, input, size) => {
          result[output]! += values[input]! / size;
        });
        return result;
      },
      gradient => {
        const result = new Float64Array(inputs);
        windows.each((output, input, size) => {
          result[input]! += gradient[output]! / size;
        });
        return result;
      },
    );
  }
  /** Of each output where the highest value lies; among equals the first. */
  const highest = new Int32Array(outputs).fill(-1);
  windows.each((output, input) => {
    if (highest[output] === -1 || x.value[input]! > x.value[highest[output]!]!) highest[output] = input;
  });
  return straight(
    x,
    values => Float64Array.from(highest, input => values[input]!),
    gradient => {
      const result = new Float64Array(inputs);
      highest.forEach((input, output) => (result[input]! += gradient[output]!));
      return result;
    },
  );
}

export function zeroPadding(op: ZeroPaddingOp, x: Dual, { plan, count }: Context): Node {
  const [height, width, channels] = plan.activations[op.inputs[0]!]!.shape as [number, number, number];
  const { shape, size } = plan.activations[op.output]!;
  const row = width * channels;
  const outside = (at: number): number =>
    ((Math.floor(at / height) * shape[0]! + (at % height) + op.padding.top) * shape[1]! + op.padding.left) * channels;
  return straight(
    x,
    values => {
      const result = new Float64Array(count * size);
      for (let at = 0; at < count * height; at++) {
        result.set(values.subarray(at * row, (at + 1) * row), outside(at));
      }
      return result;
    },
    gradient => {
      const result = new Float64Array(x.value.length);
      for (let at = 0; at < count * height; at++) {
        result.set(gradient.subarray(outside(at), outside(at) + row), at * row);
      }
      return result;
    },
  );
}

/** A sum of values that may or may not move. */
export function sum(terms: readonly Dual[]): Dual {
  const [first, ...rest] = terms;
  if (rest.length === 0) return first!;
  const value = first!.value.slice();
  for (const term of rest) for (let i = 0; i < value.length; i++) value[i]! += term.value[i]!;
  if (terms.every(({ tangent }) => tangent === null)) return { value, tangent: null };
  const tangent = new Float64Array(value.length);
  for (const term of terms) {
    if (term.tangent) for (let i = 0; i < value.length; i++) tangent[i]! += term.tangent[i]!;
  }
  return { value, tangent };
}

export function add(inputs: readonly Dual[]): Node {
  return { output: sum(inputs), backward: dy => inputs.map(() => dy) };
}

export function concatenate(op: ConcatenateOp, inputs: readonly Dual[], { plan }: Context): Node {
  const widths = op.inputs.map(input => plan.activations[input]!.shape.at(-1)!);
  const total = plan.activations[op.output]!.shape.at(-1)!;
  const rows = inputs[0]!.value.length / widths[0]!;
  const starts = widths.map((_, k) => widths.slice(0, k).reduce((before, width) => before + width, 0));
  const joined = (parts: readonly (Float64Array | null)[]): Float64Array => {
    const result = new Float64Array(rows * total);
    parts.forEach((part, k) => {
      const width = widths[k]!;
      if (!part) return;
      for (let r = 0; r < rows; r++) result.set(part.subarray(r * width, (r + 1) * width), r * total + starts[k]!);
    });
    return result;
  };
  const part = (values: Float64Array, k: number): Float64Array => {
    const width = widths[k]!;
    const result = new Float64Array(rows * width);
    for (let r = 0; r < rows; r++) {
      result.set(values.subarray(r * total + starts[k]!, r * total + starts[k]! + width), r * width);
    }
    return result;
  };
  const moves = inputs.some(({ tangent }) => tangent !== null);
  return {
    output: {
      value: joined(inputs.map(({ value }) => value)),
      tangent: moves ? joined(inputs.map(({ tangent }) => tangent)) : null,
    },
    backward: dy => inputs.map((_, k) => through(dy, values => part(values, k))),
  };
}

export function unchanged(x: Dual): Node {
  return { output: x, backward: dy => [dy] };
}

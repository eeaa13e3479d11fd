/** Dense and convolutional layers in double precision, by their definition. */
import type { Conv2DOp, DenseOp, ParameterId } from '../../../src/training/plan/plan';
import { type Context, imageShape, type Node, type Values } from './node';

export function dense(op: DenseOp, x: Float64Array, { plan, weights, count }: Context): Node {
  const [inputs, outputs] = plan.parameters[op.kernel]!.shape as [number, number];
  const kernel = weights[op.kernel]!;
  const output = new Float64Array(count * outputs);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) output[n * outputs + o]! += x[n * inputs + i]! * kernel[i * outputs + o]!;
    }
  }
  addBias(output, op.bias === null ? null : weights[op.bias]!);
  return {
    output,
    backward: dy => {
      const dx = new Float64Array(x.length);
      const dk = new Float64Array(kernel.length);
      for (let n = 0; n < count; n++) {
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            dx[n * inputs + i]! += dy[n * outputs + o]! * kernel[i * outputs + o]!;
            dk[i * outputs + o]! += dy[n * outputs + o]! * x[n * inputs + i]!;
          }
        }
      }
      return { inputs: [dx], parameters: kernelAndBias(op, dk, dy, outputs) };
    },
  };
}

export function conv2d(op: Conv2DOp, x: Float64Array, { plan, weights, count }: Context): Node {
  const [height, width, channels] = imageShape(plan.activations[op.inputs[0]!]!.shape);
  const [outHeight, outWidth, outputs] = imageShape(plan.activations[op.output]!.shape);
  const perGroup = channels / op.groups;
  const kernel = weights[op.kernel]!;
  /** Calls back with the places of each product: of x, of the kernel and of y. */
  const visit = (product: (xAt: number, kernelAt: number, yAt: number) => void): void => {
    for (let n = 0; n < count; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          const pixel = ((n * outHeight + oy) * outWidth + ox) * outputs;
          for (let ky = 0; ky < op.kernelSize[0]; ky++) {
            const iy = oy * op.strides[0] + ky * op.dilations[0] - op.padding.top;
            if (iy < 0 || iy >= height) continue;
            for (let kx = 0; kx < op.kernelSize[1]; kx++) {
              const ix = ox * op.strides[1] + kx * op.dilations[1] - op.padding.left;
              if (ix < 0 || ix >= width) continue;
              const from = ((n * height + iy) * width + ix) * channels;
              const taps = (ky * op.kernelSize[1] + kx) * perGroup;
              for (let o = 0; o < outputs; o++) {
                const first = from + Math.floor((o * op.groups) / outputs) * perGroup;
                for (let i = 0; i < perGroup; i++) product(first + i, (taps + i) * outputs + o, pixel + o);
              }
            }
          }
        }
      }
    }
  };
  const output = new Float64Array(count * outHeight * outWidth * outputs);
  visit((xAt, kernelAt, yAt) => {
    output[yAt]! += x[xAt]! * kernel[kernelAt]!;
  });
  addBias(output, op.bias === null ? null : weights[op.bias]!);
  return {
    output,
    backward: dy => {
      const dx = new Float64Array(x.length);
      const dk = new Float64Array(kernel.length);
      visit((xAt, kernelAt, yAt) => {
        dx[xAt]! += dy[yAt]! * kernel[kernelAt]!;
        dk[kernelAt]! += dy[yAt]! * x[xAt]!;
      });
      return { inputs: [dx], parameters: kernelAndBias(op, dk, dy, outputs) };
    },
  };
}

function addBias(output: Float64Array, bias: Values | null): void {
  if (bias === null) return;
  for (let i = 0; i < output.length; i++) output[i]! += bias[i % bias.length]!;
}

function kernelAndBias(
  op: DenseOp | Conv2DOp,
  kernelGradient: Float64Array,
  dy: Float64Array,
  outputs: number,
): Map<ParameterId, Float64Array> {
  const gradients = new Map([[op.kernel, kernelGradient]]);
  if (op.bias !== null) {
    const sum = new Float64Array(outputs);
    dy.forEach((value, i) => (sum[i % outputs]! += value));
    gradients.set(op.bias, sum);
  }
  return gradients;
}

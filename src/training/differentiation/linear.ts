/** Dense and convolutional layers: products of patches and kernel. */
import type { Conv2DOp, DenseOp } from '../plan/plan';
import { addInto, type Context, type Dual, type Node, zeros } from './dual';
import { convolutionShape, type ConvolutionShape, Patches } from './patches';
import { Matrix } from './product';

export function linear(op: DenseOp | Conv2DOp, x: Dual, context: Context): Node {
  const { plan, count, directed } = context;
  const shape = convolutionShape(op, plan);
  const layer = new Linear(shape, count * shape.outHeight * shape.outWidth, context);
  const kernel = context.parameter(op.kernel);
  const bias = op.bias === null ? null : context.parameter(op.bias);
  const output = zeros(layer.windows * shape.outputs, directed);
  layer.forward(x.value, kernel.value, output.value);
  if (bias) addBias(output.value, bias.value);
  if (output.tangent) {
    if (kernel.tangent) layer.forward(x.value, kernel.tangent, output.tangent);
    if (x.tangent) layer.forward(x.tangent, kernel.value, output.tangent);
    if (bias?.tangent) addBias(output.tangent, bias.tangent);
  }
  return {
    output,
    backward: (dy, [wanted]) => {
      const into = context.gradient(op.kernel);
      const biasInto = op.bias === null ? null : context.gradient(op.bias);
      const moving = dy.tangent ?? dy.value;
      if (into) {
        layer.kernelGradient(x.value, moving, into);
        if (dy.tangent && x.tangent) layer.kernelGradient(x.tangent, dy.value, into);
      }
      if (biasInto) addRows(biasInto, moving);
      if (wanted !== true) return [null];
      const dx = zeros(x.value.length, directed);
      layer.inputGradient(dy.value, kernel.value, dx.value);
      if (dx.tangent) {
        layer.inputGradient(moving, kernel.value, dx.tangent);
        if (kernel.tangent) layer.inputGradient(dy.value, kernel.tangent, dx.tangent);
      }
      return [dx];
    },
  };
}

/** The three products of a layer, each added to what is there. */
class Linear {
  /** Values of a window that a group sees, and outputs of a group. */
  private readonly taps: number;
  private readonly outputs: number;

  constructor(
    private readonly shape: ConvolutionShape,
    /** Of the whole batch. */
    readonly windows: number,
    private readonly context: Context,
  ) {
    this.taps = (shape.kernelHeight * shape.kernelWidth * shape.channels) / shape.groups;
    this.outputs = shape.outputs / shape.groups;
  }

  forward(x: Float64Array, kernel: Float64Array, y: Float64Array): void {
    const { products } = this.context;
    const stride = this.shape.outputs;
    for (let group = 0; group < this.shape.groups; group++) {
      const offset = group * this.outputs;
      products.add(
        new Patches(x, this.shape, group).rows,
        new Matrix(kernel, offset, 1, stride),
        new Matrix(y, offset, stride, 1),
        this.windows,
        this.outputs,
        this.taps,
      );
    }
  }

  kernelGradient(x: Float64Array, dy: Float64Array, into: Float64Array): void {
    const { products } = this.context;
    const stride = this.shape.outputs;
    for (let group = 0; group < this.shape.groups; group++) {
      const offset = group * this.outputs;
      products.add(
        new Patches(x, this.shape, group).columns,
        new Matrix(dy, offset, 1, stride),
        new Matrix(into, offset, stride, 1),
        this.taps,
        this.outputs,
        this.windows,
      );
    }
  }

  inputGradient(dy: Float64Array, kernel: Float64Array, dx: Float64Array): void {
    const { products } = this.context;
    const stride = this.shape.outputs;
    for (let group = 0; group < this.shape.groups; group++) {
      const offset = group * this.outputs;
      products.add(
        new Matrix(dy, offset, stride, 1),
        new Matrix(kernel, offset, stride, 1),
        new Patches(dx, this.shape, group),
        this.windows,
        this.taps,
        this.outputs,
      );
    }
  }
}

function addBias(output: Float64Array, bias: Float64Array): void {
  for (let at = 0; at < output.length; at += bias.length) addInto(output.subarray(at, at + bias.length), bias);
}

/** Adds up the rows of a matrix. */
function addRows(into: Float64Array, rows: Float64Array): void {
  for (let at = 0; at < rows.length; at += into.length) addInto(into, rows.subarray(at, at + into.length));
}

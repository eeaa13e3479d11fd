/** Convolutions to test: their shapes, drawn data, their plans, and what they come to in double precision. */
import type { Random } from '../../../src/shared/random';
import type { Conv2DOp, Padding, Pair, Plan } from '../../../src/training/plan/plan';
import { randomValues } from './support';

export interface ConvShape {
  readonly inputShape: readonly [number, number, number];
  readonly outputs: number;
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
  readonly groups: number;
  readonly bias: boolean;
}

export interface ConvCase extends ConvShape {
  readonly batch: number;
  readonly mask: Uint8Array | null;
  /** Forward ends in relu. */
  readonly rectify: boolean;
  /** What becomes of the input gradient. */
  readonly accumulate: boolean;
  readonly rectifyInput: boolean;
}

/** Values as plans have them: examples one after another, channels last; kernel [height, width, in / groups, out]. */
export interface ConvData {
  readonly input: Float32Array;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly outputGradient: Float32Array;
  /** What lies in the input gradient before. */
  readonly earlier: Float32Array;
}

export interface ConvResult {
  readonly output: Float32Array;
  readonly inputGradient: Float32Array;
  readonly kernelGradient: Float32Array;
  readonly biasGradient: Float32Array;
}

export function outputShapeOf(shape: ConvShape): [number, number, number] {
  const { inputShape, kernelSize, strides, dilations, padding } = shape;
  const side = (axis: 0 | 1, before: number, after: number): number =>
    Math.floor((inputShape[axis] + before + after - (kernelSize[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1;
  return [side(0, padding.top, padding.bottom), side(1, padding.left, padding.right), shape.outputs];
}

export function randomData(random: Random, test: ConvCase): ConvData {
  const input = test.inputShape.reduce((a, b) => a * b, test.batch);
  const output = outputShapeOf(test).reduce((a, b) => a * b, test.batch);
  const size = kernelShapeOf(test).reduce((a, b) => a * b, 1);
  return {
    input: randomValues(random, input),
    kernel: randomValues(random, size).map((value, i) => (test.mask?.[i] === 0 ? 0 : value)),
    bias: test.bias ? randomValues(random, test.outputs) : new Float32Array(test.outputs),
    outputGradient: randomValues(random, output),
    earlier: randomValues(random, input),
  };
}

export function kernelShapeOf({ kernelSize, inputShape, groups, outputs }: ConvShape): number[] {
  return [...kernelSize, inputShape[2] / groups, outputs];
}

/** Double precision, by the definition. */
export function referenceConv(test: ConvCase, data: ConvData): Record<keyof ConvResult, Float64Array> {
  const [height, width, channels] = test.inputShape;
  const [rows, columns, outputs] = outputShapeOf(test);
  const perGroup = channels / test.groups;
  const result = {
    output: new Float64Array(data.outputGradient.length),
    inputGradient: new Float64Array(data.input.length),
    kernelGradient: new Float64Array(data.kernel.length),
    biasGradient: new Float64Array(outputs),
  };
  for (let at = 0; at < result.output.length; at++) {
    const output = at % outputs;
    const column = Math.floor(at / outputs) % columns;
    const row = Math.floor(at / (outputs * columns)) % rows;
    const example = Math.floor(at / (outputs * columns * rows));
    const group = Math.floor((output * test.groups) / outputs);
    const dy = data.outputGradient[at]!;
    let sum = data.bias[output]!;
    result.biasGradient[output]! += dy;
    for (let ky = 0; ky < test.kernelSize[0]; ky++) {
      const y = row * test.strides[0] + ky * test.dilations[0] - test.padding.top;
      if (y < 0 || y >= height) continue;
      for (let kx = 0; kx < test.kernelSize[1]; kx++) {
        const x = column * test.strides[1] + kx * test.dilations[1] - test.padding.left;
        if (x < 0 || x >= width) continue;
        for (let channel = 0; channel < perGroup; channel++) {
          const from = ((example * height + y) * width + x) * channels + group * perGroup + channel;
          const weight = ((ky * test.kernelSize[1] + kx) * perGroup + channel) * outputs + output;
          sum += data.kernel[weight]! * data.input[from]!;
          result.inputGradient[from]! += data.kernel[weight]! * dy;
          if (test.mask?.[weight] !== 0) result.kernelGradient[weight]! += dy * data.input[from]!;
        }
      }
    }
    result.output[at] = test.rectify ? Math.max(0, sum) : sum;
  }
  if (!test.bias) result.biasGradient.fill(0);
  result.inputGradient.forEach((value, i) => {
    const sum = value + (test.accumulate ? data.earlier[i]! : 0);
    result.inputGradient[i] = test.rectifyInput && data.input[i]! <= 0 ? 0 : sum;
  });
  return result;
}

export function convPlan(test: ConvShape): { readonly op: Conv2DOp; readonly plan: Plan } {
  const op: Conv2DOp = {
    kind: 'conv2d',
    layer: 'conv',
    inputs: [0],
    output: 1,
    kernel: 0,
    bias: test.bias ? 1 : null,
    kernelSize: test.kernelSize,
    strides: test.strides,
    dilations: test.dilations,
    padding: test.padding,
    groups: test.groups,
  };
  const shapes = [test.inputShape, outputShapeOf(test)];
  const parameters = [kernelShapeOf(test), [test.outputs]].map((shape, i): Plan['parameters'][number] => ({
    name: i === 0 ? 'conv/kernel' : 'conv/bias',
    layer: 'conv',
    role: i === 0 ? 'kernel' : 'bias',
    shape,
    size: shape.reduce((a, b) => a * b, 1),
    prunable: i === 0,
    trainable: true,
    initializer: { kind: 'constant', value: 0 },
  }));
  const plan: Plan = {
    inputShape: test.inputShape,
    activations: shapes.map(shape => ({ shape, size: shape.reduce((a, b) => a * b, 1) })),
    ops: [op],
    parameters,
    loss: 'cross-entropy',
  };
  return { op, plan };
}

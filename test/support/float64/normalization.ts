/** Batch and layer normalisation in double precision (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016). */
import type { BatchNormalizationOp, LayerNormalizationOp, ParameterId } from '../../../src/training/plan/plan';
import { type Context, type Gradients, type Node, rowsOf } from './node';

export function batchNormalization(op: BatchNormalizationOp, x: Float64Array, context: Context): Node {
  const { plan, weights, training } = context;
  const { rows, width: channels } = rowsOf(x, plan.activations[op.output]!.shape);
  const gamma = op.gamma === null ? null : weights[op.gamma]!;
  const beta = op.beta === null ? null : weights[op.beta]!;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    if (training) {
      for (let r = 0; r < rows; r++) mean[c]! += x[r * channels + c]! / rows;
      for (let r = 0; r < rows; r++) variance[c]! += (x[r * channels + c]! - mean[c]!) ** 2 / rows;
    } else {
      mean[c] = weights[op.movingMean]![c]!;
      variance[c] = weights[op.movingVariance]![c]!;
    }
  }
  const inverse = variance.map(value => 1 / Math.sqrt(value + op.epsilon));
  const normal = x.map((value, i) => (value - mean[i % channels]!) * inverse[i % channels]!);
  const output = normal.map((value, i) => value * (gamma?.[i % channels] ?? 1) + (beta?.[i % channels] ?? 0));
  const move = (parameter: ParameterId, batch: Float64Array): [ParameterId, Float64Array] => [
    parameter,
    batch.map((value, c) => op.momentum * weights[parameter]![c]! + (1 - op.momentum) * value),
  ];
  const toUnbiased = op.unbiased ? rows / (rows - 1) : 1;
  return {
    output,
    ...(training && {
      moved: new Map([
        move(op.movingMean, mean),
        move(
          op.movingVariance,
          variance.map(v => v * toUnbiased),
        ),
      ]),
    }),
    backward: dy => {
      const scaled = dy.map((value, i) => value * (gamma?.[i % channels] ?? 1));
      const dx = new Float64Array(x.length);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let dot = 0;
        if (training) {
          for (let i = c; i < x.length; i += channels) {
            sum += scaled[i]!;
            dot += scaled[i]! * normal[i]!;
          }
        }
        for (let i = c; i < x.length; i += channels) {
          dx[i] = inverse[c]! * (scaled[i]! - sum / rows - (normal[i]! * dot) / rows);
        }
      }
      return { inputs: [dx], parameters: scaleAndShift(op, dy, normal, channels) };
    },
  };
}

export function layerNormalization(op: LayerNormalizationOp, x: Float64Array, { plan, weights }: Context): Node {
  const { rows, width } = rowsOf(x, plan.activations[op.output]!.shape);
  const gamma = op.gamma === null ? null : weights[op.gamma]!;
  const beta = op.beta === null ? null : weights[op.beta]!;
  const normal = new Float64Array(x.length);
  const inverse = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * width, (r + 1) * width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    inverse[r] = 1 / Math.sqrt(variance + op.epsilon);
    row.forEach((value, i) => (normal[r * width + i] = (value - mean) * inverse[r]!));
  }
  return {
    output: normal.map((value, i) => value * (gamma?.[i % width] ?? 1) + (beta?.[i % width] ?? 0)),
    backward: dy => {
      const dx = new Float64Array(x.length);
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        let dot = 0;
        const scaled = dy.subarray(r * width, (r + 1) * width).map((value, i) => value * (gamma?.[i] ?? 1));
        for (let i = 0; i < width; i++) {
          sum += scaled[i]!;
          dot += scaled[i]! * normal[r * width + i]!;
        }
        for (let i = 0; i < width; i++) {
          dx[r * width + i] = inverse[r]! * (scaled[i]! - sum / width - (normal[r * width + i]! * dot) / width);
        }
      }
      return { inputs: [dx], parameters: scaleAndShift(op, dy, normal, width) };
    },
  };
}

function scaleAndShift(
  op: { readonly gamma: ParameterId | null; readonly beta: ParameterId | null },
  dy: Float64Array,
  normal: Float64Array,
  channels: number,
): Gradients['parameters'] {
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  dy.forEach((value, i) => {
    scale[i % channels]! += value * normal[i]!;
    shift[i % channels]! += value;
  });
  const gradients = new Map<ParameterId, Float64Array>();
  if (op.gamma !== null) gradients.set(op.gamma, scale);
  if (op.beta !== null) gradients.set(op.beta, shift);
  return gradients;
}

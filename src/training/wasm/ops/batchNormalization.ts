/**
 * Batch normalisation. Each thread sums over some channels of some panels; after all have met, each combines the panels'
 * sums for itself, in their order, and applies them to its pixels.
 */
import type { BatchNormalizationOp, ParameterId } from '../../plan/plan';
import { noPadding } from '../layout';
import {
  examplesIn,
  gradientBytes,
  placeScaleAndShift,
  type ScaleAndShift,
  updateScaleAndShift,
} from './normalizationParameters';
import {
  alone,
  type Binding,
  type Instruction,
  type OperationKind,
  type Phase,
  type Placement,
  share,
  type Site,
} from './operation';
import { layoutsOf, settling, splitRows } from './rows';

export interface PlacedBatchNormalization extends Placement {
  readonly parameters: ScaleAndShift;
  readonly channels: number;
  /** Pixels of an image. */
  readonly pixels: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly unbiased: boolean;
  readonly movingMean: number;
  readonly movingVariance: number;
  /** [panel][channel] { mean, Σ (x − mean)² } */
  readonly statistics: number;
  /** [panel][channel] { Σ dy, Σ dy · (x − mean) } */
  readonly sums: number;
  /** Of each thread its own: what the forward pass applies, and the backward pass. */
  readonly coefficients: readonly number[];
  readonly terms: readonly number[];
}

/** Channels summed together: a thread's share of a panel is a number of these. */
const block = 4;
/** Two float64, or four float32, for a channel. */
const channelBytes = 16;

export const batchNormalization: OperationKind<BatchNormalizationOp, PlacedBatchNormalization> = {
  framed: true,
  rectifies: true,
  meets: true,
  updates: 'own sums',
  keeps: () => ({ inputs: true, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place,
  forward: (placed, binding) => (binding.training ? normalize(placed, binding) : applyMoving(placed, binding)),
  backward,
  update,
};

function place(op: BatchNormalizationOp, placement: Placement, site: Site): PlacedBatchNormalization {
  const { height, width, channels } = site.buffers[placement.inputs[0]!]!.values;
  const perThread = (): readonly number[] =>
    Array.from({ length: site.threads }, () => site.allocate(channels * channelBytes));
  site.scratch(Math.max(68 * channels, gradientBytes(channels)));
  return {
    ...placement,
    parameters: placeScaleAndShift(op, site),
    channels,
    pixels: height * width,
    epsilon: op.epsilon,
    momentum: op.momentum,
    unbiased: op.unbiased,
    movingMean: placeMoving(op.movingMean, site),
    movingVariance: placeMoving(op.movingVariance, site),
    statistics: site.allocate(site.panels * channels * channelBytes),
    sums: site.allocate(site.panels * channels * channelBytes),
    coefficients: perThread(),
    terms: perThread(),
  };
}

function placeMoving(parameter: ParameterId, site: Site): number {
  const values = site.values(parameter);
  const address = site.allocate(values.byteLength, (memory, at) => {
    new Float32Array(memory, at, values.length).set(values);
  });
  site.reads(parameter, memory => new Float32Array(memory, address, values.length).slice());
  return address;
}

/** By the statistics of the batch, which also move the moving ones. */
function normalize(placed: PlacedBatchNormalization, binding: Binding): readonly Phase[] {
  const { kernels, batch, thread } = binding;
  const { channels, pixels, parameters, epsilon, statistics, momentum } = placed;
  const input = placed.inputs[0]!;
  const { values } = binding.buffers[input]!;
  const { height, width, rowBytes, pixelBytes, origin } = values;
  const stride = channels * channelBytes;
  const coefficients = placed.coefficients[thread]!;
  const measure = binding.split(Math.ceil(channels / block), (panel, begin, end) => {
    const x = binding.values(input, panel) + origin;
    const result = statistics + panel * stride;
    const last = Math.min(channels, end * block);
    return () => {
      const count = examplesIn(panel, batch.count);
      const { scratch } = binding;
      kernels.batchStatistics(x, rowBytes, height, width, pixelBytes, count, begin * block, last, result, scratch);
    };
  });
  const moved = thread === 0 ? placed.movingMean : 0;
  const combine = (): void => {
    kernels.batchCombine(
      statistics,
      stride,
      pixels,
      batch.count,
      channels,
      parameters.gamma?.kernel ?? 0,
      parameters.beta?.kernel ?? 0,
      epsilon,
      coefficients,
      moved,
      placed.movingVariance,
      momentum,
      Number(placed.unbiased),
    );
  };
  return [
    { work: measure, meet: true },
    { work: [combine, ...apply(placed, binding, coefficients)], meet: false },
  ];
}

function applyMoving(placed: PlacedBatchNormalization, binding: Binding): readonly Phase[] {
  const { kernels, scratch } = binding;
  const { gamma, beta } = placed.parameters;
  const { movingMean, movingVariance, channels, epsilon } = placed;
  const scale = gamma?.kernel ?? 0;
  const shift = beta?.kernel ?? 0;
  return alone(
    apply(placed, binding, scratch).map((instruction): Instruction => () => {
      kernels.movingCoefficients(movingMean, movingVariance, channels, scale, shift, epsilon, scratch);
      instruction();
    }),
  );
}

function apply(placed: PlacedBatchNormalization, binding: Binding, coefficients: number): readonly Instruction[] {
  const { kernels, buffers } = binding;
  const { channels, output } = placed;
  const input = placed.inputs[0]!;
  const from = buffers[input]!.values;
  const to = buffers[output]!.values;
  const rectify = Number(placed.rectify);
  return splitRows(binding, [from, to], channels, (panel, { rows, bytes, offset }) => {
    const x = binding.values(input, panel) + offset(from);
    const y = binding.values(output, panel) + offset(to);
    const width = bytes / from.pixelBytes;
    return () => {
      kernels.scaleRows(x, from.rowBytes, y, to.rowBytes, coefficients, rectify, rows, width, channels);
    };
  });
}

/** Sums channels [begin, end) of a panel. */
function summing(
  placed: PlacedBatchNormalization,
  binding: Binding,
  panel: number,
  begin: number,
  end: number,
): Instruction {
  const { kernels, batch, scratch } = binding;
  const { output, channels } = placed;
  const input = placed.inputs[0]!;
  const { gradients } = binding.buffers[output]!;
  const { values } = binding.buffers[input]!;
  const { height, width, pixelBytes } = values;
  const dy = binding.gradients(output, panel) + gradients.origin;
  const x = binding.values(input, panel) + values.origin;
  const coefficients = placed.coefficients[binding.thread]!;
  const result = placed.sums + panel * channels * channelBytes;
  return () => {
    kernels.batchGradientSums(
      dy,
      gradients.rowBytes,
      x,
      values.rowBytes,
      height,
      width,
      pixelBytes,
      examplesIn(panel, batch.count),
      begin,
      end,
      coefficients,
      result,
      scratch,
    );
  };
}

/** Combines the panels' sums; @param places of the terms and of the gradients of γ and β, 0: not wanted */
function combining(
  placed: PlacedBatchNormalization,
  { kernels, batch, panels, thread }: Binding,
): (terms: number, gammaGradient: number, betaGradient: number) => void {
  const { sums, channels, pixels } = placed;
  const coefficients = placed.coefficients[thread]!;
  return (...places) => {
    const n = batch.count * pixels;
    kernels.batchGradientCombine(sums, channels * channelBytes, panels, n, channels, coefficients, ...places);
  };
}

function backward(placed: PlacedBatchNormalization, binding: Binding): readonly Phase[] {
  const { kernels, buffers, batch, thread } = binding;
  const { channels, output } = placed;
  const input = placed.inputs[0]!;
  const target = placed.gradients[0];
  if (!target) return [];
  const sum = binding.split(Math.ceil(channels / block), (panel, begin, end) =>
    summing(placed, binding, panel, begin * block, Math.min(channels, end * block)),
  );
  const terms = placed.terms[thread]!;
  const combine = combining(placed, binding);
  const { gradients: to, values } = buffers[input]!;
  const from = buffers[output]!.gradients;
  const layouts = [values, ...layoutsOf(binding, target, input, output)];
  const hand = splitRows(binding, layouts, channels, (panel, part) => {
    const { rows, bytes, offset } = part;
    const { rectified, accumulate } = settling(binding, target, input, panel, part);
    const dy = binding.gradients(output, panel) + offset(from);
    const x = binding.values(input, panel) + offset(values);
    const dx = binding.gradients(input, panel) + offset(to);
    const width = bytes / to.pixelBytes;
    const images = [dy, from.rowBytes, x, values.rowBytes, dx, to.rowBytes, Number(rectified > 0), accumulate] as const;
    return () => {
      kernels.batchInputGradient(...images, examplesIn(panel, batch.count), terms, rows, width, channels);
    };
  });
  const prepare = (): void => {
    combine(terms, 0, 0);
  };
  return [
    { work: sum, meet: true },
    { work: [prepare, ...hand], meet: false },
  ];
}

function update(placed: PlacedBatchNormalization, binding: Binding): readonly Phase[] {
  const { panels, thread, threads } = binding;
  const { parameters, channels } = placed;
  if (!parameters.gamma && !parameters.beta) return [];
  const combine = combining(placed, binding);
  const move = updateScaleAndShift(parameters, channels, binding, (gamma, beta) => {
    combine(0, gamma, beta);
  });
  const last: Phase = { work: thread === 0 ? [move] : [], meet: false };
  if (placed.gradients[0]) return [last];
  // nobody wanted the input's gradient, so the sums are still to be made
  const [begin, end] = share(Math.ceil(channels / block), thread, threads);
  const bounds = [begin * block, Math.min(channels, end * block)] as const;
  const sum = Array.from({ length: panels }, (_, panel) => summing(placed, binding, panel, ...bounds));
  return [{ work: sum, meet: true }, last];
}

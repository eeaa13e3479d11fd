/** Layer normalisation over the channels of each pixel of each example. */
import type { LayerNormalizationOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { gradientBytes, placeScaleAndShift, type ScaleAndShift, updateScaleAndShift } from './normalizationParameters';
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
import { splitRows } from './rows';

export interface PlacedLayerNormalization extends Placement {
  readonly parameters: ScaleAndShift;
  readonly channels: number;
  readonly epsilon: number;
  /** [panel][row][channel] { f64 Σ dy · x̂, f64 Σ dy }; 0 where there is neither γ nor β. */
  readonly sums: number;
}

/** Two float64 for a channel. */
const sumBytes = 16;

export const layerNormalization: OperationKind<LayerNormalizationOp, PlacedLayerNormalization> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: 'own sums',
  keeps: () => ({ inputs: true, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place,
  forward,
  backward,
  update,
};

function place(op: LayerNormalizationOp, placement: Placement, site: Site): PlacedLayerNormalization {
  const { height, channels } = site.buffers[placement.inputs[0]!]!.values;
  site.scratch(Math.max(32 * channels, gradientBytes(channels)));
  const learns = op.gamma !== null || op.beta !== null;
  return {
    ...placement,
    parameters: placeScaleAndShift(op, site),
    channels,
    epsilon: op.epsilon,
    sums: learns ? site.allocate(site.panels * height * channels * sumBytes) : 0,
  };
}

function forward(placed: PlacedLayerNormalization, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { output, channels, epsilon } = placed;
  const input = placed.inputs[0]!;
  const gamma = placed.parameters.gamma?.kernel ?? 0;
  const beta = placed.parameters.beta?.kernel ?? 0;
  const from = buffers[input]!.values;
  const to = buffers[output]!.values;
  return alone(
    splitRows(binding, [from, to], channels, (panel, { rows, bytes, offset }) => {
      const x = binding.values(input, panel) + offset(from);
      const y = binding.values(output, panel) + offset(to);
      const width = bytes / from.pixelBytes;
      return () => {
        kernels.layerForward(x, from.rowBytes, y, to.rowBytes, gamma, beta, epsilon, rows, width, channels);
      };
    }),
  );
}

/** Image rows [begin, end) of a panel: the input's gradient where it is wanted, and the rows' sums for γ and β. */
function rowsBackward(
  placed: PlacedLayerNormalization,
  binding: Binding,
  panel: number,
  begin: number,
  end: number,
): Instruction {
  const { kernels, buffers, scratch } = binding;
  const { output, channels, epsilon } = placed;
  const input = placed.inputs[0]!;
  const target = placed.gradients[0];
  const gamma = placed.parameters.gamma?.kernel ?? 0;
  const { values, gradients: to } = buffers[input]!;
  const from = buffers[output]!.gradients;
  const dy = binding.gradients(output, panel) + from.origin + begin * from.rowBytes;
  const x = binding.values(input, panel) + values.origin + begin * values.rowBytes;
  const dx = target ? binding.gradients(input, panel) + to.origin + begin * to.rowBytes : 0;
  const sums = placed.sums ? placed.sums + (panel * values.height + begin) * channels * sumBytes : 0;
  const images = [dy, from.rowBytes, x, values.rowBytes, dx, to.rowBytes] as const;
  const settled = [Number(target?.rectify ?? false), Number(target?.accumulate ?? false)] as const;
  return () => {
    kernels.layerBackward(...images, ...settled, gamma, epsilon, sums, scratch, end - begin, values.width, channels);
  };
}

function backward(placed: PlacedLayerNormalization, binding: Binding): readonly Phase[] {
  if (!placed.gradients[0]) return [];
  const { height } = binding.buffers[placed.inputs[0]!]!.values;
  return alone(binding.split(height, (panel, begin, end) => rowsBackward(placed, binding, panel, begin, end)));
}

function update(placed: PlacedLayerNormalization, binding: Binding): readonly Phase[] {
  const { kernels, panels, thread, threads } = binding;
  const { parameters, channels, sums } = placed;
  if (sums === 0) return [];
  const { height } = binding.buffers[placed.inputs[0]!]!.values;
  const move = updateScaleAndShift(parameters, channels, binding, (gamma, beta) => {
    kernels.layerParameterGradients(sums, panels * height, channels, gamma, beta);
  });
  const last: Phase = { work: thread === 0 ? [move] : [], meet: false };
  if (placed.gradients[0]) return [last];
  // nobody wanted the input's gradient, so the sums are still to be made
  const [begin, end] = share(height, thread, threads);
  const sum = Array.from({ length: panels }, (_, panel) => rowsBackward(placed, binding, panel, begin, end));
  return [{ work: sum, meet: true }, last];
}

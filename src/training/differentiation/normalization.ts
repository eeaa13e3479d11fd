/** Batch and layer normalisation (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016). */
import type { BatchNormalizationOp, LayerNormalizationOp, ParameterId } from '../plan/plan';
import { addInto, type Context, type Dual, type Node, zeros } from './dual';

type Op = BatchNormalizationOp | LayerNormalizationOp;

/** Values [rows × width] in groups that are normalised together: columns are channels. */
interface Groups {
  readonly rows: number;
  readonly width: number;
  /** Whether a row is a group, as in layer normalisation; else a column is. */
  readonly byRow: boolean;
}

/** (x − mean) · inverse, of each group. */
interface Statistics {
  readonly mean: Dual;
  readonly inverse: Dual;
}

export function normalization(op: Op, x: Dual, context: Context): Node {
  const { plan, directed } = context;
  const width = plan.activations[op.output]!.shape.at(-1)!;
  const groups = { rows: x.value.length / width, width, byRow: op.kind === 'layer-normalization' };
  const own = op.kind === 'layer-normalization' || context.batchStatistics;
  const statistics = own ? ownStatistics(x, groups, op.epsilon) : movingStatistics(op, context);
  const optional = (id: ParameterId | null, value: number): Dual =>
    id === null ? { value: new Float64Array(width).fill(value), tangent: null } : context.parameter(id);
  const gamma = optional(op.gamma, 1);
  const beta = optional(op.beta, 0);
  const normal = normalized(x, statistics, groups, directed);
  return {
    output: scaled(normal, gamma, beta, groups, directed),
    backward: (dy, [wanted]) => {
      addScaleAndShift(op, dy, normal, groups, context);
      if (wanted !== true) return [null];
      const g = scaled(dy, gamma, null, groups, directed);
      return [own ? throughStatistics(g, normal, statistics.inverse, groups) : times(g, statistics.inverse, groups)];
    },
  };
}

/** Adds up values by group. */
function sums(values: Float64Array, others: Float64Array | null, { rows, width, byRow }: Groups): Float64Array {
  const result = new Float64Array(byRow ? rows : width);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < width; c++, i++) result[byRow ? r : c]! += others ? values[i]! * others[i]! : values[i]!;
  }
  return result;
}

function means(values: Float64Array, others: Float64Array | null, groups: Groups): Float64Array {
  const count = groups.byRow ? groups.width : groups.rows;
  return sums(values, others, groups).map(sum => sum / count);
}

function movingStatistics(op: Op, context: Context): Statistics {
  if (op.kind === 'layer-normalization') throw new Error(`${op.layer} has no moving statistics`);
  const variance = context.parameter(op.movingVariance).value;
  return {
    mean: { value: context.parameter(op.movingMean).value, tangent: null },
    inverse: { value: variance.map(value => 1 / Math.sqrt(value + op.epsilon)), tangent: null },
  };
}

function ownStatistics(x: Dual, groups: Groups, epsilon: number): Statistics {
  const { width, byRow } = groups;
  const mean = means(x.value, null, groups);
  const groupOf = (i: number): number => (byRow ? Math.floor(i / width) : i % width);
  const centred = x.value.map((value, i) => value - mean[groupOf(i)]!);
  const inverse = means(centred, centred, groups).map(variance => 1 / Math.sqrt(variance + epsilon));
  if (!x.tangent) return { mean: { value: mean, tangent: null }, inverse: { value: inverse, tangent: null } };
  // the variance moves by 2 · mean of (x − mean) · ẋ; the mean's own movement falls out of it
  const covariance = means(centred, x.tangent, groups);
  return {
    mean: { value: mean, tangent: means(x.tangent, null, groups) },
    inverse: { value: inverse, tangent: inverse.map((s, g) => -(s ** 3) * covariance[g]!) },
  };
}

function normalized(x: Dual, { mean, inverse }: Statistics, groups: Groups, directed: boolean): Dual {
  const { rows, width, byRow } = groups;
  const result = zeros(x.value.length, directed);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < width; c++, i++) {
      const g = byRow ? r : c;
      const centred = x.value[i]! - mean.value[g]!;
      result.value[i] = centred * inverse.value[g]!;
      if (!result.tangent || !x.tangent) continue;
      result.tangent[i] =
        (x.tangent[i]! - (mean.tangent?.[g] ?? 0)) * inverse.value[g]! + centred * (inverse.tangent?.[g] ?? 0);
    }
  }
  return result;
}

/** x · gamma + beta by channel; beta null: nothing. */
function scaled(x: Dual, gamma: Dual, beta: Dual | null, { rows, width }: Groups, directed: boolean): Dual {
  const result = zeros(x.value.length, directed);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < width; c++, i++) {
      result.value[i] = x.value[i]! * gamma.value[c]! + (beta ? beta.value[c]! : 0);
      if (!result.tangent) continue;
      const scale = gamma.tangent ? gamma.tangent[c]! : 0;
      const shift = beta?.tangent ? beta.tangent[c]! : 0;
      result.tangent[i] = (x.tangent ? x.tangent[i]! * gamma.value[c]! : 0) + x.value[i]! * scale + shift;
    }
  }
  return result;
}

/** Where the statistics are fixed: each value times its group's inverse deviation. */
function times(g: Dual, inverse: Dual, { width }: Groups): Dual {
  const by = (values: Float64Array): Float64Array => values.map((value, i) => value * inverse.value[i % width]!);
  return { value: by(g.value), tangent: g.tangent && by(g.tangent) };
}

/** inverse · (g − mean of g − normal · mean of g · normal) of each group, and its tangent. */
function throughStatistics(g: Dual, normal: Dual, inverse: Dual, groups: Groups): Dual {
  const { rows, width, byRow } = groups;
  const mean = means(g.value, null, groups);
  const along = means(g.value, normal.value, groups);
  const result = zeros(g.value.length, g.tangent !== null);
  const meanMoves = g.tangent && means(g.tangent, null, groups);
  const alongMoves = g.tangent && means(g.tangent, normal.value, groups);
  if (alongMoves && normal.tangent) addInto(alongMoves, means(g.value, normal.tangent, groups));
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < width; c++, i++) {
      const k = byRow ? r : c;
      const inner = g.value[i]! - mean[k]! - normal.value[i]! * along[k]!;
      result.value[i] = inverse.value[k]! * inner;
      if (!result.tangent) continue;
      const normalMoves = normal.tangent ? normal.tangent[i]! * along[k]! : 0;
      const innerMoves = g.tangent![i]! - meanMoves![k]! - normalMoves - normal.value[i]! * alongMoves![k]!;
      result.tangent[i] = (inverse.tangent?.[k] ?? 0) * inner + inverse.value[k]! * innerMoves;
    }
  }
  return result;
}

function addScaleAndShift(op: Op, dy: Dual, normal: Dual, { rows, width }: Groups, context: Context): void {
  const channels = { rows, width, byRow: false };
  const scale = op.gamma === null ? null : context.gradient(op.gamma);
  const shift = op.beta === null ? null : context.gradient(op.beta);
  const moving = dy.tangent ?? dy.value;
  if (shift) addInto(shift, sums(moving, null, channels));
  if (!scale) return;
  addInto(scale, sums(moving, normal.value, channels));
  if (dy.tangent && normal.tangent) addInto(scale, sums(dy.value, normal.tangent, channels));
}

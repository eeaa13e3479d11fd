/** Rescalings of a model's input by constants, which the standardisation of its data takes in. */
import type { DataSet } from '../../data/dataset';
import type { Plan, Rescaling } from './plan';

/** `second` after `first`. */
export function composed(first: Rescaling | undefined, second: Rescaling): Rescaling {
  if (first === undefined) return second;
  const channels = Math.max(first.scale.length, second.scale.length);
  const at = (values: readonly number[], i: number): number => values[i % values.length]!;
  const each = (value: (i: number) => number): number[] => Array.from({ length: channels }, (_, i) => value(i));
  return {
    scale: each(i => at(first.scale, i) * at(second.scale, i)),
    offset: each(i => at(first.offset, i) * at(second.scale, i) + at(second.offset, i)),
  };
}

/** The data as the ops of the plan take it: ((x − mean) / std) · scale + offset is (x − mean′) / std′. */
export function rescaleData(data: DataSet, { rescaling }: Pick<Plan, 'rescaling'>): DataSet {
  if (rescaling === undefined) return data;
  const of = (values: readonly number[], i: number): number => values[i % values.length]!;
  const channels = Math.max(data.mean.length, data.std.length, rescaling.scale.length);
  const each = (value: (i: number) => number): number[] => Array.from({ length: channels }, (_, i) => value(i));
  const std = each(i => of(data.std, i) / of(rescaling.scale, i));
  return { ...data, mean: each(i => of(data.mean, i) - of(rescaling.offset, i) * std[i]!), std };
}

/**
 * The three conditions of a winning ticket, each judged at one level with its numbers. Over replicates; where there is
 * only one, its standard deviation is unknown, and the tolerance of the quality stands in for it.
 */
import { formatCount } from '../shared/format';
import type { Quality } from '../shared/quality';
import type { Reason, ReportPoint, Statistic } from '../shared/report';

export const controls = ['random-reinit', 'random-mask'] as const;
export type Control = (typeof controls)[number];

/** In the words of someone who has not read the paper. */
export const controlMeaning: Readonly<Record<Control, string>> = {
  'random-reinit': 'fresh weights under the same mask',
  'random-mask': 'the same density at random',
};

/** Absorbs the last bit of a float: 0.98 − 0.002 is not exactly 0.978. */
const rounding = 1e-9;

/** (a) Mean test accuracy, or R², at least that of the dense network minus one of its standard deviations. */
export function qualityCondition(quality: Quality, ticket: ReportPoint, dense: ReportPoint): Reason {
  const [own, reference] = [quality.of(ticket), quality.of(dense)];
  const margin = spread(quality, reference);
  const met = own.mean >= reference.mean - margin - rounding;
  const limit = quality.formatMargin(margin);
  const basis = reference.values.length > 1 ? `one standard deviation, ${limit}` : `a tolerance of ${limit}`;
  return {
    met,
    text:
      `${quality.title}: ${quality.formatStatistic(own)} against ` +
      `${quality.formatStatistic(reference)} dense; ${met ? 'within' : 'lower by more than'} ${basis}.`,
  };
}

/** (b) Lowest validation loss in no more steps than the dense network; null where there is no validation data. */
export function speedCondition(ticket: ReportPoint, dense: ReportPoint): Reason | null {
  if (ticket.earlyStopStep.values.length === 0 || dense.earlyStopStep.values.length === 0) return null;
  const [own, reference] = [ticket.earlyStopStep.mean, dense.earlyStopStep.mean];
  return {
    met: own <= reference + rounding,
    text: `Speed: lowest validation loss at step ${formatCount(own)}, dense at ${formatCount(reference)}; ${stops(ticket, dense)!}.`,
  };
}

/** "stops 31 % earlier", "stops at the same step"; null where it was not measured. */
export function stops(ticket: ReportPoint, dense: ReportPoint): string | null {
  if (ticket.earlyStopStep.values.length === 0 || dense.earlyStopStep.values.length === 0) return null;
  const [own, reference] = [ticket.earlyStopStep.mean, dense.earlyStopStep.mean];
  if (Math.abs(own - reference) <= rounding) return 'stops at the same step';
  const direction = own < reference ? 'earlier' : 'later';
  if (reference === 0) return `stops ${direction}`;
  const percent = Math.abs(100 * (1 - own / reference));
  return `stops ${percent < 1 ? 'less than 1' : percent.toFixed(0)} % ${direction}`;
}

/** (c) for one control: better by more than the control's standard deviation. */
export function controlCondition(
  quality: Quality,
  ticket: ReportPoint,
  control: Control,
  point: ReportPoint | undefined,
): Reason {
  if (!point) {
    return {
      met: false,
      open: true,
      text: `Chance: no result of ${control} (${controlMeaning[control]}) at this level.`,
    };
  }
  const [own, other] = [quality.of(ticket), quality.of(point)];
  const margin = spread(quality, other);
  const met = own.mean - other.mean > margin + rounding;
  return {
    met,
    text:
      `Chance: ${quality.formatStatistic(own)} against ` +
      `${quality.formatStatistic(other)} of ${control} (${controlMeaning[control]}); ` +
      `${met ? 'better by more than' : 'not better by more than'} ${quality.formatMargin(margin)}.`,
  };
}

function spread({ tolerance }: Quality, { values, std }: Statistic): number {
  return values.length > 1 ? std : tolerance;
}

/**
 * The three conditions of a winning ticket, each judged at one level with its numbers. Over replicates; where there is
 * only one, its standard deviation is unknown, and `tolerance` stands in for it.
 */
import { formatAccuracyStatistic, formatCount } from '../shared/format';
import type { Reason, ReportPoint, Statistic } from '../shared/report';

/** 0.2 percentage points: what one standard deviation is taken to be where there is only one replicate. */
export const tolerance = 0.002;

export const controls = ['random-reinit', 'random-mask'] as const;
export type Control = (typeof controls)[number];

/** In the words of someone who has not read the paper. */
export const controlMeaning: Readonly<Record<Control, string>> = {
  'random-reinit': 'fresh weights under the same mask',
  'random-mask': 'the same density at random',
};

/** Absorbs the last bit of a float: 0.98 − 0.002 is not exactly 0.978. */
const rounding = 1e-9;

/** (a) Mean test accuracy at least that of the dense network minus one of its standard deviations. */
export function accuracyCondition(ticket: ReportPoint, dense: ReportPoint): Reason {
  const margin = spread(dense.testAccuracy);
  const met = ticket.testAccuracy.mean >= dense.testAccuracy.mean - margin - rounding;
  const limit = `${(margin * 100).toFixed(2)} percentage points`;
  const basis = dense.testAccuracy.values.length > 1 ? `one standard deviation, ${limit}` : `a tolerance of ${limit}`;
  return {
    met,
    text:
      `Accuracy: ${formatAccuracyStatistic(ticket.testAccuracy)} against ` +
      `${formatAccuracyStatistic(dense.testAccuracy)} dense; ${met ? 'within' : 'lower by more than'} ${basis}.`,
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
export function controlCondition(ticket: ReportPoint, control: Control, point: ReportPoint | undefined): Reason {
  if (!point) {
    return {
      met: false,
      open: true,
      text: `Chance: no result of ${control} (${controlMeaning[control]}) at this level.`,
    };
  }
  const margin = spread(point.testAccuracy);
  const met = ticket.testAccuracy.mean - point.testAccuracy.mean > margin + rounding;
  return {
    met,
    text:
      `Chance: ${formatAccuracyStatistic(ticket.testAccuracy)} against ` +
      `${formatAccuracyStatistic(point.testAccuracy)} of ${control} (${controlMeaning[control]}); ` +
      `${met ? 'better by more than' : 'not better by more than'} ${(margin * 100).toFixed(2)} percentage points.`,
  };
}

function spread(accuracy: Statistic): number {
  return accuracy.values.length > 1 ? accuracy.std : tolerance;
}

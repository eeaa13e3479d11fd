/**
 * Is there a winning ticket? A level wins if, over its replicates,
 * (a) its mean test accuracy (of a regression, here and below, test R²) is at least the dense mean minus one dense
 *     standard deviation,
 * (b) it reaches its lowest validation loss in no more steps than dense (left out, and said so, without validation data),
 * (c) it beats random-reinit and random-mask at that level by more than their standard deviation.
 * With one replicate a deviation is unknown: 0.2 percentage points, or 0.002 of R², take its place in (a) and (c).
 * The verdict is the sparsest such level. Without both controls there is none: it is not shown to be better than chance.
 */
import type { Comparison } from '../shared/compareConfig';
import { formatCount, formatShare } from '../shared/format';
import type { Quality } from '../shared/quality';
import type { Method, Reason, ReportPoint, ReportSeries, Verdict } from '../shared/report';
import {
  qualityCondition,
  controlCondition,
  controlMeaning,
  controls,
  speedCondition,
  stops,
  type Control,
} from './conditions';

export interface VerdictInput {
  readonly quality: Quality;
  readonly series: readonly ReportSeries[];
  /** Comparisons the experiment asks for. */
  readonly compare: readonly Comparison[];
  /** Pruning levels planned. */
  readonly levels: number;
  /** More results are still to come. */
  readonly running: boolean;
}

interface Judged {
  readonly point: ReportPoint;
  readonly quality: Reason;
  readonly speed: Reason | null;
  readonly chance: readonly Reason[];
}

export function verdict(input: VerdictInput): Verdict {
  const [dense, ...tickets] = pointsOf(input, 'iterative');
  if (dense?.level !== 0) {
    const summary = input.running
      ? 'No result so far: the dense network is not trained yet.'
      : 'No result: the dense network was not trained.';
    return nothingFound(summary, [], []);
  }
  if (tickets.length === 0) return denseOnly(input, dense);
  const judged = tickets.map(point => judge(input, point, dense));
  const levels = judged.map(level => ({ level: level.point.level, reasons: reasonsOf(level) }));
  const winners = judged.filter(level => reasonsOf(level).every(({ met }) => met));
  const winner = sparsest(winners);
  const missing = controls.filter(control => !input.compare.includes(control));
  const found = winner ? winning(input, winner, dense) : notWinning(input, judged, dense, missing);
  return { ...found, levels };
}

type WithoutLevels = Omit<Verdict, 'levels'>;

function judge(input: VerdictInput, point: ReportPoint, dense: ReportPoint): Judged {
  return {
    point,
    quality: qualityCondition(input.quality, point, dense),
    speed: speedCondition(point, dense),
    chance: controls.map(control =>
      controlCondition(input.quality, point, control, controlPoint(input, control, point.level)),
    ),
  };
}

function reasonsOf({ quality, speed, chance }: Judged): Reason[] {
  return [quality, ...(speed ? [speed] : []), ...chance];
}

function winning(input: VerdictInput, level: Judged, dense: ReportPoint): WithoutLevels {
  const { point } = level;
  const { of, formatStatistic } = input.quality;
  const chance = controls.map(
    control => `${controlMeaning[control]} ${formatStatistic(of(controlPoint(input, control, point.level)!))}`,
  );
  return {
    found: true,
    level: point.level,
    sparsity: point.sparsity,
    summary: `Winning ticket${soFar(input)} ${comparison(input, point, dense)}.`,
    reasons: [`Not luck: ${chance.join(', ')}.`, ...metReasons(level)],
  };
}

/** Says how near the nearest level came, and what it lacks. */
function notWinning(
  input: VerdictInput,
  judged: readonly Judged[],
  dense: ReportPoint,
  missing: readonly Control[],
): WithoutLevels {
  const { of, formatStatistic, comparative } = input.quality;
  const candidate = sparsest(judged.filter(({ quality, speed }) => quality.met && speed?.met !== false));
  if (!candidate) {
    const best = judged.reduce((a, b) => (of(b.point).mean > of(a.point).mean ? b : a));
    const summary =
      `No winning ticket${soFar(input)}: no pruned level is ${comparative} the dense network ` +
      `(${formatStatistic(of(dense))}) and learns as fast. The best, at ` +
      `${formatShare(1 - best.point.sparsity)} of the weights, has ${formatStatistic(of(best.point))}.`;
    const unmet = reasonsOf(best).filter(({ met }) => !met);
    return {
      ...noWinner,
      summary,
      reasons: [...unmet.map(({ text }) => text), ...chanceGap(missing)],
      ...adviceFor(missing),
    };
  }
  const { point } = candidate;
  const untested = controls.filter(control => !controlPoint(input, control, point.level));
  if (untested.length > 0) {
    return {
      ...noWinner,
      summary: `Candidate${soFar(input)} ${comparison(input, point, dense)}; not shown to be better than chance.`,
      reasons: [
        ...metReasons(candidate),
        ...(missing.length > 0 ? chanceGap(missing) : [openControls(input, untested)]),
      ],
      ...adviceFor(missing),
    };
  }
  return {
    ...noWinner,
    summary:
      `No winning ticket${soFar(input)}: at ${formatShare(1 - point.sparsity)} of the weights the network is as good as ` +
      `the dense one (${formatStatistic(of(point))}), but not better than chance.`,
    reasons: [...candidate.chance.map(({ text }) => text), ...metReasons(candidate)],
  };
}

function metReasons({ quality, speed }: Judged): string[] {
  return [quality.text, speed?.text ?? 'Speed: not measured, because there is no validation data.'];
}

function chanceGap(missing: readonly Control[]): string[] {
  return missing.length === 0 ? [] : [`Chance: not shown to be better than chance; add ${missing.join(' and ')}.`];
}

function openControls(input: VerdictInput, untested: readonly Control[]): string {
  const state = input.running ? 'still to come' : 'failed or was not run';
  return `Chance: not shown to be better than chance; ${untested.join(' and ')} at this level ${state}.`;
}

function adviceFor(missing: readonly Control[]): { advice?: string } {
  if (missing.length === 0) return {};
  return { advice: `Add ${missing.join(' and ')} to "compare" and run again: only they are computed.` };
}

function denseOnly(input: VerdictInput, dense: ReportPoint): Verdict {
  const { of, phrase } = input.quality;
  const measured = `${phrase(of(dense))} with all ${formatCount(dense.total)} weights`;
  if (input.levels === 0) {
    return nothingFound(`Dense network: ${measured}.`, ['No pruning level was asked for: set pruning.levels.'], []);
  }
  const waiting = input.running
    ? `Level 1 of ${formatCount(input.levels)} is still to come.`
    : 'No pruned level was trained.';
  return nothingFound(`No winning ticket${soFar(input)}: the dense network has ${measured}.`, [waiting], []);
}

const noWinner = { found: false, level: 0, sparsity: 0 } as const;

function nothingFound(summary: string, reasons: readonly string[], levels: Verdict['levels']): Verdict {
  return { ...noWinner, summary, reasons, levels };
}

/** "at 3.5 % of the weights: 98.27 ± 0.05 % test accuracy, dense 97.95 ± 0.12 %; stops 31 % earlier" */
function comparison({ quality }: VerdictInput, point: ReportPoint, dense: ReportPoint): string {
  const stop = stops(point, dense);
  return (
    `at ${formatShare(1 - point.sparsity)} of the weights: ${quality.phrase(quality.of(point))}, ` +
    `dense ${quality.formatStatistic(quality.of(dense))}${stop === null ? '' : `; ${stop}`}`
  );
}

function soFar({ running }: VerdictInput): string {
  return running ? ' so far' : '';
}

function sparsest(levels: readonly Judged[]): Judged | undefined {
  return levels.reduce<Judged | undefined>(
    (best, level) => (best && best.point.kept <= level.point.kept ? best : level),
    undefined,
  );
}

function pointsOf({ series }: VerdictInput, method: Method): readonly ReportPoint[] {
  return series.find(one => one.method === method)?.points ?? [];
}

function controlPoint(input: VerdictInput, control: Control, level: number): ReportPoint | undefined {
  return pointsOf(input, control).find(point => point.level === level);
}

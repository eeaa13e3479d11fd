/** Linear mode connectivity and the rewind sweep, from a report to charts. Pure. */
import { capitalised, formatCount, formatShare, plural } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { Report, ReportPoint } from '../../src/shared/report';
import { stableBarrier, type Stability, type SweepSeries } from '../../src/shared/studies';
import type { LinesChart } from '../charts/content';
import { lookAt } from '../charts/looks';
import type { PlotPoint, TableModel } from '../charts/model';
import {
  densityPosition,
  densityTicks,
  linearTicks,
  niceRange,
  percentTick,
  type Range,
  type Tick,
} from '../charts/scales';
import { densePoint, qualityTick } from './overviewModel';
import { density } from './places';

const nameOf = (report: Report): string => report.experiment.name;
const stepText = (step: number): string => `step ${formatCount(step)}`;

/** "3.21 ± 0.12 %" of an error, 0 to 1; one value has no deviation. */
export function formatError({ y, spread }: PlotPoint): string {
  return spread === 0 ? `${(y * 100).toFixed(2)} %` : `${(y * 100).toFixed(2)} ± ${(spread * 100).toFixed(2)} %`;
}

/** Levels that were looked at, dense first. */
export function stabilityLevels(report: Report): readonly number[] {
  return [...new Set((report.stability ?? []).map(({ level }) => level))].sort((a, b) => a - b);
}

/** Parting first where it has two at one step: masks of several rewind steps. */
const lineName = ({ at, rewind }: Stability): string =>
  rewind === undefined || rewind === at
    ? `parted at ${stepText(at)}`
    : `parted at ${stepText(at)}, rewound to ${formatCount(rewind)}`;

/** Error on the line between two networks, for each step at which they part. */
export function pathChart(report: Report, level: number): LinesChart {
  const studies = (report.stability ?? []).filter(study => study.level === level);
  const lines = studies.map((study, index) => ({
    id: `${study.at}/${study.rewind ?? ''}`,
    look: lookAt(index),
    label: lineName(study),
    title: `Two networks that see their data in different orders from ${stepText(study.at)} on; barrier ${barrierText(study)}.`,
    points: study.path.map(({ alpha, testError }) => ({ x: alpha, y: testError.mean, spread: testError.std })),
  }));
  const ends: Range = { min: 0, max: 1 };
  return {
    title: `${nameOf(report)}: error between two ${levelName(level)}`,
    lines,
    x: {
      range: { min: -0.02, max: 1.02 },
      title: 'from one network to the other',
      ticks: pixels => linearTicks(ends, pixels / 90, percentTick),
    },
    y: shown =>
      errorAxis(
        'test error',
        shown.flatMap(line => line.points),
      ),
    place: alpha => `${(alpha * 100).toFixed(0)} % of the way`,
    value: formatError,
    resting: 0.5,
    column: 'on the way',
  };
}

const levelName = (level: number): string => (level === 0 ? 'dense networks' : `tickets of level ${level}`);

function errorAxis(title: string, points: readonly PlotPoint[]): LinesChart['x'] {
  const values = points.flatMap(point => [point.y - point.spread, point.y + point.spread]);
  const range = niceRange(values, 0.01, { min: Number.NEGATIVE_INFINITY, max: 1 });
  return { range, title, ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), percentTick) };
}

/** Square roots of steps: the points that matter lie close together at the start. */
function stepAxis(steps: readonly number[], title: string): LinesChart['x'] {
  const last = Math.sqrt(Math.max(1, ...steps));
  const ticks: readonly Tick[] = [...new Set(steps)].map(step => ({ at: Math.sqrt(step), label: formatCount(step) }));
  return {
    range: { min: -0.03 * last, max: 1.03 * last },
    title,
    ticks: pixels => thinned(ticks, ((1.06 * last) / pixels) * 40),
    value: at => at ** 2,
  };
}

function thinned(ticks: readonly Tick[], gap: number): readonly Tick[] {
  let last = Number.NEGATIVE_INFINITY;
  return [...ticks]
    .sort((a, b) => a.at - b.at)
    .filter(tick => {
      if (tick.at - last < gap) return false;
      last = tick.at;
      return true;
    });
}

/** Barrier against the step of parting, a line a level. */
export function barrierChart(report: Report): LinesChart {
  const studies = report.stability ?? [];
  const lines = stabilityLevels(report).map((level, index) => ({
    id: String(level),
    look: lookAt(index),
    label: level === 0 ? 'dense' : `level ${level}`,
    points: studies
      .filter(study => study.level === level)
      .map(({ at, barrier }) => ({ x: Math.sqrt(at), y: barrier.mean, spread: barrier.std }))
      .sort((a, b) => a.x - b.x),
  }));
  return {
    title: `${nameOf(report)}: barrier by the step at which two networks part`,
    lines,
    x: stepAxis(
      studies.map(({ at }) => at),
      'step at which they part (square-root scale)',
    ),
    y: shown => errorAxis('barrier', [...shown.flatMap(line => line.points), { x: 0, y: stableBarrier, spread: 0 }]),
    reference: { y: stableBarrier, spread: 0, label: 'stable below' },
    place: at => `parted at ${stepText(Math.round(at ** 2))}`,
    value: formatError,
    column: 'parted',
  };
}

const barrierText = ({ barrier, stable }: Stability): string =>
  `${formatError({ x: 0, y: barrier.mean, spread: barrier.std })}: ${stable ? 'stable' : 'not stable'}`;

/** Everything at once, for those who read numbers. */
export function barrierTable(report: Report): TableModel {
  return {
    caption: 'Barriers',
    columns: ['networks', 'part at step', 'barrier', 'highest error', 'error of the ends', ''],
    rows: (report.stability ?? []).map(study => {
      const errors = study.path.map(({ testError }) => testError.mean);
      const ends = ((errors[0] ?? 0) + (errors.at(-1) ?? 0)) / 2;
      return [
        study.level === 0 ? 'dense' : `level ${study.level}`,
        formatCount(study.at),
        formatError({ x: 0, y: study.barrier.mean, spread: study.barrier.std }),
        formatError({ x: 0, y: errors.length === 0 ? Number.NaN : Math.max(...errors), spread: 0 }),
        formatError({ x: 0, y: ends, spread: 0 }),
        study.stable ? 'stable' : 'not stable',
      ];
    }),
  };
}

/** Accuracy, or R², at each level for each rewind step. */
export function sweepChart(report: Report): LinesChart {
  const quality = qualityOf(report);
  const sweep = report.sweep ?? [];
  const dense = densePoint(report);
  return {
    title: `${nameOf(report)}: ${quality.name} by rewind step`,
    lines: sweep.map(({ rewind, points }, index) => ({
      id: String(rewind),
      look: lookAt(index),
      label: rewind === 0 ? 'to step 0' : `to ${stepText(rewind)}`,
      title: `Tickets rewound to ${stepText(rewind)}${rewind === 0 ? ': their first weights' : ''}.`,
      points: qualityPoints(points, quality.of),
    })),
    ...densityChart(
      report,
      sweep.flatMap(({ points }) => points),
    ),
    ...(dense && {
      reference: { y: quality.of(dense).mean, spread: quality.of(dense).std, label: 'dense' },
    }),
  };
}

export function qualityPoints(
  points: readonly ReportPoint[],
  of: (point: ReportPoint) => { readonly mean: number; readonly std: number },
): readonly PlotPoint[] {
  return points
    .map(point => ({ x: densityPosition(density(point)), y: of(point).mean, spread: of(point).std }))
    .filter(point => Number.isFinite(point.x) && Number.isFinite(point.y))
    .sort((a, b) => a.x - b.x);
}

/** Axes of a chart of accuracy, or R², against weights remaining. */
export function densityChart(
  report: Pick<Report, 'task'>,
  points: readonly ReportPoint[],
): Pick<LinesChart, 'x' | 'y' | 'place' | 'value' | 'column'> {
  const quality = qualityOf(report);
  const least = Math.min(0.95, ...points.map(density).filter(share => share > 0));
  const depth = densityPosition(least);
  return {
    x: {
      range: { min: -0.03 * depth, max: 1.03 * depth },
      title: 'weights remaining',
      ticks: pixels => densityTicks(least * 0.97, Math.floor(pixels / 46)),
      value: at => 10 ** -at,
    },
    y: shown => {
      const ys = shown.flatMap(line => line.points.flatMap(({ y, spread }) => [y - spread, y + spread]));
      const range = niceRange(ys, 0.015, { min: quality.lowest, max: 1 });
      return {
        range,
        title: quality.name,
        ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), qualityTick(report)),
      };
    },
    place: at => `${formatShare(10 ** -at)} remaining`,
    value: ({ y, spread }) =>
      quality.formatStatistic({ mean: y, std: spread, values: spread === 0 ? [y] : [y - spread, y + spread] }),
    column: 'remaining',
  };
}

export function sweepTable(report: Report, sweep: readonly SweepSeries[]): TableModel {
  const quality = qualityOf(report);
  const levels = [...new Set(sweep.flatMap(({ points }) => points.map(point => point.level)))].sort((a, b) => a - b);
  return {
    caption: `${capitalised(quality.name)} at each level, by rewind step`,
    columns: ['level', 'remaining', ...sweep.map(({ rewind }) => `to ${formatCount(rewind)}`)],
    rows: levels.map(level => {
      const points = sweep.map(series => series.points.find(point => point.level === level));
      const first = points.find(point => point !== undefined);
      return [
        String(level),
        first ? formatShare(density(first)) : '–',
        ...points.map(point => (point ? quality.formatStatistic(quality.of(point)) : '–')),
      ];
    }),
  };
}

/** "4 of 6 pairs are stable" */
export function stabilityAside(report: Report): string {
  const studies = report.stability ?? [];
  const stable = studies.filter(study => study.stable).length;
  return studies.length === 0 ? '' : `${formatCount(stable)} of ${plural(studies.length, 'pair')} stable`;
}

/** From a report to the rows of the rounds table. Pure. */
import { formatCount, formatSeconds, formatShare, methodNames } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { Method, Progress, Report, ReportPoint, ReportRun, RunStatus } from '../../src/shared/report';
import { densePoint } from './overviewModel';
import { density, methodsOf, placesOf, pointAt, type Place } from './places';

export interface RoundRow {
  /** Of the place. */
  readonly id: number;
  /** null at a target that only comparisons have. */
  readonly level: number | null;
  /** kept / total; null before it was measured. */
  readonly density: number | null;
  readonly remaining: string;
  readonly kept: string;
  readonly test: string;
  /** From dense, in percentage points of accuracy or in R², and whether that is up or down. */
  readonly difference: string;
  readonly sign: -1 | 0 | 1;
  readonly earlyStop: string;
  readonly time: string;
  /** Test accuracy, or R², of each method compared with. */
  readonly compared: readonly { readonly method: Method; readonly text: string }[];
  readonly state: 'waiting' | 'running' | 'measured' | 'failed';
  /** What is at work at this level, in words: "iterative, step 2,000 of 5,000; one-shot"; empty where nothing is. */
  readonly working: string;
  /** The level of the verdict. */
  readonly winner: boolean;
}

const pending = '';

export function roundRows(report: Report, progress: Progress | null): readonly RoundRow[] {
  const quality = qualityOf(report);
  const dense = densePoint(report);
  return placesOf(report).map(place => {
    const { id, level } = place;
    const point = pointAt(report, 'iterative', place);
    const first = methodsOf(report).flatMap(method => pointAt(report, method, place) ?? [])[0];
    const state = stateOf(report, place, point, progress);
    const difference = point && dense ? quality.of(point).mean - quality.of(dense).mean : 0;
    return {
      id,
      level,
      density: first ? density(first) : null,
      remaining: first ? formatShare(density(first)) : level === null ? formatShare(place.density) : pending,
      kept: first ? formatCount(first.kept) : pending,
      test: point ? quality.formatStatistic(quality.of(point)) : stateText(state, level, progress),
      difference: point ? (level === 0 ? '–' : quality.formatDifference(difference)) : pending,
      sign: Math.abs(difference) < 0.00005 ? 0 : difference > 0 ? 1 : -1,
      earlyStop: point ? formatCount(point.earlyStopStep.mean) : pending,
      time: point ? formatSeconds(point.seconds.mean) : pending,
      compared: methodsOf(report)
        .slice(1)
        .map(method => {
          const other = pointAt(report, method, place);
          // At level 0 every method is the dense network.
          return {
            method,
            text:
              other && level !== 0 ? quality.formatStatistic(quality.of(other)) : comparedState(report, method, place),
          };
        }),
      state,
      working: workingAt(report, place, progress),
      winner: report.verdict.found && report.verdict.level === level,
    };
  });
}

function runsAt(report: Report, method: Method, place: Place): readonly ReportRun[] {
  const level = place.levels.get(method);
  return report.runs.filter(run => !run.study && run.method === method && run.level === level);
}

function statuses(report: Report, method: Method, place: Place): readonly RunStatus[] {
  return runsAt(report, method, place).map(run => run.status);
}

function stateOf(
  report: Report,
  place: Place,
  point: ReportPoint | undefined,
  progress: Progress | null,
): RoundRow['state'] {
  if (point) return 'measured';
  const all = runsAt(report, 'iterative', place);
  const key = progress?.run?.key;
  if (all.some(run => run.status === 'running' || run.key === key)) return 'running';
  return all.some(run => run.status === 'failed') ? 'failed' : 'waiting';
}

/** Reports come after runs, progress within them: a run is at work where either says so. */
function workingAt(report: Report, place: Place, progress: Progress | null): string {
  if (!progress) return '';
  const { run } = progress;
  return methodsOf(report)
    .flatMap(method => runsAt(report, method, place))
    .filter(one => one.status === 'running' || one.key === run?.key)
    .map(one => {
      const steps = one.key === run?.key ? `, step ${formatCount(run.step)} of ${formatCount(run.steps)}` : '';
      return `${place.level === 0 ? 'dense' : methodNames[one.method]}${steps}`;
    })
    .join('; ');
}

function stateText(state: RoundRow['state'], level: number | null, progress: Progress | null): string {
  if (state === 'failed') return 'failed';
  if (state !== 'running') return pending;
  const run = progress?.run;
  return run?.method === 'iterative' && run.level === level
    ? `step ${formatCount(run.step)} of ${formatCount(run.steps)}`
    : 'training';
}

function comparedState(report: Report, method: Method, place: Place): string {
  if (place.level === 0) return pending;
  const all = statuses(report, method, place);
  if (all.includes('running')) return 'training';
  return all.includes('failed') ? 'failed' : pending;
}

/** From a report to the rows of the rounds table. Pure. */
import { formatCount, formatSeconds, formatShare, methodNames } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { Method, Progress, Report, ReportPoint, RunStatus } from '../../src/shared/report';
import { density, densePoint, levelsOf, pointOf } from './overviewModel';

export interface RoundRow {
  readonly level: number;
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
  return levelsOf(report).map(level => {
    const point = pointOf(report, 'iterative', level);
    const state = stateOf(report, level, point, progress);
    const difference = point && dense ? quality.of(point).mean - quality.of(dense).mean : 0;
    return {
      level,
      density: point ? density(point) : null,
      remaining: point ? formatShare(density(point)) : pending,
      kept: point ? formatCount(point.kept) : pending,
      test: point ? quality.formatStatistic(quality.of(point)) : stateText(state, level, progress),
      difference: point ? (level === 0 ? '–' : quality.formatDifference(difference)) : pending,
      sign: Math.abs(difference) < 0.00005 ? 0 : difference > 0 ? 1 : -1,
      earlyStop: point ? formatCount(point.earlyStopStep.mean) : pending,
      time: point ? formatSeconds(point.seconds.mean) : pending,
      compared: report.experiment.compare.map(method => {
        const other = pointOf(report, method, level);
        // At level 0 every method is the dense network.
        return {
          method,
          text: other && level > 0 ? quality.formatStatistic(quality.of(other)) : comparedState(report, method, level),
        };
      }),
      state,
      working: workingAt(report, level, progress),
      winner: report.verdict.found && report.verdict.level === level,
    };
  });
}

function statuses(report: Report, method: Method, level: number): readonly RunStatus[] {
  return report.runs.filter(run => run.method === method && run.level === level).map(run => run.status);
}

function stateOf(
  report: Report,
  level: number,
  point: ReportPoint | undefined,
  progress: Progress | null,
): RoundRow['state'] {
  if (point) return 'measured';
  const all = statuses(report, 'iterative', level);
  const run = progress?.run;
  if (all.includes('running') || (run?.method === 'iterative' && run.level === level)) return 'running';
  return all.includes('failed') ? 'failed' : 'waiting';
}

/** Reports come after runs, progress within them: a run is at work where either says so. */
function workingAt(report: Report, level: number, progress: Progress | null): string {
  if (!progress) return '';
  const { run } = progress;
  return report.runs
    .filter(one => one.level === level && (one.status === 'running' || one.key === run?.key))
    .map(one => {
      const steps = one.key === run?.key ? `, step ${formatCount(run.step)} of ${formatCount(run.steps)}` : '';
      return `${level === 0 ? 'dense' : methodNames[one.method]}${steps}`;
    })
    .join('; ');
}

function stateText(state: RoundRow['state'], level: number, progress: Progress | null): string {
  if (state === 'failed') return 'failed';
  if (state !== 'running') return pending;
  const run = progress?.run;
  return run?.method === 'iterative' && run.level === level
    ? `step ${formatCount(run.step)} of ${formatCount(run.steps)}`
    : 'training';
}

function comparedState(report: Report, method: Method, level: number): string {
  if (level === 0) return pending;
  const all = statuses(report, method, level);
  if (all.includes('running')) return 'training';
  return all.includes('failed') ? 'failed' : pending;
}

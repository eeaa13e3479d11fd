/** Progress in a terminal: one line that is drawn over; elsewhere a line for each finished run. */
import { formatClock, formatCount, formatShare, plural, placeName, runsAtWork, studyName } from '../../shared/format';
import { qualityOf, qualityOfRun } from '../../shared/quality';
import type { Progress, Report, ReportRun } from '../../shared/report';
import type { JobEvent } from '../experiment';

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const eraseLine = '\r\u001b[K';

export class ProgressLine {
  private drawn = false;
  private progress: Progress | null = null;
  /** Runs whose end has been told; null before the first report, which lists what the store held already. */
  private told: Set<string> | null = null;

  constructor(private readonly output: Output) {}

  show(event: JobEvent): void {
    switch (event.type) {
      case 'log':
        this.line(event.message);
        break;
      case 'progress':
        this.progress = event.progress;
        this.draw();
        break;
      case 'report':
        this.tell(event.report);
        break;
      case 'evaluation':
        break;
    }
  }

  end(): void {
    if (this.drawn) this.output.write(eraseLine);
    this.drawn = false;
  }

  private tell(report: Report): void {
    const ended = report.runs.filter(run => run.status === 'done' || run.status === 'failed');
    if (this.told === null) {
      if (report.status !== 'running') return;
      const kept = ended.length > 0 ? `; ${plural(ended.length, 'run')} in the store already` : '';
      this.line(
        `${report.modelDescription} on ${report.dataDescription}; ${report.executor}, ${report.device}; ` +
          `${plural(report.runs.length, 'run')}${kept}`,
      );
      this.told = new Set(ended.map(({ key }) => key));
    }
    for (const run of ended) {
      if (this.told.has(run.key)) continue;
      this.told.add(run.key);
      if (!this.output.isTTY) this.line(describeRun(run, report, this.progress));
    }
  }

  private line(text: string): void {
    this.end();
    this.output.write(`${text}\n`);
    this.draw();
  }

  private draw(): void {
    if (!this.output.isTTY || !this.progress) return;
    // a line that wraps could not be drawn over
    const width = Math.max(20, (this.output.columns ?? 80) - 1);
    this.output.write(eraseLine + describeProgress(this.progress).slice(0, width));
    this.drawn = true;
  }
}

export function describeProgress(progress: Progress): string {
  const { run, runsDone, runsTotal, levels, fraction, secondsLeft } = progress;
  return [
    `${Math.floor(fraction * 100)} %`.padStart(5),
    `run ${Math.min(runsDone + 1, runsTotal)} of ${runsTotal}`,
    ...(run
      ? [
          run.study
            ? studyName(run.study, run)
            : `${run.method}, ${placeName(run)}${run.sparsity === undefined ? ` of ${levels}` : ''}`,
          `step ${formatCount(run.step)} of ${formatCount(run.steps)}`,
        ]
      : []),
    ...(progress.runsAtWork === undefined ? [] : [runsAtWork(progress.runsAtWork)]),
    ...(secondsLeft === null ? [] : [`${formatClock(secondsLeft)} left`]),
  ].join(' · ');
}

function describeRun(run: ReportRun, report: Report, progress: Progress | null): string {
  const what = run.study ? studyName(run.study, run) : `${run.method}, ${placeName(run)}`;
  const name = `${what}${report.experiment.replicates > 1 ? `, replicate ${run.replicate + 1}` : ''}`;
  if (run.status === 'failed') return `${name}: failed: ${run.error ?? ''}`;
  const point = report.series
    .find(({ method }) => method === run.method && !run.study)
    ?.points.find(({ level }) => level === run.level);
  const quality = qualityOf(report);
  const value = point && qualityOfRun(quality, point, run.key);
  const left = progress?.secondsLeft ?? null;
  return [
    `${name}: ${value === undefined ? 'done' : `${quality.name} ${quality.format(value)}`}`,
    ...(point ? [`${formatShare(1 - point.sparsity)} of the weights`] : []),
    ...(left === null || left === 0 ? [] : [`${formatClock(left)} left`]),
  ].join(' · ');
}

/** The report for a person at a terminal. */
import {
  formatAccuracyStatistic,
  formatBytes,
  formatCount,
  formatMemory,
  formatSeconds,
  formatShare,
  plural,
} from '../../shared/format';
import type { Report, ReportPoint } from '../../shared/report';

export function describeReport(report: Report, reportPath: string): string {
  const { experiment, verdict, seconds, memory } = report;
  return [
    `${experiment.name}: ${report.modelDescription} on ${report.dataDescription}`,
    `${[report.executor, report.device].filter(Boolean).join(', ')}; ${plural(experiment.replicates, 'replicate')}; ` +
      `training ${formatSeconds(seconds.train)}, evaluation ${formatSeconds(seconds.evaluate)}`,
    ...(memory ? [`memory ${formatBytes(memory.total)}: ${formatMemory(memory)}`] : []),
    '',
    ...levelTable(report),
    '',
    verdict.summary,
    ...verdict.reasons.map(reason => `  ${reason}`),
    ...(verdict.advice === undefined ? [] : [verdict.advice]),
    '',
    `Report: ${reportPath}`,
    '',
  ].join('\n');
}

/** A row for each level; of kept weights, early stop and time those of the iterative series. */
function levelTable({ series }: Report): string[] {
  const iterative = series.find(({ method }) => method === 'iterative')?.points ?? [];
  if (iterative.length === 0) return ['No run is finished.'];
  const header = ['level', 'remaining', 'kept', ...series.map(({ method }) => method), 'early stop', 'time'];
  const rows = iterative.map(point => [
    String(point.level),
    formatShare(1 - point.sparsity),
    formatCount(point.kept),
    ...series.map(({ points }) => accuracyAt(points, point.level)),
    point.earlyStopStep.values.length === 0 ? '–' : formatCount(point.earlyStopStep.mean),
    formatSeconds(point.seconds.mean),
  ]);
  return align([header, ...rows]);
}

function accuracyAt(points: readonly ReportPoint[], level: number): string {
  const point = points.find(one => one.level === level);
  return point ? formatAccuracyStatistic(point.testAccuracy) : '–';
}

/** Columns set flush right, two spaces apart. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows.map(row => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}

/** The report for a person at a terminal. */
import { describeLoss } from '../../shared/executorChoice';
import { formatBytes, formatCount, formatMemory, formatSeconds, formatShare, plural } from '../../shared/format';
import { measuresAmong, measureTexts } from '../../shared/measures';
import { qualityOf, type Quality } from '../../shared/quality';
import type { Report, ReportPoint } from '../../shared/report';

export function describeReport(report: Report, reportPath: string): string {
  const { experiment, executorChoice, verdict, seconds, memory } = report;
  return [
    `${experiment.name}: ${report.modelDescription} on ${report.dataDescription}`,
    `${[report.executor, report.device].filter(Boolean).join(', ')}; ${plural(experiment.replicates, 'replicate')}; ` +
      `training ${formatSeconds(seconds.train)}, evaluation ${formatSeconds(seconds.evaluate)}`,
    ...(executorChoice?.losses ?? []).map(describeLoss),
    ...(memory ? [`memory ${formatBytes(memory.total)}: ${formatMemory(memory)}`] : []),
    '',
    ...levelTable(report),
    '',
    ...measureTable(report),
    verdict.summary,
    ...verdict.reasons.map(reason => `  ${reason}`),
    ...(verdict.advice === undefined ? [] : [verdict.advice]),
    '',
    `Report: ${reportPath}`,
    '',
  ].join('\n');
}

/** A row for each level; of kept weights, early stop and time those of the iterative series. */
function levelTable(report: Report): string[] {
  const { series } = report;
  const quality = qualityOf(report);
  const iterative = series.find(({ method }) => method === 'iterative')?.points ?? [];
  if (iterative.length === 0) return ['No run is finished.'];
  const header = ['level', 'remaining', 'kept', ...series.map(({ method }) => method), 'early stop', 'time'];
  const rows = iterative.map(point => [
    String(point.level),
    formatShare(1 - point.sparsity),
    formatCount(point.kept),
    ...series.map(({ points }) => qualityAt(quality, points, point.level)),
    point.earlyStopStep.values.length === 0 ? '–' : formatCount(point.earlyStopStep.mean),
    formatSeconds(point.seconds.mean),
  ]);
  return align([header, ...rows]);
}

function qualityAt(quality: Quality, points: readonly ReportPoint[], level: number): string {
  const point = points.find(one => one.level === level);
  return point ? quality.formatStatistic(quality.of(point)) : '–';
}

/** What else the test split says of the dense network and of the ticket, or of the sparsest level where there is none. */
function measureTable({ series, verdict }: Report): string[] {
  const iterative = series.find(({ method }) => method === 'iterative')?.points ?? [];
  const other = verdict.found ? iterative.find(({ level }) => level === verdict.level) : iterative.at(-1);
  const shown = iterative.filter(point => point.level === 0 || point === other);
  const names = measuresAmong(shown);
  if (names.length === 0) return [];
  const header = ['', ...names.map(name => measureTexts[name].label)];
  const rows = shown.map(({ level, measures }) => [
    level === 0 ? 'dense' : `level ${String(level)}`,
    ...names.map(name => (measures?.[name] ? measureTexts[name].format(measures[name]) : '–')),
  ]);
  return [...align([header, ...rows]), ''];
}

/** Columns set flush right, two spaces apart. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows.map(row => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}

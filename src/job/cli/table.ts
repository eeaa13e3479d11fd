/** The report for a person at a terminal. */
import { describeLoss } from '../../shared/executorChoice';
import { usualControls } from '../../shared/comparisons';
import {
  formatBytes,
  formatCount,
  formatMemory,
  formatSeconds,
  formatShare,
  methodNames,
  plural,
} from '../../shared/format';
import { measuresAmong, measureTexts } from '../../shared/measures';
import { qualityOf, type Quality } from '../../shared/quality';
import type { Method, Ranking, Report, ReportPoint } from '../../shared/report';

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
    ...methodTable(report),
    ...measureTable(report),
    verdict.summary,
    ...verdict.reasons.map(reason => `  ${reason}`),
    ...(verdict.advice === undefined ? [] : [verdict.advice]),
    '',
    `Report: ${reportPath}`,
    '',
  ].join('\n');
}

/** Beside the iterative series in the table of levels; all others have a table of their own. */
const besideLevels: readonly Method[] = ['iterative', ...usualControls];
/** More sparsities in a row are not read at a terminal. */
const mostColumns = 8;

/** A row for each level; of kept weights, early stop and time those of the iterative series. */
function levelTable(report: Report): string[] {
  const series = report.series.filter(({ method, sparsities }) => besideLevels.includes(method) && !sparsities);
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

/** A row for each method, best first where it is sparsest; columns are the sparsities at which most methods are measured, the highest of them. */
function methodTable(report: Report): string[] {
  const { best = [] } = report.verdict;
  if (report.series.every(({ method, sparsities }) => besideLevels.includes(method) && !sparsities)) return [];
  const columns = [...best, ...alone(report)]
    .sort((a, b) => b.entries.length - a.entries.length || b.sparsity - a.sparsity)
    .slice(0, mostColumns)
    .sort((a, b) => a.sparsity - b.sparsity);
  if (columns.length === 0) return [];
  const quality = qualityOf(report);
  const cell = ({ entries }: Ranking, wanted: Method): string => {
    const entry = entries.find(({ method }) => method === wanted);
    if (!entry) return '–';
    return `${quality.formatStatistic(entry.quality)}${entry === entries[0] ? ' *' : '  '}`;
  };
  const place = (method: Method): number => {
    const found = columns.at(-1)!.entries.findIndex(entry => entry.method === method);
    return found < 0 ? report.series.length : found;
  };
  const methods = report.series.map(({ method }) => method).sort((a, b) => place(a) - place(b));
  const header = ['sparsity', ...columns.map(({ sparsity }) => `${formatShare(sparsity)}  `)];
  const rows = methods.map(method => [methodNames[method], ...columns.map(column => cell(column, method))]);
  return [...align([header, ...rows]), '* the best by its mean', ''];
}

/** Points at sparsities of their own that no other method is near: a column each. */
function alone(report: Report): Ranking[] {
  const { best = [] } = report.verdict;
  const quality = qualityOf(report);
  return report.series.flatMap(({ method, points, sparsities }) =>
    sparsities
      ? points.flatMap(point =>
          best.some(({ entries }) => entries.some(entry => entry.method === method && entry.kept === point.kept))
            ? []
            : [
                {
                  sparsity: point.sparsity,
                  entries: [{ method, kept: point.kept, quality: quality.of(point) }],
                  text: '',
                },
              ],
        )
      : [],
  );
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

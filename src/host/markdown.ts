/** The results of an experiment as Markdown, to paste into an issue, a notebook or a paper's draft. Pure. */
import {
  formatAccuracyStatistic,
  formatCount,
  formatPoints,
  formatSeconds,
  formatShare,
  methodNames,
} from '../shared/format';
import type { Report, ReportPoint } from '../shared/report';
import { escapeMarkdown } from './treeModel';

export function reportMarkdown(report: Report): string {
  const { experiment, verdict } = report;
  const trunk = report.series.find(series => series.method === 'iterative')?.points ?? [];
  const dense = trunk.find(point => point.level === 0);
  const controls = report.series.filter(series => series.method !== 'iterative');
  const header = [
    'level',
    'remaining',
    'kept',
    'iterative, test',
    'Δ dense, pp',
    'early stop, step',
    ...controls.map(series => `${methodNames[series.method]}, test`),
  ];
  const rows = trunk.map(point => [
    String(point.level),
    formatShare(point.kept / point.total),
    formatCount(point.kept),
    formatAccuracyStatistic(point.testAccuracy),
    dense && point !== dense ? formatPoints(point.testAccuracy.mean - dense.testAccuracy.mean) : '–',
    point.earlyStopStep.values.length > 0 ? formatCount(point.earlyStopStep.mean) : '–',
    ...controls.map(series => accuracyAt(series.points, point.level)),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `## ${escapeMarkdown(experiment.name)}`,
    '',
    `**${escapeMarkdown(verdict.summary)}**`,
    '',
    ...verdict.reasons.map(reason => `- ${escapeMarkdown(reason)}`),
    ...(verdict.reasons.length > 0 ? [''] : []),
    line(header),
    line(header.map(() => '---:')),
    ...rows.map(line),
    '',
    `${escapeMarkdown(report.modelDescription)} → ${escapeMarkdown(report.dataDescription)}; ` +
      `${formatCount(experiment.training.steps)} steps a run, batch ${formatCount(experiment.training.batchSize)}, ` +
      `seed ${experiment.seed}, ${formatCount(experiment.replicates)} replicate${experiment.replicates === 1 ? '' : 's'}` +
      `${experiment.replicates === 1 ? '' : ' (± is one standard deviation)'}; ` +
      `${escapeMarkdown(report.executor)}, ${escapeMarkdown(report.device)}, ${formatSeconds(report.seconds.total)}.`,
    '',
  ].join('\n');
}

function accuracyAt(points: readonly ReportPoint[], level: number): string {
  const point = points.find(candidate => candidate.level === level);
  return point ? formatAccuracyStatistic(point.testAccuracy) : '–';
}

/** The results of an experiment as Markdown, to paste into an issue, a notebook or a paper's draft. Pure. */
import { describeLoss } from '../shared/executorChoice';
import { capitalised, formatCount, formatSeconds, formatShare, methodNames } from '../shared/format';
import { qualityOf, type Quality } from '../shared/quality';
import type { Report, ReportPoint } from '../shared/report';
import { escapeMarkdown } from './treeModel';

export function reportMarkdown(report: Report): string {
  const { experiment, verdict } = report;
  const quality = qualityOf(report);
  const trunk = report.series.find(series => series.method === 'iterative')?.points ?? [];
  const dense = trunk.find(point => point.level === 0);
  const controls = report.series.filter(series => series.method !== 'iterative');
  const header = [
    'level',
    'remaining',
    'kept',
    `iterative, ${quality.name}`,
    ['Δ dense', quality.differenceUnit.short].filter(Boolean).join(', '),
    'early stop, step',
    ...controls.map(series => `${methodNames[series.method]}, ${quality.name}`),
  ];
  const rows = trunk.map(point => [
    String(point.level),
    formatShare(point.kept / point.total),
    formatCount(point.kept),
    quality.formatStatistic(quality.of(point)),
    dense && point !== dense ? quality.formatDifference(quality.of(point).mean - quality.of(dense).mean) : '–',
    point.earlyStopStep.values.length > 0 ? formatCount(point.earlyStopStep.mean) : '–',
    ...controls.map(series => qualityAt(quality, series.points, point.level)),
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
      `${escapeMarkdown(report.executor)}, ${escapeMarkdown(report.device)}, ${formatSeconds(report.seconds.total)}.` +
      (report.executorChoice?.losses ?? [])
        .map(loss => ` ${escapeMarkdown(capitalised(describeLoss(loss)))}.`)
        .join(''),
    '',
  ].join('\n');
}

function qualityAt(quality: Quality, points: readonly ReportPoint[], level: number): string {
  const point = points.find(candidate => candidate.level === level);
  return point ? quality.formatStatistic(quality.of(point)) : '–';
}

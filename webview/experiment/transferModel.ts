/** Tickets on a second data set, from a report to its chart. Pure. */
import { qualityOf } from '../../src/shared/quality';
import type { Report } from '../../src/shared/report';
import type { Transfer } from '../../src/shared/studies';
import type { LinesChart } from '../charts/content';
import type { TableModel } from '../charts/model';
import { styles } from '../charts/styles';
import { formatShare } from '../../src/shared/format';
import { densityChart, qualityPoints } from './stabilityModel';
import { density } from './places';

const labelOf = (method: keyof typeof styles): string => (method === 'iterative' ? 'ticket' : styles[method].label);

export function transferChart(report: Report, transfer: Transfer): LinesChart {
  const quality = qualityOf(report);
  const trunk = transfer.series.find(({ method }) => method === 'iterative')?.points ?? [];
  const dense = trunk.find(({ level }) => level === 0);
  return {
    title: `${report.experiment.name}: tickets on ${transfer.dataDescription.split(':')[0] ?? ''}`,
    lines: transfer.series.map(({ method, points }) => ({
      id: method,
      look: method,
      label: labelOf(method),
      title: styles[method].explanation,
      points: qualityPoints(points, quality.of),
    })),
    ...densityChart(
      report,
      transfer.series.flatMap(({ points }) => points),
    ),
    ...(dense && { reference: { y: quality.of(dense).mean, spread: quality.of(dense).std, label: 'dense' } }),
  };
}

/** A row a level, with the distance of the ticket from the dense network there. */
export function transferTable(report: Report, { series }: Transfer): TableModel {
  const quality = qualityOf(report);
  const trunk = series.find(({ method }) => method === 'iterative')?.points ?? [];
  const dense = trunk.find(({ level }) => level === 0);
  const unit = quality.differenceUnit.short;
  const levels = [...new Set(series.flatMap(({ points }) => points.map(({ level }) => level)))].sort((a, b) => a - b);
  return {
    caption: 'Tickets and controls on the second data set',
    columns: [
      'level',
      'remaining',
      ...series.map(({ method }) => labelOf(method)),
      `ticket, Δ dense${unit === '' ? '' : `, ${unit}`}`,
    ],
    rows: levels.map(level => {
      const points = series.map(({ points }) => points.find(point => point.level === level));
      const first = points.find(point => point !== undefined);
      const ticket = trunk.find(point => point.level === level);
      return [
        String(level),
        first ? formatShare(density(first)) : '–',
        ...points.map(point => (point ? quality.formatStatistic(quality.of(point)) : '–')),
        ticket && dense && level > 0 ? quality.formatDifference(quality.of(ticket).mean - quality.of(dense).mean) : '–',
      ];
    }),
  };
}

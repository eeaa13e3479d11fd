/** How tickets of one data set do on another, against their controls there (A. Morcos et al., NeurIPS 2019). */
import { formatShare } from '../../shared/format';
import type { Quality } from '../../shared/quality';
import { methods, type Method, type ReportPoint, type ReportSeries } from '../../shared/report';
import type { RunNode, RunRecord } from '../../shared/run';
import { controlMeaning, controls } from '../conditions';
import { pointsOf } from '../points';

/** In the order in which charts and tables have them; series without a finished run are left out. */
export function transferSeries(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): ReportSeries[] {
  const there = nodes.filter(({ study }) => study?.kind === 'transfer');
  return methods.flatMap(method => {
    const points = pointsOf(
      there.filter(node => node.method === method),
      records,
    );
    return points.length > 0 ? [{ method, points }] : [];
  });
}

/** Of the sparsest level whose ticket is done: it, its controls and the dense network there. */
export function transferSummary(series: readonly ReportSeries[], quality: Quality): string {
  const tickets = pointsBy(series, 'iterative').filter(({ level }) => level > 0);
  const ticket = tickets.at(-1);
  if (!ticket) return 'No ticket is trained there so far.';
  const own = quality.of(ticket);
  const text = (point: ReportPoint): string => quality.formatStatistic(quality.of(point));
  const against = controls.flatMap(control => {
    const point = pointsBy(series, control).find(({ level }) => level === ticket.level);
    if (!point) return [];
    const difference = own.mean - quality.of(point).mean;
    return `${control} ${text(point)} (${controlMeaning[control]}; ${differenceText(difference, quality)})`;
  });
  const dense = pointsBy(series, 'iterative').find(({ level }) => level === 0);
  const others = [...against, ...(dense ? [`the dense network ${text(dense)}`] : [])];
  const reaches = `The ticket of level ${ticket.level}, with ${formatShare(1 - ticket.sparsity)} of the weights, reaches ${quality.phrase(own)} there`;
  return others.length === 0 ? `${reaches}.` : `${reaches}; ${others.join(', ')}.`;
}

function pointsBy(series: readonly ReportSeries[], method: Method): readonly ReportPoint[] {
  return series.find(one => one.method === method)?.points ?? [];
}

function differenceText(difference: number, quality: Quality): string {
  const { spoken } = quality.differenceUnit;
  const amount = quality.formatDifference(Math.abs(difference)).replace(/^\+/, '');
  return `${[amount, spoken].filter(Boolean).join(' ')} ${difference < 0 ? 'more' : 'less'}`;
}

/** From evaluations of runs to dense against ticket: figures, classes, targets. Pure. */
import {
  precisionsOf,
  recallsOf,
  type ClassificationEvaluation,
  type RegressionEvaluation,
  type RunEvaluation,
} from '../../src/shared/evaluation';
import { formatNumber, formatNumberSpread } from '../../src/shared/format';
import { measuresAmong, measureTexts } from '../../src/shared/measures';
import { qualityOf } from '../../src/shared/quality';
import type { Report, ReportPoint, Statistic } from '../../src/shared/report';
import type { TableModel } from '../charts/model';
import { densePoint } from './overviewModel';
import { pointOf } from './places';

export type Evaluations = ReadonlyMap<string, RunEvaluation | null>;

/** So many replicates of a level are read. */
const mostReplicates = 100;

/** Keys of the runs behind the dense network and the ticket at a level. */
export function runsAt(report: Report, level: number): readonly string[] {
  return (pointOf(report, 'iterative', level)?.runs ?? []).slice(0, mostReplicates);
}

export type Availability = 'there' | 'reading' | 'waiting' | 'missing';

/** Whether the evaluations of a level can be shown: read, on their way, of runs still to come, or never computed. */
export function availability(report: Report, evaluations: Evaluations, level: number): Availability {
  const runs = runsAt(report, level);
  if (runs.length === 0) return 'waiting';
  if (runs.some(run => evaluations.get(run))) return 'there';
  return runs.every(run => evaluations.get(run) === null) ? 'missing' : 'reading';
}

export function evaluationsOf<Task extends RunEvaluation['task']>(
  report: Report,
  evaluations: Evaluations,
  level: number,
  task: Task,
): Extract<RunEvaluation, { task: Task }>[] {
  return runsAt(report, level).flatMap(run => {
    const evaluation = evaluations.get(run);
    return evaluation?.task === task ? [evaluation as Extract<RunEvaluation, { task: Task }>] : [];
  });
}

/** Figures of the report: each with what it is of the dense network and of the ticket. */
export function figuresTable(report: Report, level: number): TableModel {
  const quality = qualityOf(report);
  const points = [densePoint(report), pointOf(report, 'iterative', level)].filter(point => point !== undefined);
  const names = measuresAmong(points).filter(name => name !== 'r2');
  const row = (label: string, format: (point: ReportPoint) => string): string[] => [label, ...points.map(format)];
  return {
    caption: `The test split: dense and level ${level}`,
    columns: ['', 'dense', ...(level === 0 ? [] : [`level ${level}`])],
    rows: [
      row(quality.name, point => quality.formatStatistic(quality.of(point))),
      row('test loss', point => formatLoss(point.testLoss)),
      ...names.map(name => {
        const { label, format } = measureTexts[name];
        return row(label, ({ measures }) => (measures?.[name] ? format(measures[name]) : '–'));
      }),
    ].map(cells => cells.slice(0, level === 0 ? 2 : 3)),
  };
}

function formatLoss({ mean, std, values }: Statistic): string {
  return values.length < 2 ? formatNumber(mean) : formatNumberSpread(mean, std);
}

/** "5 · dog", or the number alone where the data has no names. */
export function labelText(report: Pick<Report, 'labelNames'>, label: number): string {
  const name = report.labelNames?.[label];
  return name === undefined ? String(label) : `${label} · ${name}`;
}

export interface ClassRow {
  readonly label: number;
  /** Test examples of the class. */
  readonly support: number;
  /** Means over the replicates; null: the class has no examples. */
  readonly dense: number | null;
  readonly ticket: number | null;
  readonly densePrecision: number | null;
  readonly ticketPrecision: number | null;
  readonly change: number;
  /** Standard deviation (n − 1) of the ticket's recall over replicates; null with one. */
  readonly spread: number | null;
}

/** By the loss of recall, the class that pays most first; classes without test examples last. */
export function classRows(
  dense: readonly ClassificationEvaluation[],
  ticket: readonly ClassificationEvaluation[],
): readonly ClassRow[] {
  const [reference] = dense;
  if (!reference) return [];
  const columns = {
    dense: dense.map(recallsOf),
    ticket: ticket.map(recallsOf),
    densePrecision: dense.map(precisionsOf),
    ticketPrecision: ticket.map(precisionsOf),
  };
  const rows = reference.support.map((support, label): ClassRow => {
    const mean = (of: keyof typeof columns): number | null =>
      meanOf(columns[of].map(one => one[label]).filter(value => typeof value === 'number'));
    const [own, other] = [mean('dense'), mean('ticket')];
    return {
      label,
      support,
      dense: own,
      ticket: other,
      densePrecision: mean('densePrecision'),
      ticketPrecision: mean('ticketPrecision'),
      change: own === null || other === null ? 0 : other - own,
      spread: spreadOf(columns.ticket.map(one => one[label]).filter(value => typeof value === 'number')),
    };
  });
  return rows.sort(
    (a, b) => Number(a.support === 0) - Number(b.support === 0) || a.change - b.change || a.label - b.label,
  );
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly number[]): number | null {
  const mean = meanOf(values);
  if (mean === null || values.length < 2) return null;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Targets of a regression, the one whose R² fell most first. */
export function targetsTable(
  report: Pick<Report, 'labelNames'>,
  dense: readonly RegressionEvaluation[],
  ticket: readonly RegressionEvaluation[],
  level: number,
): TableModel | null {
  const targets = dense[0]?.perTarget?.length ?? 0;
  if (targets === 0) return null;
  const mean = (evaluations: readonly RegressionEvaluation[], target: number): number =>
    meanOf(evaluations.flatMap(one => one.perTarget?.[target]?.r2 ?? [])) ?? Number.NaN;
  const quality = qualityOf({ task: 'regression' });
  const rows = Array.from({ length: targets }, (_, target) => {
    const [own, other] = [mean(dense, target), mean(ticket, target)];
    return { target, own, other, change: other - own };
  }).sort((a, b) => a.change - b.change || a.target - b.target);
  return {
    caption: 'R² of each target',
    columns: ['target', 'dense', `level ${level}`, 'change'],
    rows: rows.map(({ target, own, other, change }) => [
      labelText(report, target),
      quality.format(own),
      quality.format(other),
      quality.formatDifference(change),
    ]),
  };
}

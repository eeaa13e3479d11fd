/** Several experiments side by side: lines, best tickets, and in what their recipes differ. Pure. */
import { formatCount, formatShare } from '../../src/shared/format';
import type { ComparedExperiment } from '../../src/shared/messages';
import { qualityOf } from '../../src/shared/quality';
import type { Method, Report } from '../../src/shared/report';
import type { Line, LinesChart } from '../charts/content';
import { lookAt } from '../charts/looks';
import type { TableModel } from '../charts/model';
import { styles } from '../charts/styles';
import { densePoint } from '../experiment/overviewModel';
import { density, methodsOf, pointOf } from '../experiment/places';
import { densityChart, qualityPoints } from '../experiment/stabilityModel';

/** One with results. */
export interface Compared {
  /** Unique among the compared. */
  readonly name: string;
  readonly report: Report;
}

/** Those with results, names made unique; and, in words, what of the others cannot be shown beside them. */
export function comparable(experiments: readonly ComparedExperiment[]): {
  readonly shown: readonly Compared[];
  readonly problems: readonly string[];
} {
  const names = experiments.map(({ name }) => name);
  const named = experiments.map(({ name, place, report }) => ({
    name: names.filter(other => other === name).length > 1 ? `${name} (${place})` : name,
    report,
  }));
  const measured = named.flatMap(({ name, report }) => (report ? [{ name, report }] : []));
  const task = measured[0]?.report.task ?? 'classification';
  const isSame = ({ report }: Compared): boolean => (report.task ?? 'classification') === task;
  return {
    shown: measured.filter(isSame),
    problems: [
      ...named.filter(({ report }) => !report).map(({ name }) => `${name} has no results yet.`),
      ...measured
        .filter(one => !isSame(one))
        .map(
          ({ name }) =>
            `${name} cannot be drawn beside the others: it is judged by ${qualityOf({ task: task === 'regression' ? 'classification' : 'regression' }).name}.`,
        ),
    ],
  };
}

/** Methods that any of them has measured, in the order of the first that has them. */
export function methodsAmong(compared: readonly Compared[]): readonly Method[] {
  const measured = compared.flatMap(({ report }) =>
    methodsOf(report).filter(method => report.series.some(one => one.method === method && one.points.length > 0)),
  );
  return [...new Set(measured)];
}

export function comparisonChart(compared: readonly Compared[], methods: readonly Method[]): LinesChart {
  const quality = qualityOf(compared[0]?.report ?? {});
  const series = compared.flatMap(({ name, report }) =>
    methods.flatMap(method => {
      const points = report.series.find(one => one.method === method)?.points ?? [];
      return points.length > 0 ? [{ name, method, points }] : [];
    }),
  );
  return {
    title: `${quality.name} against weights remaining: ${compared.map(({ name }) => name).join(', ')}`,
    lines: series.map(({ name, method, points }, index): Line => {
      const label = methods.length > 1 || method !== 'iterative' ? `${name}, ${styles[method].label}` : name;
      return {
        id: `${name}/${method}`,
        look: lookAt(index),
        label,
        title: `${name}: ${styles[method].explanation}`,
        points: qualityPoints(points, quality.of),
      };
    }),
    ...densityChart(
      compared[0]?.report ?? {},
      series.flatMap(({ points }) => points),
    ),
  };
}

/** A row an experiment: its winning ticket beside its dense network. */
export function ticketsTable(compared: readonly Compared[]): TableModel {
  const quality = qualityOf(compared[0]?.report ?? {});
  const unit = quality.differenceUnit.short;
  return {
    caption: 'Best tickets',
    columns: [
      'experiment',
      'level',
      'remaining',
      `ticket, ${quality.name}`,
      'dense',
      `Δ dense${unit === '' ? '' : `, ${unit}`}`,
      'early stop',
      'replicates',
      '',
    ],
    rows: compared.map(({ name, report }) => {
      const { verdict, experiment, status } = report;
      const dense = densePoint(report);
      const ticket = verdict.found ? pointOf(report, 'iterative', verdict.level) : undefined;
      return [
        name,
        ticket ? String(ticket.level) : '–',
        ticket ? formatShare(density(ticket)) : '–',
        ticket ? quality.formatStatistic(quality.of(ticket)) : '–',
        dense ? quality.formatStatistic(quality.of(dense)) : '–',
        ticket && dense ? quality.formatDifference(quality.of(ticket).mean - quality.of(dense).mean) : '–',
        ticket ? formatCount(ticket.earlyStopStep.mean) : '–',
        formatCount(experiment.replicates),
        ticket ? 'winning ticket' : status === 'done' ? 'none shown' : status,
      ];
    }),
  };
}

/** Fields that say nothing about what is computed. */
const irrelevant = new Set(['name', '$schema']);

/** Fields of the experiment files that are not the same in all; "–" where one does not have it. */
export function recipeTable(compared: readonly Compared[]): TableModel {
  const recipes = compared.map(({ report }) => new Map(fieldsOf({ ...report.experiment })));
  const all = [...new Set(recipes.flatMap(recipe => [...recipe.keys()]))];
  const different = all.filter(field => new Set(recipes.map(recipe => recipe.get(field))).size > 1);
  return {
    caption: 'Differences of the recipes',
    columns: ['field', ...compared.map(({ name }) => name)],
    rows: different.map(field => [field, ...recipes.map(recipe => recipe.get(field) ?? '–')]),
  };
}

/** "training.optimizer.learningRate" → "0.0012"; lists stay whole. */
function fieldsOf(value: Readonly<Record<string, unknown>>, prefix = ''): (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (prefix === '' && irrelevant.has(key)) return [];
    const field = `${prefix}${key}`;
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      return fieldsOf({ ...inner }, `${field}.`);
    }
    const text = Array.isArray(inner) ? inner.map(itemText).join(', ') || 'none' : itemText(inner);
    return [[field, text] as const];
  });
}

function itemText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

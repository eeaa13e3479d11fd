/** What classes are taken for, dense against ticket. Pure. */
import type { ClassificationEvaluation } from '../../src/shared/evaluation';
import { formatAccuracy, formatNumber, formatPoints } from '../../src/shared/format';
import type { Report } from '../../src/shared/report';
import type { ConfusionModel } from '../charts/confusionModel';
import type { TableModel } from '../charts/model';
import { labelText } from './evaluationModel';

export type ConfusionView = 'difference' | 'dense' | 'ticket';

type Names = Pick<Report, 'labelNames'>;

/** Shares of each class's examples over all replicates; null where no matrix is kept. */
export function confusionModel(
  names: Names,
  dense: readonly ClassificationEvaluation[],
  ticket: readonly ClassificationEvaluation[],
  view: ConfusionView,
  level: number,
): ConfusionModel | null {
  const [own, other] = [confusionShares(dense), confusionShares(ticket)];
  const classes = dense[0]?.classes ?? 0;
  if (!own || !other || own.length !== other.length) return null;
  const name = `level ${level}`;
  const text = (label: number): string => labelText(names, label);
  const cell = (row: number, column: number): string =>
    row === column ? `class ${text(row)}, predicted rightly` : `class ${text(row)}, taken for ${text(column)}`;
  const describe = (row: number, column: number): string => {
    const [a, b] = [own[row * classes + column]!, other[row * classes + column]!];
    if (Number.isNaN(a)) return `class ${text(row)}: no test examples`;
    return `${cell(row, column)}: dense ${formatAccuracy(a)}, ${name} ${formatAccuracy(b)}, change ${formatPoints(b - a)} points`;
  };
  if (view === 'difference') {
    const values = other.map((value, i) => value - own[i]!);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0.001);
    const end = formatPoints(largest);
    return {
      classes,
      values,
      signed: true,
      largest,
      text: value => (Math.abs(value) < 0.0005 ? '' : shortPoints(value)),
      describe,
      ends: [formatPoints(-largest), end],
      legend: `${name} minus dense, in points: blue is less often, orange more often`,
    };
  }
  return {
    classes,
    values: view === 'dense' ? own : other,
    signed: false,
    largest: 1,
    text: value => (value < 0.0005 ? '' : shortShare(value)),
    describe,
    ends: ['0 %', '100 %'],
    legend: `share of the class’s examples, ${view === 'dense' ? 'dense' : name}`,
  };
}

function confusionShares(evaluations: readonly ClassificationEvaluation[]): number[] | null {
  const [first] = evaluations;
  if (!first?.confusion || evaluations.some(one => one.confusion?.length !== first.confusion!.length)) return null;
  const { classes } = first;
  const sums = first.confusion.map((_, i) => evaluations.reduce((sum, one) => sum + one.confusion![i]!, 0));
  return sums.map((count, i) => count / (evaluations.length * first.support[Math.floor(i / classes)]!));
}

/** In percent without the sign, for a cell: "98", "0.4". */
function shortShare(share: number): string {
  const percent = share * 100;
  return percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1);
}

function shortPoints(difference: number): string {
  return `${difference < 0 ? '\u2212' : '+'}${shortShare(Math.abs(difference))}`;
}

/** What is taken for what: the pairs whose share changed most, or that are most frequent, in words for a table. */
export function confusionTable(
  names: Names,
  dense: readonly ClassificationEvaluation[],
  ticket: readonly ClassificationEvaluation[],
  level: number,
): TableModel {
  const [own, other] = [pairShares(names, dense), pairShares(names, ticket)];
  const pairs = [...new Set([...own.keys(), ...other.keys()])]
    .map(pair => ({ pair, a: own.get(pair) ?? 0, b: other.get(pair) ?? 0 }))
    .sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a) || y.b - x.b)
    .slice(0, 25);
  return {
    caption: `Confusions that changed most from dense to level ${level}, in test examples a run`,
    columns: ['class, taken for', 'dense', `level ${level}`, 'change'],
    rows: pairs.map(({ pair, a, b }) => {
      const change = b - a;
      return [pair, formatNumber(a), formatNumber(b), change > 0 ? `+${formatNumber(change)}` : formatNumber(change)];
    }),
  };
}

/** Mean examples of each confused pair, of those that a run keeps. */
function pairShares(names: Names, evaluations: readonly ClassificationEvaluation[]): ReadonlyMap<string, number> {
  const means = new Map<string, number>();
  for (const { confusedPairs } of evaluations) {
    for (const { label, predicted, count } of confusedPairs) {
      const pair = `${labelText(names, label)} → ${labelText(names, predicted)}`;
      means.set(pair, (means.get(pair) ?? 0) + count / evaluations.length);
    }
  }
  return means;
}

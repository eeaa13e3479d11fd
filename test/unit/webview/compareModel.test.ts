import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/shared/report';
import {
  comparable,
  comparisonChart,
  methodsAmong,
  recipeTable,
  ticketsTable,
} from '../../../webview/compare/compareModel';
import { sampleReports } from '../../support/sampleReports';

function changed(report: Report, experiment: Partial<Report['experiment']>): Report {
  return { ...report, experiment: { ...report.experiment, ...experiment } };
}

const one = sampleReports.done();
const other = changed(sampleReports.withoutControls(), { name: 'other', seed: 7 });
const compared = [
  { name: 'one', report: one },
  { name: 'other', report: other },
];

describe('experiments side by side', () => {
  it('are told apart by their place where they have one name', () => {
    const { shown } = comparable([
      { name: 'a', place: '/x', report: one },
      { name: 'a', place: '/y', report: other },
    ]);
    expect(shown.map(({ name }) => name)).toEqual(['a (/x)', 'a (/y)']);
  });

  it('are left out, in words, where they have no results or are judged by something else', () => {
    const { shown, problems } = comparable([
      { name: 'a', place: '/x', report: one },
      { name: 'b', place: '/x', report: null },
      { name: 'c', place: '/x', report: sampleReports.regression() },
    ]);
    expect(shown.map(({ name }) => name)).toEqual(['a']);
    expect(problems).toEqual([
      'b has no results yet.',
      'c cannot be drawn beside the others: it is judged by test R².',
    ]);
  });

  it('have one line each, and one more for each method that they have', () => {
    expect(comparisonChart(compared, ['iterative']).lines.map(({ label }) => label)).toEqual(['one', 'other']);
    const { lines } = comparisonChart(compared, ['iterative', 'random-mask']);
    expect(lines.map(({ label }) => label)).toEqual(['one, iterative', 'one, random mask', 'other, iterative']);
    expect(new Set(lines.map(({ look }) => look)).size).toBe(3);
    expect(methodsAmong(compared)).toEqual(['iterative', 'one-shot', 'random-reinit', 'random-mask']);
  });

  it('have their tickets in a table; without one it says so', () => {
    const { rows } = ticketsTable(compared);
    expect(rows[0]!.slice(0, 3)).toEqual(['one', '15', '3.8 %']);
    expect(rows[0]!.at(-1)).toBe('winning ticket');
    expect(rows[1]!.slice(1, 4)).toEqual(['–', '–', '–']);
    expect(rows[1]!.at(-1)).toBe('none shown');
  });

  it('differ in the fields that differ and in no other, names left out', () => {
    const { rows } = recipeTable(compared);
    expect(rows).toEqual([
      ['compare', 'one-shot, random-reinit, random-mask', 'one-shot'],
      ['replicates', '3', '1'],
      ['seed', '0', '7'],
    ]);
    expect(recipeTable([compared[0]!, compared[0]!]).rows).toEqual([]);
  });

  it('have a dash where one has a field and the other has not', () => {
    const schedule = { name: 'cosine', minimum: 0, warmup: 0 } as const;
    const cosine = changed(one, { training: { ...one.experiment.training, schedule } });
    const { rows } = recipeTable([compared[0]!, { name: 'cosine', report: cosine }]);
    expect(rows).toContainEqual(['training.schedule.minimum', '–', '0']);
    expect(rows).toContainEqual(['training.schedule.name', 'constant', 'cosine']);
  });
});

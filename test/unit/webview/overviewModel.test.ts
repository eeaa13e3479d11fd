import { describe, expect, it } from 'vitest';
import {
  describeLevel,
  levelLabel,
  minimumDensity,
  overviewModel,
  overviewTable,
} from '../../../webview/experiment/overviewModel';
import type { Range } from '../../../webview/charts/scales';
import { sampleReport, sampleReports } from '../../support/sampleReports';

const nothing = new Set<never>();

describe('the chart of accuracy against weights remaining', () => {
  it('has one line a method, in the order of the experiment', () => {
    const { series } = overviewModel(sampleReports.done(), nothing);
    expect(series.map(one => one.id)).toEqual(['iterative', 'one-shot', 'random-reinit', 'random-mask']);
  });

  it('draws mean and standard deviation where they were measured, dense leftmost', () => {
    const report = sampleReports.done();
    const [iterative] = overviewModel(report, nothing).series;
    const dense = report.series[0]!.points[0]!;
    expect(iterative!.points[0]).toEqual({ x: 0, y: dense.testAccuracy.mean, spread: dense.testAccuracy.std });
    expect(iterative!.points).toHaveLength(16);
  });

  it('shows the dense network as a reference until it is hidden', () => {
    const report = sampleReports.done();
    expect(overviewModel(report, nothing).reference?.y).toBe(report.series[0]!.points[0]!.testAccuracy.mean);
    expect(overviewModel(report, new Set(['dense'] as const)).reference).toBeUndefined();
  });

  it('leaves hidden methods out', () => {
    const { series } = overviewModel(sampleReports.done(), new Set(['one-shot', 'random-mask'] as const));
    expect(series.map(one => one.id)).toEqual(['iterative', 'random-reinit']);
  });

  it('keeps its x axis from the first point to the last', () => {
    const range = (done: number) =>
      overviewModel(sampleReport({ replicates: 1, status: 'running', done }), nothing).x.range;
    expect(range(1)).toEqual(range(30));
    expect(range(1).max).toBeGreaterThan(1.3);
  });

  it('keeps its y axis while the points that arrive fit it', () => {
    const at = (done: number, before?: Range) =>
      overviewModel(sampleReport({ replicates: 1, status: 'running', done }), nothing, before).y.range;
    expect(at(34)).not.toEqual(at(31));
    expect(at(34, at(31))).toEqual(at(31));
    expect(at(61, at(31)).min).toBeLessThan(at(31).min);
  });

  it('stops only at levels that were measured', () => {
    const { stops } = overviewModel(sampleReports.running(), nothing);
    expect(stops.map(stop => stop.id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws nothing before anything is measured', () => {
    const model = overviewModel(sampleReports.started(), nothing);
    expect(model.series.flatMap(series => series.points)).toEqual([]);
    expect(model.reference).toBeUndefined();
  });

  it('plans the axis from the target where levels follow from it', () => {
    const report = sampleReports.started();
    const pruning = { ...report.experiment.pruning, target: 0.99 };
    expect(minimumDensity({ ...report, experiment: { ...report.experiment, pruning } })).toBeCloseTo(0.01, 12);
  });
});

describe('a level in words', () => {
  it('names the level and what remains', () => {
    expect(levelLabel(sampleReports.done(), 7)).toBe('level 7 · 21.2 % remaining');
    expect(levelLabel(sampleReports.started(), 7)).toBe('level 7');
  });

  it('speaks every method with its distance from dense, or one of them', () => {
    const report = sampleReports.single();
    expect(describeLevel(report, 7)).toMatch(
      /^level 7 · 21\.2 % remaining: iterative 98\.\d\d %, \+0\.\d\d points from dense; one-shot /,
    );
    expect(describeLevel(report, 7, 'random-mask')).toMatch(
      /^level 7 · 21\.2 % remaining: random mask 97\.\d\d %, −0\.\d\d points from dense$/,
    );
    expect(describeLevel(sampleReports.started(), 3)).toBe('level 3: nothing measured');
  });
});

it('has a table with every measured level', () => {
  const table = overviewTable(sampleReports.running());
  expect(table.columns).toEqual(['level', 'remaining', 'iterative', 'one-shot', 'random reinit', 'random mask']);
  expect(table.rows).toHaveLength(10);
  expect(table.rows.at(-1)?.slice(3)).toEqual(['–', '–', '–']);
});

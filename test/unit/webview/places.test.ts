import { describe, expect, it } from 'vitest';
import { densityPosition } from '../../../webview/charts/scales';
import { curveGroups } from '../../../webview/experiment/curvesModel';
import { describeLevel, overviewModel, overviewTable } from '../../../webview/experiment/overviewModel';
import { levelAt, placeOf, placesOf, pointAt } from '../../../webview/experiment/places';
import { roundRows } from '../../../webview/experiment/roundsModel';
import { sampleReports } from '../../support/sampleReports';
import { ownSparsities, sampleScience } from '../../support/sampleScience';

const nothing = new Set<string>();

describe('the places of a report', () => {
  it('are its levels, where no method has sparsities of its own', () => {
    const places = placesOf(sampleReports.done());
    expect(places.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, level) => level));
    expect([...places[3]!.levels]).toEqual([
      ['iterative', 3],
      ['one-shot', 3],
      ['random-reinit', 3],
      ['random-mask', 3],
    ]);
  });

  it('lie between the levels where a method has targets that are none, densest first', () => {
    const places = placesOf(sampleScience());
    const own = places.filter(({ level }) => level === null);
    expect(own.map(({ id }) => id)).toEqual([-1, -2, -3, -4, -5]);
    // level 18 keeps what the target of 98 % asks for
    const others = ownSparsities.filter(sparsity => sparsity !== 0.98);
    expect(own.map(({ density }) => Number((1 - density).toFixed(3)))).toEqual(others);
    const densities = places.map(({ density }) => density);
    expect(densities).toEqual([...densities].sort((a, b) => b - a));
  });

  it('never match a level of its own with the iterative level of the same number', () => {
    const report = sampleScience();
    const third = placeOf(report, 3)!;
    expect(third.levels.get('one-shot')).toBe(3);
    expect(third.levels.has('snip')).toBe(false);
    expect(pointAt(report, 'snip', third)).toBeUndefined();
    const ninety = placeOf(report, -3)!;
    expect(pointAt(report, 'snip', ninety)?.sparsity).toBeCloseTo(0.9, 4);
    expect(pointAt(report, 'iterative', ninety)).toBeUndefined();
  });

  it('are one where a target keeps what a level keeps', () => {
    const report = sampleScience();
    const trunk = report.series[0]!.points[4]!;
    const series = report.series.map(one =>
      one.method === 'snip'
        ? { ...one, points: [{ ...one.points[0]!, kept: trunk.kept + 3 }], sparsities: [trunk.sparsity] }
        : one,
    );
    const fourth = placeOf({ ...report, series }, 4)!;
    expect(fourth.levels.get('snip')).toBe(1);
  });

  it('lend what is known of levels only to the nearest of them', () => {
    const report = sampleScience();
    expect(levelAt(report, 7)).toBe(7);
    const level = levelAt(report, -3);
    expect(report.series[0]!.points[level]!.sparsity).toBeCloseTo(0.9, 1);
  });
});

describe('methods with sparsities of their own', () => {
  it('are drawn at their own x', () => {
    const { series, stops } = overviewModel(sampleScience(), nothing);
    const snip = series.find(({ id }) => id === 'snip')!;
    snip.points.forEach((point, index) => {
      expect(point.x).toBeCloseTo(densityPosition(1 - ownSparsities[index]!), 4);
    });
    expect(stops.find(({ id }) => id === -1)!.x).toBe(snip.points[0]!.x);
  });

  it('have a row of their own among the rounds, where the iterative columns are empty', () => {
    const row = roundRows(sampleScience(), null).find(({ id }) => id === -3)!;
    expect(row).toMatchObject({ level: null, remaining: '10.0 %', test: '', difference: '', winner: false });
    const texts = new Map(row.compared.map(({ method, text }) => [method, text]));
    expect(texts.get('snip')).toMatch(/^9\d\.\d\d ± 0\.\d\d %$/);
    expect(texts.get('one-shot')).toBe('');
  });

  it('are spoken of by what remains, without a level', () => {
    expect(describeLevel(sampleScience(), -3, 'snip')).toMatch(/^10\.0 % remaining: SNIP 9\d\.\d\d ± /);
    const cells = overviewTable(sampleScience()).rows.filter(([level]) => level === 'target');
    expect(cells).toHaveLength(5);
  });

  it('have their learning curves where they were trained', () => {
    const report = sampleScience();
    const groups = curveGroups(report, -2);
    expect(groups.map(({ id }) => id)).toEqual([
      'dense', 'snip', 'grasp', 'synflow', 'prospr', 'magnitude-init', 'random',
    ]); // prettier-ignore
    const runs = new Map(report.runs.map(run => [run.key, run]));
    expect(groups[1]!.runs.map(key => runs.get(key)!.level)).toEqual([2, 2, 2]);
    expect(curveGroups(report, 2).map(({ id }) => id)).not.toContain('snip');
  });
});

describe('runs of studies', () => {
  it('are no runs of the rounds or of the learning curves', () => {
    const report = sampleReports.done();
    const [first] = report.runs.filter(run => run.level === 2);
    const study = { ...first!, key: 'f'.repeat(32), study: { kind: 'sweep', rewind: 50 }, status: 'running' } as const;
    const extended = { ...report, runs: [...report.runs, study] };
    expect(curveGroups(extended, 2).flatMap(({ runs }) => runs)).not.toContain(study.key);
    expect(roundRows(extended, null)).toEqual(roundRows(report, null));
  });
});

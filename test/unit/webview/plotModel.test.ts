import { describe, expect, it } from 'vitest';
import { alignedData, clipLine, nearestStop, pointAt, type PlotSeries } from '../../../webview/charts/model';

const point = (x: number, y: number, spread = 0) => ({ x, y, spread });
const everything = { min: -1000, max: 1000 };

describe('the table behind the lines', () => {
  it('joins all x, each series with its edges before its line', () => {
    const series: PlotSeries[] = [
      { id: 'iterative', look: 'iterative', label: 'a', points: [point(0, 10, 1), point(2, 20, 2)] },
      { id: 'one-shot', look: 'one-shot', label: 'b', points: [point(1, 5)] },
    ];
    expect(alignedData(series, everything)).toEqual([
      [0, 1, 2],
      [11, undefined, 22],
      [9, undefined, 18],
      [10, undefined, 20],
      [undefined, 5, undefined],
      [undefined, 5, undefined],
      [undefined, 5, undefined],
    ]);
  });
});

describe('a line that leaves the picture', () => {
  it('enters where it crosses the edge, not where the next point stands', () => {
    expect(clipLine([point(0, 0), point(10, 100)], { min: 90, max: 100 })).toEqual([point(9, 90), point(10, 100)]);
  });

  it('draws nothing while it is outside', () => {
    expect(clipLine([point(0, 0), point(1, 10)], { min: 90, max: 100 })).toEqual([]);
  });

  it('is interrupted between leaving and coming back', () => {
    const clipped = clipLine([point(0, 95), point(1, 85), point(2, 95)], { min: 90, max: 100 });
    expect(clipped.map(({ x, y }) => [x, y])).toEqual([
      [0, 95],
      [0.5, 90],
      [1, null],
      [1.5, 90],
      [2, 95],
    ]);
  });

  it('keeps a line that stays inside as it is', () => {
    const points = [point(0, 1), point(1, 2), point(2, 3)];
    expect(clipLine(points, { min: 0, max: 5 })).toEqual(points);
  });
});

it('finds the stop nearest to the pointer', () => {
  const stops = [0, 1, 3].map(x => ({ id: x * 10, x }));
  expect(nearestStop(stops, 1.9)?.id).toBe(10);
  expect(nearestStop(stops, 2.1)?.id).toBe(30);
  expect(nearestStop([], 1)).toBeUndefined();
});

it('finds a point only where it was measured', () => {
  const series: PlotSeries = { id: 'iterative', look: 'iterative', label: 'a', points: [point(1, 5)] };
  expect(pointAt(series, 1.0000001, 1e-3)?.y).toBe(5);
  expect(pointAt(series, 1.1, 1e-3)).toBeUndefined();
});

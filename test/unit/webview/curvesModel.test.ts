import { describe, expect, it } from 'vitest';
import type { CurvePoint } from '../../../src/shared/report';
import {
  curveGroups,
  formatMetricPoint,
  curvesModel,
  defaultLevel,
  earlyStop,
  meanCurve,
  speedNotes,
  stepReaching,
} from '../../../webview/experiment/curvesModel';
import { sampleCurves, sampleKey, sampleProgress, sampleReports } from '../../support/sampleReports';

const at = (step: number, testAccuracy: number, validationLoss: number | null = null): CurvePoint => ({
  step,
  trainLoss: null,
  validationLoss,
  validationAccuracy: null,
  testLoss: 1,
  testAccuracy,
});

describe('a learning curve over replicates', () => {
  it('is the mean with its standard deviation (n − 1), at each step of those evaluated there', () => {
    const curve = meanCurve([[at(0, 0.1), at(100, 0.9)], [at(0, 0.2), at(100, 0.94)], [at(0, 0.3)]], 'testAccuracy');
    expect(curve.map(point => point.x)).toEqual([0, 100]);
    expect(curve[0]!.y).toBeCloseTo(0.2, 12);
    expect(curve[0]!.spread).toBeCloseTo(0.1, 12);
    expect(curve[1]!.y).toBeCloseTo(0.92, 12);
    expect(curve[1]!.spread).toBeCloseTo(Math.sqrt(0.0008), 12);
  });

  it('leaves out what was not measured', () => {
    expect(meanCurve([[at(0, 0.1), at(100, 0.9, 0.3)]], 'validationLoss')).toEqual([{ x: 100, y: 0.3, spread: 0 }]);
    expect(meanCurve([[at(0, Number.NaN)]], 'testAccuracy')).toEqual([]);
  });

  it('stops early at the first lowest validation loss', () => {
    expect(earlyStop([[at(0, 0.1, 2), at(100, 0.9, 0.3), at(200, 0.9, 0.3), at(300, 0.9, 0.4)]])).toBe(100);
    expect(earlyStop([[at(0, 0.1)]])).toBeUndefined();
  });

  it('says when it reaches an accuracy or a loss, or that it never does', () => {
    const curves = [[at(0, 0.1), at(100, 0.97), at(200, 0.98)]];
    expect(stepReaching(curves, 'testAccuracy', 0.975)).toBe(200);
    expect(stepReaching(curves, 'testAccuracy', 0.99)).toBeUndefined();
    expect(stepReaching([[at(0, 0, 0.5), at(100, 0, 0.3)]], 'validationLoss', 0.31)).toBe(100);
  });
});

describe('a value with its deviation', () => {
  it('gives both to the same digit', () => {
    expect(formatMetricPoint({ x: 0, y: 0.081_234, spread: 0.003_001 }, 'validationLoss')).toBe('0.0812 ± 0.0030');
    expect(formatMetricPoint({ x: 0, y: 1.2345, spread: 0.0001 }, 'trainLoss')).toBe('1.23 ± 0.00');
    expect(formatMetricPoint({ x: 0, y: 0.974_12, spread: 0.0008 }, 'testAccuracy')).toBe('97.41 ± 0.08 %');
  });

  it('claims no deviation for a single run', () => {
    expect(formatMetricPoint({ x: 0, y: 0.974_12, spread: 0 }, 'testAccuracy')).toBe('97.41 %');
  });
});

describe('the lines drawn', () => {
  it('are dense, the ticket and what it is compared with, every replicate that started', () => {
    const groups = curveGroups(sampleReports.done(), 7);
    expect(groups.map(group => group.label)).toEqual([
      'dense',
      'ticket, level 7',
      'one-shot',
      'random reinit',
      'random mask',
    ]);
    expect(groups[3]!.runs).toEqual([0, 1, 2].map(replicate => sampleKey('random-reinit', 7, replicate)));
  });

  it('are only the dense one at level 0', () => {
    expect(curveGroups(sampleReports.done(), 0).map(group => group.id)).toEqual(['dense']);
  });

  it('ask for no run that has not started', () => {
    const groups = curveGroups(sampleReports.running(), 9);
    expect(groups.map(group => group.runs.length)).toEqual([1, 1, 1, 0, 0]);
    expect(groups.map(group => group.running)).toEqual([false, false, true, false, false]);
  });

  it('keep to the part of the axis where training has settled', () => {
    const report = sampleReports.single();
    const curves = new Map(Object.entries(sampleCurves(report)));
    const model = curvesModel(report, curveGroups(report, 15), curves, 'testAccuracy', new Set());
    expect(model.y.range.min).toBeGreaterThan(0.8);
    expect(model.x.range).toEqual({ min: 0, max: 5000 });
    expect(model.series[1]!.mark).toBeDefined();
  });

  it('say how fast they learn; of a run at work only so far', () => {
    const report = sampleReports.running();
    const curves = new Map(Object.entries(sampleCurves(report)));
    const [dense, ticket, oneShot] = curveGroups(report, 9);
    expect(speedNotes(report, dense!, curves)).toEqual(['early stop at 2,500']);
    expect(speedNotes(report, ticket!, curves)).toEqual([
      'early stop at 2,000',
      expect.stringMatching(/^matches dense at /),
    ]);
    expect(speedNotes(report, oneShot!, curves)[0]).toMatch(/so far$/);
  });
});

describe('the level shown while none is pinned', () => {
  it('is the one at work, then the one of the verdict, then the sparsest measured', () => {
    const running = sampleReports.running();
    expect(defaultLevel(running, sampleProgress(running))).toBe(9);
    expect(defaultLevel(sampleReports.done(), null)).toBe(15);
    expect(defaultLevel(sampleReports.withoutControls(), null)).toBe(15);
    expect(defaultLevel(sampleReports.started(), null)).toBe(0);
  });
});

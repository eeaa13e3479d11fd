import { describe, expect, it } from 'vitest';
import { ClassificationAccumulator } from '../../../src/metrics/classification';
import type { ClassificationEvaluation } from '../../../src/shared/evaluation';
import { labelStride, rampPosition } from '../../../webview/charts/confusionModel';
import {
  calibrationNote,
  describeBin,
  pooledBins,
  reliabilityModel,
  reliabilityTable,
} from '../../../webview/experiment/calibrationModel';
import { confusionModel, confusionTable } from '../../../webview/experiment/confusionsModel';
import { availability, classRows, figuresTable, targetsTable } from '../../../webview/experiment/evaluationModel';
import { EvaluationStore } from '../../../webview/experiment/state';
import { sampleEvaluations } from '../../support/sampleEvaluations';
import { sampleReports } from '../../support/sampleReports';

/** Of examples of classes 0, 1 and 2, four of each, what they are taken for; sure by e² to 1. */
function evaluation(predictions: readonly number[]): ClassificationEvaluation {
  const labels = predictions.map((_, i) => Math.floor(i / 4));
  const accumulator = new ClassificationAccumulator({ classes: 4, labels, logits: true });
  predictions.forEach((predicted, i) => {
    accumulator.add(
      i,
      Float32Array.from({ length: 4 }, (_, k) => (k === predicted ? 2 : 0)),
    );
  });
  return accumulator.result();
}

const dense = [evaluation([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0]), evaluation([0, 0, 0, 0, 1, 1, 1, 0, 2, 2, 2, 0])];
const ticket = [evaluation([0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2]), evaluation([0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 0])];

describe('classes', () => {
  it('come by what they lose, those without examples last, with means and deviations over replicates', () => {
    const rows = classRows(dense, ticket);
    expect(rows.map(row => row.label)).toEqual([0, 1, 2, 3]);
    expect(rows.map(row => row.change)).toEqual([0.625 - 1, 1 - 0.875, 0.875 - 0.75, 0]);
    expect(rows[0]!.spread).toBeCloseTo(0.125 * Math.SQRT2, 12);
    expect(rows[3]).toMatchObject({ support: 0, dense: null, ticket: null });
    expect(classRows(dense.slice(1), ticket.slice(1))[0]!.spread).toBeNull();
  });
});

describe('confusions', () => {
  it('are shares of the examples of a class over all replicates, or their differences', () => {
    const shares = confusionModel({}, dense, ticket, 'ticket', 3)!;
    expect(shares.values.slice(0, 4)).toEqual([5 / 8, 3 / 8, 0, 0]);
    const difference = confusionModel({}, dense, ticket, 'difference', 3)!;
    expect(difference.values.slice(0, 4)).toEqual([-3 / 8, 3 / 8, 0, 0]);
    expect(difference.largest).toBe(3 / 8);
    expect(difference.values.slice(12).every(Number.isNaN)).toBe(true);
    expect(difference.describe(0, 1)).toBe('class 0, taken for 1: dense 0.00 %, level 3 37.50 %, change +37.50 points');
    expect(difference.describe(3, 1)).toBe('class 3: no test examples');
  });

  it('have a table, the pair that changed most first', () => {
    expect(confusionTable({}, dense, ticket, 3).rows[0]).toEqual(['0 → 1', '0', '1.5', '+1.5']);
  });

  it('are told by the names of classes where the data has them', () => {
    const named = { labelNames: ['ash', 'birch', 'cedar', 'oak'] };
    expect(confusionTable(named, dense, ticket, 3).rows[0]![0]).toBe('0 · ash → 1 · birch');
    const { describe: describeCell } = confusionModel(named, dense, ticket, 'difference', 3)!;
    expect(describeCell(0, 1)).toMatch(/^class 0 · ash, taken for 1 · birch: /);
    expect(describeCell(3, 1)).toBe('class 3 · oak: no test examples');
  });

  it('reach the end of the ramp at the largest, small ones well off its start', () => {
    const model = { largest: 0.5 };
    expect([0, 0.005, 0.5, -0.5].map(value => rampPosition(model, value))).toEqual([0, 0.1, 1, -1]);
  });

  it('have labels that do not touch', () => {
    expect([40, 10, 5, 2.7].map(cell => labelStride(cell, 18))).toEqual([1, 2, 5, 10]);
  });
});

describe('calibration', () => {
  const [own, other] = [pooledBins(dense)!, pooledBins(ticket)!];

  it('takes replicates together', () => {
    // e² / (e² + 3) = 0.711 lies in the bin from 10/15 to 11/15
    expect(own[10]).toEqual({ count: 24, hits: 21, confidence: expect.closeTo(24 * 0.7112, 2) });
    expect(calibrationNote(own, other, 3)).toBe('dense 16.38 %, level 3 12.21 %');
  });

  it('draws the bins that have examples, and marks a lone one of the line without markers', () => {
    const { series, stops, diagonal } = reliabilityModel(own, other, 3);
    expect(series.map(({ points }) => points)).toEqual([
      [{ x: 0.7, y: 21 / 24, spread: 0 }],
      [{ x: 0.7, y: 20 / 24, spread: 0 }],
    ]);
    expect(series[0]!.mark).toBeDefined();
    expect([stops.length, diagonal]).toEqual([15, true]);
  });

  it('is told in words and as a table', () => {
    expect(describeBin(own, other, 3, 10)).toBe(
      'confidence 67 to 73 %: dense 87.50 % right at 71.12 % confidence, 24 examples; ' +
        'level 3 83.33 % right at 71.12 % confidence, 24 examples',
    );
    expect(reliabilityTable(own, other, 3).rows[0]).toEqual(['0 to 7 %', '0', '–', '–', '0', '–', '–']);
  });

  it('is not there where outputs are no logits', () => {
    expect(pooledBins([{ ...dense[0]!, probabilities: null }])).toBeNull();
  });
});

describe('an evaluation of a level', () => {
  const report = sampleReports.done();
  const runs = report.series[0]!.points[15]!.runs;

  it('is reading, there, or missing; of runs to come it is waited for', () => {
    const none = new Map(runs.map(run => [run, null]));
    const some = new Map(Object.entries(sampleEvaluations(report, runs.slice(0, 1))));
    expect(availability(report, new Map(), 15)).toBe('reading');
    expect(availability(report, none, 15)).toBe('missing');
    expect(availability(report, some, 15)).toBe('there');
    expect(availability(sampleReports.started(), new Map(), 15)).toBe('waiting');
  });

  it('is asked for once, and once more where the report has figures of it since', () => {
    const store = new EvaluationStore();
    const before = sampleReports.unevaluated();
    expect(store.ask(runs, before)).toEqual(runs);
    expect(store.ask(runs, before)).toEqual([]);
    expect(store.ask(runs, report)).toEqual(runs);
  });

  it('has the figures of the report beside those of dense', () => {
    const { columns, rows } = figuresTable(report, 15);
    expect(columns).toEqual(['', 'dense', 'level 15']);
    expect(rows.map(([name]) => name)).toEqual([
      'test accuracy',
      'test loss',
      'top-5 accuracy',
      'worst class recall',
      'calibration error',
      'Brier score',
    ]);
    expect(figuresTable(report, 0).columns).toEqual(['', 'dense']);
  });

  it('of a regression has the target that falls most first', () => {
    const regression = sampleReports.regression();
    const at = (level: number) =>
      Object.values(sampleEvaluations(regression, regression.series[0]!.points[level]!.runs)).filter(
        one => one.task === 'regression',
      );
    const { rows } = targetsTable({ labelNames: ['height', 'width', 'age'] }, at(0), at(15), 15)!;
    expect(rows.map(([target]) => target)).toEqual(['2 · age', '1 · width', '0 · height']);
    expect(figuresTable(regression, 15).rows.map(([name]) => name)).toEqual(['test R²', 'test loss', 'RMSE', 'MAE']);
  });
});

import { describe, expect, it } from 'vitest';
import { describeReport } from '../../../src/job/cli/table';
import { rankings } from '../../../src/lottery/ranking';
import { qualityOf } from '../../../src/shared/quality';
import { sampleReport } from '../../support/sampleReports';

describe('the report at a terminal', () => {
  const report = sampleReport();

  it('says what the training took of memory, where that is known', () => {
    const memory = { data: 2 ** 20, parameters: 2 ** 21, activations: 2 ** 19, total: 3.5 * 2 ** 20 };
    const lines = describeReport({ ...report, memory }, '/store/report.json').split('\n');
    expect(lines[2]).toBe('memory 3.5 MiB: data 1.0 MiB, weights and optimiser 2.0 MiB, activations 512 KiB');
    expect(describeReport(report, '/store/report.json')).not.toContain('memory');
  });

  it('sets what else the test split says of the ticket beside the dense network', () => {
    const text = describeReport(report, '/store/report.json');
    expect(text).toMatch(/top-5 accuracy +worst class recall +calibration error +Brier score\n +dense /);
    expect(text).toMatch(new RegExp(`^ *level ${report.verdict.level} `, 'm'));
    const dense = report.series[0]!.points[0]!.measures!.topFive!;
    expect(text).toContain(`${(dense.mean * 100).toFixed(2)} ± ${(dense.std * 100).toFixed(2)} %`);
    expect(describeReport(sampleReport({ unevaluated: true }), '')).not.toContain('top-5');
  });

  it('has R² where an accuracy has no meaning', () => {
    const text = describeReport(sampleReport({ regression: true }), '/store/report.json');
    expect(text).toMatch(/R² 0\.98\d\d ± 0\.00\d\d/);
    expect(text).toMatch(/R² +RMSE +MAE\n/);
    expect(text).not.toMatch(/accuracy|percentage/);
  });

  it('gives more methods a table of their own: a row each, a column for each sparsity, the best marked', () => {
    const point = report.series[0]!.points[11]!;
    const snip = { ...point, kept: point.kept + 3, testAccuracy: { mean: 0.97, std: 0.001, values: [0.969, 0.971] } };
    const series = [...report.series, { method: 'snip' as const, points: [{ ...snip, level: 1 }], sparsities: [0.91] }];
    const best = rankings(series, qualityOf(report), () => 0);
    const lines = describeReport({ ...report, series, verdict: { ...report.verdict, best } }, '').split('\n');
    const header = lines.findIndex(line => /^ *sparsity /.test(line));
    const rows = lines.slice(header + 1, lines.indexOf('* the best by its mean'));
    expect(rows.map(row => row.trim().split(/  +/)[0])).toHaveLength(5);
    expect(rows.find(row => /^ *SNIP /.test(row))!.match(/[\d.]+ ± [\d.]+ %/g)).toEqual(['97.00 ± 0.10 %']);
    // one mark in each of eight columns
    expect(rows.join('').match(/ \*/g)).toHaveLength(8);
    expect(lines[header]).toContain('91.1 %');
    // at level 1 of its own list it is no row of the levels
    expect(lines.find(line => /^ *1 /.test(line))).not.toContain('97.00');
    expect(describeReport(report, '')).not.toContain('sparsity  ');
  });

  it('shows what stands alone at a sparsity of its own', () => {
    const [iterative] = report.series;
    const point = { ...iterative!.points[11]!, level: 1, kept: 266, sparsity: 0.999 };
    const series = [
      { ...iterative!, points: iterative!.points.slice(0, 1) },
      { method: 'synflow' as const, points: [point], sparsities: [0.999] },
    ];
    const text = describeReport({ ...report, series, verdict: { ...report.verdict, best: [] } }, '');
    expect(text).toMatch(/sparsity +99\.9 %/);
    expect(text).toMatch(/^ *SynFlow +98\.\d\d ± 0\.\d\d %/m);
  });

  it('ends with verdict and path', () => {
    const text = describeReport(report, '/store/report.json');
    expect(text).toContain(report.verdict.summary);
    expect(text).toContain('Report: /store/report.json');
  });
});

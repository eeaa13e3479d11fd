import { describe, expect, it } from 'vitest';
import { heatModel, shortShare } from '../../../webview/experiment/layersModel';
import { roundRows } from '../../../webview/experiment/roundsModel';
import { sampleProgress, sampleReports } from '../../support/sampleReports';

describe('the rows of the rounds table', () => {
  it('are all there before anything is measured, so that nothing moves', () => {
    const rows = roundRows(sampleReports.started(), null);
    expect(rows).toHaveLength(16);
    expect(rows[3]).toMatchObject({ state: 'waiting', remaining: '', test: '', difference: '', density: null });
  });

  it('say what was measured, with the difference from dense', () => {
    const row = roundRows(sampleReports.done(), null)[7]!;
    expect(row).toMatchObject({ remaining: '21.2 %', kept: '56,545', state: 'measured', sign: 1, earlyStop: '2,000' });
    expect(row.test).toMatch(/^98\.28 ± 0\.\d\d %$/);
    expect(row.difference).toMatch(/^\+0\.\d\d$/);
    expect(row.compared.map(one => one.method)).toEqual(['one-shot', 'random-reinit', 'random-mask']);
  });

  it('mark the level of the verdict and no other', () => {
    const winners = (name: 'done' | 'withoutControls') =>
      roundRows(sampleReports[name](), null).filter(row => row.winner);
    expect(winners('done').map(row => row.level)).toEqual([15]);
    expect(winners('withoutControls')).toEqual([]);
  });

  it('follow the run at work step by step', () => {
    const report = sampleReports.started();
    expect(roundRows(report, sampleProgress(report))[0]).toMatchObject({
      state: 'running',
      test: 'step 2,000 of 5,000',
    });
    const running = sampleReports.running();
    expect(roundRows(running, sampleProgress(running))[9]!.compared[0]!.text).toBe('training');
  });

  it('name what is at work, at its level only, and only while a job is', () => {
    const running = sampleReports.running();
    const working = (rows: ReturnType<typeof roundRows>) => rows.map(row => row.working).filter(text => text !== '');
    expect(working(roundRows(running, sampleProgress(running)))).toEqual(['one-shot, step 2,000 of 5,000']);
    expect(roundRows(running, sampleProgress(running))[9]!.working).not.toBe('');
    expect(working(roundRows(running, null))).toEqual([]);
    const started = sampleReports.started();
    expect(roundRows(started, sampleProgress(started))[0]!.working).toBe('dense, step 2,000 of 5,000');
    // the last report is from before the run began
    const runs = started.runs.map(run => ({ ...run, status: 'waiting' as const }));
    expect(roundRows({ ...started, runs }, sampleProgress(started))[0]).toMatchObject({
      working: 'dense, step 2,000 of 5,000',
      test: 'step 2,000 of 5,000',
      state: 'running',
    });
  });

  it('say which comparison failed', () => {
    expect(roundRows(sampleReports.partlyFailed(), null)[8]!.compared.map(one => one.text === 'failed')).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('the heatmap of layers and levels', () => {
  it('runs from the whole layer to the sparsest density, even in the logarithm', () => {
    const { rows, minimum } = heatModel(sampleReports.done());
    const [first, second] = rows[0]!.cells;
    expect(first).toMatchObject({ density: 1, share: 1, text: '100' });
    expect(minimum).toBeGreaterThan(0.01);
    expect(second!.share).toBeLessThan(1);
    const shares = rows[0]!.cells.map(cell => cell.share);
    const steps = shares.slice(1).map((share, i) => shares[i]! - share);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(0.001);
    expect(Math.min(...rows.flatMap(row => row.cells.map(cell => cell.share)))).toBeGreaterThanOrEqual(0);
  });

  it('tells an empty layer from a sparse one', () => {
    const row = heatModel(sampleReports.emptyLayer()).rows[1]!;
    expect(row.emptyFrom).toBe(17);
    expect(row.cells[16]).toMatchObject({ empty: false });
    expect(row.cells[17]).toMatchObject({ empty: true, text: '∅' });
    expect(row.cells[17]!.title).toContain('the layer is empty');
  });

  it('leaves cells open that were not measured', () => {
    const cells = heatModel(sampleReports.running()).rows[0]!.cells;
    expect(cells).toHaveLength(16);
    expect(cells[9]!.density).not.toBeNull();
    expect(cells[10]).toMatchObject({ density: null, text: '' });
  });

  it('writes shares as short as a cell needs', () => {
    expect([1, 0.214, 0.0996, 0.035, 0.0042, 0.000_36].map(shortShare)).toEqual([
      '100',
      '21',
      '10',
      '3.5',
      '0.42',
      '0.036',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { linesContent } from '../../../webview/charts/content';
import { ordered } from '../../../webview/experiment/best';
import {
  barrierChart,
  barrierTable,
  pathChart,
  stabilityAside,
  stabilityLevels,
  sweepChart,
} from '../../../webview/experiment/stabilityModel';
import { transferChart, transferTable } from '../../../webview/experiment/transferModel';
import {
  bytesChart,
  formatShortTime,
  shareChart,
  smallestForm,
  worthTable,
} from '../../../webview/experiment/worthModel';
import { sampleScience } from '../../support/sampleScience';
import { sampleWorth } from '../../support/sampleWorth';

const report = sampleScience();
const worth = sampleWorth(report);
const nothing = new Set<string>();

describe('stability', () => {
  it('draws the error on the line between two networks, for each step at which they part', () => {
    const [first, ...others] = report.stability!.filter(({ level }) => level === 0);
    const { lines } = pathChart(report, 0);
    expect(lines).toHaveLength(1 + others.length);
    expect(lines[0]!.points).toEqual(
      first!.path.map(({ alpha, testError }) => ({ x: alpha, y: testError.mean, spread: testError.std })),
    );
    expect(lines[0]!.title).toMatch(/barrier 6\.\d\d ± 0\.\d\d %: not stable/);
    expect(stabilityLevels(report)).toEqual([0, 20]);
  });

  it('draws barriers by the step of parting, and saves the step itself', () => {
    const chart = barrierChart(report);
    expect(chart.lines.map(({ label }) => label)).toEqual(['dense', 'level 20']);
    expect(chart.lines[0]!.points.map(({ x }) => Math.round(chart.x.value!(x)))).toEqual([0, 50, 250, 500]);
    expect(chart.reference).toMatchObject({ y: 0.02 });
    expect(chart.place(Math.sqrt(250))).toBe('parted at step 250');
  });

  it('tells every pair in a table', () => {
    const { rows } = barrierTable(report);
    expect(rows).toHaveLength(report.stability!.length);
    expect(rows.map(row => row.at(-1))).toEqual(
      report.stability!.map(({ stable }) => (stable ? 'stable' : 'not stable')),
    );
    expect(stabilityAside(report)).toMatch(/^\d of 8 pairs stable$/);
  });

  it('draws tickets by rewind step beside the dense network', () => {
    const chart = sweepChart(report);
    expect(chart.lines.map(({ label }) => label)).toEqual(['to step 0', 'to step 50', 'to step 250']);
    expect(chart.lines[2]!.points).toHaveLength(report.sweep![2]!.points.length);
    expect(chart.reference!.y).toBe(report.series[0]!.points[0]!.testAccuracy.mean);
  });
});

describe('a chart of lines', () => {
  const content = linesContent(sweepChart(report));

  it('says what stands at a stop, of all lines or of one', () => {
    expect(content.describe(0)).toMatch(/^100 % remaining: to step 0 9\d\.\d\d ± 0\.\d\d %; to step 50 /);
    expect(content.describe(0, '50')).toMatch(/^100 % remaining: to step 50 [\d.]+ ± [\d.]+ %$/);
  });

  it('leaves hidden lines out of the picture and keeps them in the legend', () => {
    const hidden = new Set(['50', 'dense']);
    expect(content.model(hidden).series.map(({ id }) => id)).toEqual(['0', '250']);
    expect(content.model(hidden).reference).toBeUndefined();
    expect(content.model(nothing).reference).toBeDefined();
    expect(content.legend(0).map(({ id }) => id)).toEqual(['dense', '0', '50', '250']);
  });

  it('has a table of every stop', () => {
    expect(content.table.rows).toHaveLength(content.model(nothing).stops.length);
  });
});

describe('transfer', () => {
  it('draws tickets and controls of the second data set', () => {
    const transfer = report.transfer!;
    const chart = transferChart(report, transfer);
    expect(chart.title).toContain('Fashion-MNIST (idx)');
    expect(chart.lines.map(({ label }) => label)).toEqual(['ticket', 'random reinit', 'random mask']);
    const { columns, rows } = transferTable(report, transfer);
    expect(columns.at(-1)).toBe('ticket, Δ dense, pp');
    expect(rows[0]!.slice(0, 2)).toEqual(['0', '100 %']);
    expect(rows.at(-1)!.at(-1)).toMatch(/^[+−]\d\.\d\d$/);
  });
});

describe('worth', () => {
  it('draws bytes of every form, from nothing up, with labels in one unit', () => {
    const chart = bytesChart(report, worth);
    expect(chart.lines.map(({ label }) => label)).toEqual(['dense', 'gzip', 'bit mask', 'CSR', 'COO']);
    expect(chart.lines[0]!.points[3]!.y).toBe(worth.levels[3]!.bytes.dense);
    const axis = chart.y(chart.lines);
    expect(axis.range.min).toBe(0);
    expect(axis.range.max).toBeGreaterThan(worth.levels[0]!.bytes.coo);
    expect(axis.ticks(300).at(-1)!.label).toMatch(/ MiB$/);
  });

  it('draws operations and times as shares of the dense network', () => {
    const { lines } = shareChart(report, worth);
    expect(lines.map(({ id }) => id)).toEqual(['multiplyAdds', 'step', 'inference']);
    for (const { points } of lines) expect(points[0]!.y).toBe(1);
    const sixth = worth.levels[6]!;
    expect(lines[1]!.points[6]!.y).toBeCloseTo(sixth.seconds!.step / worth.levels[0]!.seconds!.step, 12);
  });

  it('leaves out what could not be measured', () => {
    const levels = worth.levels.map(level => ({ ...level, seconds: null, multiplyAdds: null }));
    expect(shareChart(report, { ...worth, levels }).lines).toEqual([]);
    expect(worthTable(report, { ...worth, levels }).rows[3]!.slice(-5)).toEqual(['–', '–', '–', '–', '–']);
  });

  it('tells a level with its gain, and the smallest form', () => {
    const row = worthTable(report, worth).rows[8]!;
    expect(row.slice(0, 2)).toEqual(['8', '17.1 %']);
    expect(row.at(-3)).toMatch(/^\d\.\d\d×$/);
    expect(smallestForm(worth, 16)).toMatch(/^level 16: \d+ KiB as gzip instead of 1\.0 MiB$/);
    expect([2, 0.0042, 0.000_021].map(formatShortTime)).toEqual(['2.00 s', '4.20 ms', '21.0 µs']);
  });
});

describe('the rankings under the verdict', () => {
  it('begin with the level of the verdict, then what papers speak of, sparsest first', () => {
    const all = ordered(report.verdict.best!, report);
    expect(all[0]!.level).toBe(report.verdict.level);
    expect(all[1]!.sparsity).toBeCloseTo(0.99, 2);
    expect(all).toHaveLength(report.verdict.best!.length);
  });
});

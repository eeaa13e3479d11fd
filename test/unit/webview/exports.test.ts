import { describe, expect, it } from 'vitest';
import { confusionCsv, csv, heatCsv, plotCsv } from '../../../webview/charts/export/csv';
import { confusionSvg, heatSvg } from '../../../webview/charts/export/heatSvg';
import { plotSvg } from '../../../webview/charts/export/plotSvg';
import { methodColors } from '../../../webview/charts/palette';
import { cssColor } from '../../../webview/charts/color';
import { styleIds, type StyleId } from '../../../webview/charts/styles';
import type { ConfusionModel } from '../../../webview/charts/confusionModel';
import { heatModel } from '../../../webview/experiment/layersModel';
import { overviewModel } from '../../../webview/experiment/overviewModel';
import { fileName } from '../../../webview/ui/saving';
import { sampleReports } from '../../support/sampleReports';
import { sampleScience } from '../../support/sampleScience';

const drawn = methodColors(() => '', [255, 255, 255]);
const colors = {
  dark: false,
  foreground: '#3b3b3b',
  muted: 'rgba(59, 59, 59, 0.7)',
  background: '#ffffff',
  colors: Object.fromEntries(styleIds.map(id => [id, cssColor(drawn[id])])) as Record<StyleId, string>,
};
const nothing = new Set<string>();
const count = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;

const confusion: ConfusionModel = {
  classes: 2,
  values: [0.75, 0.25, NaN, NaN],
  signed: false,
  largest: 1,
  text: value => value.toFixed(2),
  describe: () => '',
  ends: ['0 %', '100 %'],
  legend: 'share',
};

describe('a chart as SVG', () => {
  it('is vectors: a line, a band and every marker of each series, with its name', () => {
    const model = overviewModel(sampleReports.done(), nothing);
    const svg = plotSvg(model, colors, 'Accuracy');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+/);
    expect(svg).not.toMatch(/<image|<foreignObject|data:/);
    for (const { label } of model.series) expect(svg).toContain(`>${label}</text>`);
    const points = model.series.reduce((sum, { points }) => sum + points.length, 0);
    // one marker a point, one in the legend a series
    expect(count(svg, /scale\(3\.[68]\)/g)).toBe(points + model.series.length);
    expect(count(svg, /fill-opacity="0\.18"/g)).toBe(model.series.length);
    expect(svg).toContain('>test accuracy</text>');
    expect(svg).toContain('>weights remaining</text>');
  });

  it('leaves out what is hidden', () => {
    const svg = plotSvg(overviewModel(sampleReports.done(), new Set(['random-mask', 'dense'])), colors, 'Accuracy');
    expect(svg).not.toContain('random mask');
    expect(svg).not.toContain('>dense</text>');
  });

  it('has room for all methods', () => {
    const svg = plotSvg(overviewModel(sampleScience(), nothing), colors, 'Accuracy');
    const height = Number(/height="(\d+)"/.exec(svg)![1]);
    for (const y of svg.matchAll(/ y="([\d.]+)"/g)) expect(Number(y[1])).toBeLessThan(height);
  });

  it('holds names from files as text', () => {
    const model = overviewModel(sampleReports.done(), nothing);
    const hostile = { ...model, series: model.series.map(one => ({ ...one, label: '</svg><script>"&\u0000' })) };
    const svg = plotSvg(hostile, colors, '"><script>');
    expect(svg).not.toContain('<script>');
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;/svg&gt;&lt;script&gt;&quot;&amp;');
  });

  it('draws heatmaps cell by cell, empty layers hatched', () => {
    const svg = heatSvg(heatModel(sampleReports.emptyLayer()), colors, 'Layers');
    expect(count(svg, /<rect [^>]*width="33"/g)).toBe(3 * 21);
    expect(count(svg, /url\(#empty\)/g)).toBe(4);
    expect(svg).toContain('of 235,200 weights kept');
  });

  it('draws a confusion matrix without classes that have no examples', () => {
    const svg = confusionSvg(confusion, colors, 'Confusions');
    expect(count(svg, /<rect [^>]*width="33"/g)).toBe(2);
    expect(svg).toContain('>0.75</text>');
  });
});

describe('a chart as CSV', () => {
  it('has each point that is drawn: line, density, value, deviation', () => {
    const report = sampleReports.done();
    const rows = plotCsv(overviewModel(report, nothing)).trimEnd().split('\r\n');
    expect(rows[0]).toBe('line,weights remaining,test accuracy,standard deviation');
    const point = report.series[0]!.points[7]!;
    const row = rows.filter(text => text.startsWith('iterative,'))[7]!.split(',');
    expect(Number(row[1])).toBeCloseTo(point.kept / point.total, 9);
    expect(Number(row[2])).toBeCloseTo(point.testAccuracy.mean, 10);
    expect(Number(row[3])).toBeCloseTo(point.testAccuracy.std, 10);
  });

  it('has the counts of a heatmap', () => {
    const rows = heatCsv(heatModel(sampleReports.done())).trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + 3 * 16);
    expect(rows[1]).toBe('dense_1,784 × 300,235200,0,235200,1');
  });

  it('leaves cells empty that have no number', () => {
    expect(confusionCsv(confusion)).toBe('share,0,1\r\n0,0.75,0.25\r\n1,,\r\n');
  });

  it('quotes what would break a row, and disarms what a spreadsheet would compute', () => {
    expect(csv([['a,b', 'say "x"', '=1+1', '@x', '+0.27', '-x']])).toBe('"a,b","say ""x""",\'=1+1,\'@x,+0.27,\'-x\r\n');
  });
});

describe('the name of a file', () => {
  it('is plain, whatever the experiment is called', () => {
    expect(fileName('lenet-mnist: test accuracy')).toBe('lenet-mnist test accuracy');
    expect(fileName('../../etc/passwd')).toBe('etc passwd');
    expect(fileName('…')).toBe('chart');
    expect(fileName('x'.repeat(300))).toHaveLength(100);
  });
});

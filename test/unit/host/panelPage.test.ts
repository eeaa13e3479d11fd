import { describe, expect, it } from 'vitest';
import { collectPageData } from '../../../src/shared/pageData';
import { jsonForHtml, panelPage, type PageData } from '../../../src/shared/panelPage';
import { sampleCurves, sampleReports } from '../../support/sampleReports';

const hostile = '</script><script>alert(1)</script><!--<script>]]>\u2028&amp;"';

function dataOf(name = 'lenet-mnist'): PageData {
  return { name, report: sampleReports.single(), curves: {}, evaluations: {} };
}

function page(data: PageData, script = 'main()', style = 'p{}'): string {
  return panelPage({ data, script, style, nonce: 'abc-DEF_123' });
}

describe('the panel as one page', () => {
  it('loads nothing and runs nothing but its own script', () => {
    const html = page(dataOf());
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'nonce-abc-DEF_123'",
      "style-src 'nonce-abc-DEF_123'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/\b(?:src|href)="/);
  });

  it('holds its data so that nothing in it ends the element, and gives it back as it was', () => {
    const html = page(dataOf(hostile));
    const held = /<script type="application\/json" id="experiment-data">(.*?)<\/script>/s.exec(html)![1]!;
    expect(held).not.toMatch(/[<>&\u2028]/);
    expect((JSON.parse(held) as PageData).name).toBe(hostile);
    // opened: the data's and the page's own; none by the name
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).toContain('<title>&lt;/script&gt;&lt;script&gt;');
  });

  it('takes a script that speaks of elements, with the same meaning', () => {
    const script = 'const a = "</script>", b = /<!--x/u, c = `</SCRIPT>`;\n//# sourceMappingURL=main.js.map';
    const html = page(dataOf(), script);
    const own = /<script type="module" nonce="abc-DEF_123">\n(.*?)\n<\/script>/s.exec(html)![1]!;
    expect(own).not.toMatch(/<\/script|<!--|sourceMappingURL/i);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- our own text
    expect(new Function(`${own}; return [a, b.source, c]`)()).toEqual(['</script>', '\\x3c!--x', '</SCRIPT>']);
  });

  it('is light or dark as the reader has it', () => {
    expect(page(dataOf())).toMatch(/:root \{ color-scheme: light;[^]*prefers-color-scheme: dark[^]*color-scheme: dark/);
  });
});

it('writes JSON that HTML cannot misread', () => {
  expect(JSON.parse(jsonForHtml({ [hostile]: hostile }))).toEqual({ [hostile]: hostile });
});

describe('what goes into the page', () => {
  it('is the report, the curves of its runs, and the evaluations of dense network and tickets', async () => {
    const report = sampleReports.single();
    const all = sampleCurves(report);
    const asked: string[] = [];
    const data = await collectPageData(report, {
      curve: run => Promise.resolve(all[run] ?? []),
      evaluation: run => {
        asked.push(run);
        return Promise.resolve(null);
      },
    });
    expect(data.report).toBe(report);
    expect(Object.keys(data.curves)).toHaveLength(report.runs.length);
    expect(asked).toEqual(report.series[0]!.points.flatMap(point => point.runs));
  });

  it('stays small enough to open', async () => {
    const report = sampleReports.done();
    const point = { step: 0, trainLoss: 0, validationLoss: 0, validationAccuracy: 0, testLoss: 0, testAccuracy: 0 };
    const long = Array.from({ length: 100_000 }, (_, step) => ({ ...point, step }));
    const data = await collectPageData(report, {
      curve: () => Promise.resolve(long),
      evaluation: () => Promise.resolve(null),
    });
    expect(Object.keys(data.curves).length).toBeGreaterThan(1);
    expect(Object.keys(data.curves).length).toBeLessThan(10);
  });
});

/** Experiments side by side. */
import { describe, expect, test } from 'vitest';
import type { ComparisonToHost, HostToComparison } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleReport, sampleReports } from '../support/sampleReports';
import { sampleScience } from '../support/sampleScience';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

function named(report: Report, name: string, rate: number): Report {
  const pruning = { ...report.experiment.pruning, rate };
  return { ...report, experiment: { ...report.experiment, name, pruning } };
}

const experiments: HostToComparison = {
  type: 'experiments',
  experiments: [
    { name: 'slow', place: '/a', report: named(sampleReports.done(), 'slow', 0.2) },
    { name: 'fast', place: '/a', report: named(sampleScience(), 'fast', 0.5) },
    { name: 'fast', place: '/b', report: null },
    { name: 'numbers', place: '/a', report: named(sampleReport({ regression: true }), 'numbers', 0.2) },
  ],
};

describe.skipIf(unlessMissing(chromiumMissing))('the comparison of experiments', () => {
  const open = webviewPages<ComparisonToHost, HostToComparison>('compare');
  const opened = async () => {
    const panel = await open();
    await panel.sendLong(experiments);
    await panel.page.locator('.card-comparison').waitFor();
    return panel;
  };

  test('draws one line an experiment, more with more methods, and keeps the choice', async () => {
    const { page } = await opened();
    const lines = page.locator('.card-comparison .legend-item .legend-label');
    expect(await lines.allInnerTexts()).toEqual(['slow', 'fast (/a)']);
    await page.locator('.methods vscode-checkbox', { hasText: 'SNIP' }).click();
    await expect
      .poll(() => lines.allInnerTexts())
      .toEqual(['slow, iterative', 'fast (/a), iterative', 'fast (/a), SNIP']);
  });

  test('says what cannot be shown, and why', async () => {
    const { page } = await opened();
    const text = await page.getByRole('status').first().innerText();
    expect(text).toContain('fast (/b) has no results yet.');
    expect(text).toContain('numbers cannot be drawn beside the others: it is judged by test R².');
  });

  test('has the best tickets, and the fields in which the recipes differ', async () => {
    const { page } = await opened();
    const tickets = page.locator('.card-tickets tbody tr');
    expect(await tickets.count()).toBe(2);
    expect(await tickets.first().innerText()).toMatch(/^slow\s+15\s+3\.\d %\s+9\d\.\d\d ± /);
    const fields = await page.locator('.card-recipes tbody tr').allInnerTexts();
    expect(fields.find(text => text.startsWith('pruning.rate'))).toMatch(/^pruning\.rate\s+0\.2\s+0\.5$/);
    expect(fields.some(text => /^(name|seed|training\.steps)\s/.test(text))).toBe(false);
  });

  test('opens the panel of one of them', async () => {
    const panel = await opened();
    await panel.page.locator('vscode-button', { hasText: 'Open slow' }).click();
    expect(await panel.posted()).toContainEqual({ type: 'open', index: 0 });
  });

  test('fits every width and theme', async () => {
    const panel = await opened();
    for (const width of [320, 900, 1400]) {
      await panel.page.setViewportSize({ width, height: 900 });
      for (const theme of ['dark', 'light', 'hcDark'] as const) {
        await panel.theme(theme);
        await panel.page.waitForTimeout(100); // charts follow in the next frame
        await screenshot(panel.page, `webview/compare-${theme}-${width}`, { fullPage: true });
      }
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });
});

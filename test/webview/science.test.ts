/** The panel with every method and every study. */
import { describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleReports } from '../support/sampleReports';
import { sampleScience } from '../support/sampleScience';
import { webviewPages } from '../support/webviewPage';

const state = (report: Report): HostToPanel => ({
  type: 'state',
  name: 'lenet-mnist',
  running: false,
  report,
  progress: null,
  error: null,
});

describe.skipIf(unlessMissing(chromiumMissing))('every method and every study', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');
  const opened = async (report: Report, tab = 'Overview') => {
    const panel = await open();
    await panel.sendLong(state(report));
    await panel.page.locator('vscode-panel-tab', { hasText: tab }).click();
    return panel;
  };

  test('the verdict says which method is best at its level, with the deviation', async () => {
    const report = sampleScience();
    const { page } = await opened(report);
    const first = page.locator('.best li').first();
    const at = report.verdict.best!.find(({ level }) => level === report.verdict.level)!;
    const best = at.entries[0]!;
    const percent = (share: number) => (share * 100).toFixed(2);
    expect(await first.innerText()).toMatch(/^Best at 97\.0 %:/);
    expect(await first.innerText()).toContain(`${percent(best.quality.mean)} ± ${percent(best.quality.std)} %`);
    expect(await first.locator('.best-entry').nth(1).getAttribute('title')).toMatch(
      /against the best, over 3 paired replicates$/,
    );
  });

  test('a method of its own sparsities is read where it was measured, and nowhere else', async () => {
    const { page } = await opened(sampleScience());
    const reading = page.locator('.card-overview .legend-item[data-method="snip"] .legend-value');
    await page.locator('.rounds-table tbody tr[data-level="3"]').hover();
    expect(await reading.innerText()).toBe('–');
    await page.locator('.rounds-table tbody tr[data-level="-3"]').hover();
    await expect.poll(() => reading.innerText()).toMatch(/^9\d\.\d\d ± 0\.\d\d %$/);
    expect(await page.locator('.card-overview .card-aside').innerText()).toBe('10.0 % remaining');
  });

  test('a method that is switched off stays so over a reload', async () => {
    const report = sampleScience();
    const panel = await opened(report);
    const item = panel.page.locator('.card-overview .legend-item[data-method="synflow"]');
    await item.click();
    expect(await item.getAttribute('aria-pressed')).toBe('false');
    await panel.page.reload();
    await panel.sendLong(state(report));
    await expect.poll(() => item.getAttribute('aria-pressed')).toBe('false');
  });

  test('the line that the keyboard walks along stands out in the legend too', async () => {
    const { page } = await opened(sampleScience());
    await page.getByRole('application', { name: /^Test accuracy against weights remaining/ }).focus();
    const standing = page.locator('.card-overview .legend-item.emphasised');
    await page.keyboard.press('Home');
    expect(await standing.count()).toBe(0);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => standing.getAttribute('data-method')).toBe('iterative');
    await page.keyboard.press('Escape');
    await expect.poll(() => standing.count()).toBe(0);
  });

  test('stability has its advice, its barriers and the level that is chosen', async () => {
    const report = sampleScience();
    const { page } = await opened(report, 'Stability');
    expect(await page.locator('.advice-list').first().innerText()).toContain(report.stabilityAdvice);
    expect(await page.locator('.card-barriers tbody tr').count()).toBe(report.stability!.length);
    const chart = page.getByRole('application', { name: /^lenet-mnist: error between two dense networks/ });
    await chart.focus();
    await page.keyboard.press('Home');
    await expect
      .poll(() => page.locator('[aria-live="polite"]').innerText())
      .toMatch(/^0 % of the way: parted at step 0 2\.\d\d ± /);
    await page.locator('.path-level vscode-dropdown').click();
    await page.locator('.path-level vscode-option', { hasText: 'level 20' }).click();
    await page.getByRole('application', { name: /error between two tickets of level 20/ }).waitFor();
  });

  test('transfer and worth tell what they found', async () => {
    const report = sampleScience();
    const { page } = await opened(report, 'Transfer');
    expect(await page.locator('.card-transfer-table tbody tr').count()).toBeGreaterThan(2);
    await expect.poll(() => page.getByText(report.transfer!.summary).isVisible()).toBe(true);
    await page.locator('vscode-panel-tab', { hasText: 'Worth' }).click();
    await expect.poll(() => page.getByText(report.worth!.statement).isVisible()).toBe(true);
    expect(await page.locator('.card-worth-table tbody tr').count()).toBe(report.worth!.levels.length);
    await page.locator('.card-bytes vscode-checkbox').click();
    expect(await page.locator('.card-bytes .data-table thead').innerText()).toMatch(
      /dense\s+gzip\s+bit mask\s+CSR\s+COO/,
    );
  });

  test.each([
    ['Stability', '"rewindSweep"'],
    ['Transfer', '"transfer"'],
  ])('%s says what to write into the experiment file, and opens it', async (tab, field) => {
    const panel = await opened(sampleReports.unevaluated(), tab);
    const empty = panel.page.locator('.empty-state:visible');
    expect(await empty.locator('code').innerText()).toContain(field);
    await empty.locator('vscode-button').click();
    expect(await panel.posted()).toContainEqual({ type: 'openExperiment' });
  });
});

/** Charts that are saved from their menus, and the panel as a page of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkPanelMessage } from '../../src/host/validate';
import type { HostToPanel, PanelToHost, SavedFile } from '../../src/shared/messages';
import { panelPage } from '../../src/shared/panelPage';
import { chromiumMissing, launchChromium, unlessMissing } from '../support/chromium';
import { sampleEvaluations } from '../support/sampleEvaluations';
import { sampleCurves, sampleReports } from '../support/sampleReports';
import { sampleScience } from '../support/sampleScience';
import { screenshot } from '../support/screenshots';
import { webviewPages, type WebviewPage } from '../support/webviewPage';

type PanelPage = WebviewPage<PanelToHost, HostToPanel>;

const state = (report = sampleReports.done()): HostToPanel => ({
  type: 'state',
  name: 'lenet-mnist',
  running: false,
  report,
  progress: null,
  error: null,
});
const saved = async (panel: PanelPage): Promise<SavedFile[]> =>
  (await panel.posted()).flatMap(message => (message.type === 'save' ? [message.file] : []));

describe.skipIf(unlessMissing(chromiumMissing))('the menu of a chart', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');

  test('saves vectors, a picture at twice the size and the numbers, all of which the host takes', async () => {
    const panel = await open();
    await panel.send(state());
    const menu = panel.page.locator('.card-overview .menu');
    for (const [index, kind] of ['SVG', 'PNG', 'CSV'].entries()) {
      await menu.locator('.menu-button').click();
      await menu.getByRole('menuitem', { name: `Save as ${kind}…` }).click();
      await expect.poll(async () => (await saved(panel)).length).toBe(index + 1);
    }
    const files = await saved(panel);
    expect(files.map(({ kind }) => kind)).toEqual(['svg', 'png', 'csv']);
    for (const file of files) {
      expect(file.name).toBe('lenet-mnist test accuracy against weights remaining');
      expect(checkPanelMessage({ type: 'save', file }).ok).toBe(true);
    }
    expect(files[0]!.content).toMatch(/^<svg [^>]*width="760"/);
    const png = Buffer.from(files[1]!.content, 'base64');
    expect(png.readUInt32BE(16)).toBe(2 * 760);
    expect(files[2]!.content.split('\r\n')[0]).toBe('line,weights remaining,test accuracy,standard deviation');
    const picture = await panel.page.context().newPage();
    await picture.setContent(files[0]!.content);
    await screenshot(picture, 'webview/saved-overview-svg', { fullPage: true });
  });

  test('is walked over by keys, and Escape gives the focus back', async () => {
    const panel = await open();
    await panel.send(state());
    const button = panel.page.locator('.card-layers .menu-button');
    await button.focus();
    await panel.page.keyboard.press('ArrowDown');
    const focused = () => panel.page.evaluate(() => document.activeElement?.textContent);
    expect(await focused()).toBe('Save as SVG…');
    await panel.page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('Save as CSV…');
    await panel.page.keyboard.press('Escape');
    expect(await button.evaluate(element => element === document.activeElement)).toBe(true);
    expect(await panel.page.getByRole('menuitem').count()).toBe(0);
  });
});

describe.skipIf(unlessMissing(chromiumMissing))('the panel as a page of its own', () => {
  let browser: Browser;
  let directory: string;
  const report = sampleScience();
  beforeAll(async () => {
    browser = await launchChromium();
    directory = mkdtempSync(path.join(tmpdir(), 'wt-page-'));
    const built = (name: string) => readFileSync(path.join(import.meta.dirname, '../../dist/webview', name), 'utf8');
    const trunk = report.series[0]!.points.flatMap(point => point.runs);
    const html = panelPage({
      data: {
        name: '</script><script>document.title="owned"</script>',
        report,
        curves: sampleCurves(report),
        evaluations: sampleEvaluations(report, trunk),
      },
      script: built('experiment.js'),
      style: built('experiment.css'),
      nonce: 'Abc_123',
    });
    writeFileSync(path.join(directory, 'page.html'), html);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  test.each(['light', 'dark'] as const)('works from a file without a host or a network: %s', async colorScheme => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1300, height: 900 } });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', error => problems.push(error.stack ?? error.message));
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('request', request => {
      if (!/^(file|data|blob):/.test(request.url())) problems.push(`reaches out to ${request.url()}`);
    });
    await page.goto(pathToFileURL(path.join(directory, 'page.html')).href);
    await page.locator('.rounds-table tbody tr[data-level="7"]').waitFor();
    expect(await page.title()).not.toBe('owned');
    await expect.poll(() => page.locator('.card-curves .legend-item').first().innerText()).toMatch(/\d\d\.\d\d/);
    expect(await page.getByText('Run again').isVisible()).toBe(false);
    expect(await page.getByText('Export').isVisible()).toBe(false);
    await page.waitForTimeout(100); // charts follow in the next frame
    await screenshot(page, `webview/page-${colorScheme}-1300`, { fullPage: true });
    await page.locator('vscode-panel-tab', { hasText: 'Evaluation' }).click();
    await expect.poll(() => page.locator('.classes-table tbody tr').count()).toBe(10);
    const download = page.waitForEvent('download');
    await page.locator('.card-confusions .menu-button').click();
    await page.getByRole('menuitem', { name: 'Save as CSV…' }).click();
    expect((await download).suggestedFilename()).toMatch(/^lenet-mnist confusions.*\.csv$/);
    expect(problems).toEqual([]);
    await context.close();
  });
});

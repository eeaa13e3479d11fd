/** Every tab of the fullest panel, and of empty ones, in all themes and widths: pictures for a person, no page too wide. */
import { describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleCurves, sampleProgress, sampleReports } from '../support/sampleReports';
import { sampleScience } from '../support/sampleScience';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const full = ['Overview', 'Rounds', 'Learning curves', 'Stability', 'Transfer', 'Worth'] as const;
const empty = ['Stability', 'Transfer', 'Worth'] as const;
const running: () => Report = () => sampleScience({ status: 'running', replicates: 1, done: 110 });
const failed: () => Report = () =>
  sampleScience({
    status: 'failed',
    replicates: 1,
    done: 60,
    error: 'The disk is full. Free some space and run again.',
  });

describe.skipIf(unlessMissing(chromiumMissing))('the whole science at every width', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');

  const cases = [
    ['science', () => sampleScience(), full],
    ['science-running', running, ['Overview', 'Rounds', 'Stability']],
    ['science-failed', failed, ['Overview']],
    ['science-empty', sampleReports.unevaluated, empty],
  ] as const;
  const pages = cases.flatMap(([name, make, tabs]) => tabs.map(tab => [name, tab, make] as const));

  test.each(pages)('%s, %s', async (name, tab, make) => {
    const report = make();
    const panel = await open();
    const isRunning = report.status === 'running';
    const progress = isRunning ? sampleProgress(report) : null;
    const error = report.error ?? null;
    await panel.sendLong({ type: 'state', name: 'lenet-mnist', running: isRunning, report, progress, error });
    await panel.sendLong({ type: 'curves', curves: sampleCurves(report) });
    await panel.page.locator('.rounds-table').waitFor();
    await panel.page.locator('vscode-panel-tab', { hasText: tab }).click();
    for (const width of [320, 900, 1400]) {
      await panel.page.setViewportSize({ width, height: 900 });
      for (const theme of ['dark', 'light', 'hcDark'] as const) {
        await panel.theme(theme);
        await panel.page.waitForTimeout(100); // charts follow in the next frame
        const file = `webview/${name}-${tab.replace(' ', '-').toLowerCase()}-${theme}-${width}`;
        await screenshot(panel.page, file, { fullPage: true });
      }
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });
});

/** Every state of the panel in three themes and three widths: a picture for a person, and no page wider than its window. */
import { describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleCurves, sampleProgress, sampleReports } from '../support/sampleReports';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const states = ['done', 'running', 'failed', 'withoutControls', 'emptyLayer'] as const;
const widths = [320, 900, 1400] as const;
const themes = ['dark', 'light', 'hcDark'] as const;

describe.skipIf(unlessMissing(chromiumMissing))('experiment panel at every width', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');

  test.each(states)('%s', async name => {
    const panel = await open();
    const report = sampleReports[name]();
    const isRunning = report.status === 'running';
    const progress = isRunning ? sampleProgress(report) : null;
    const error = report.error ?? null;
    await panel.send({ type: 'state', name: 'lenet-mnist', running: isRunning, report, progress, error });
    await panel.send({ type: 'curves', curves: sampleCurves(report) });
    await panel.page.locator('.rounds-table').waitFor();
    for (const width of widths) {
      await panel.page.setViewportSize({ width, height: 900 });
      for (const theme of themes) {
        await panel.theme(theme);
        await panel.page.waitForTimeout(100); // charts follow in the next frame
        await screenshot(panel.page, `webview/${name}-${theme}-${width}`, { fullPage: true });
      }
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });
});

/** The mask view in every theme and width: pictures for a person, and no page wider than its window. */
import { describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { answerMasks, ruleOf } from '../support/maskHost';
import { sampleReports } from '../support/sampleReports';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const themes = ['dark', 'light', 'hcDark', 'hcLight'] as const;
const widths = [320, 1400] as const;

const conv = { name: 'conv_1/kernel', shape: [3, 3, 3, 32], total: 864 };
const wide = { name: 'conv_2/kernel', shape: [3, 3, 32, 64], total: 18_432 };

function withConvolutions(report: Report): Report {
  const kept = report.layers[0]!.kept.map((count, level) => [count, level] as const);
  const layer = ({ name, shape, total }: typeof conv) => ({
    name,
    shape,
    total,
    kept: kept.map(([count]) => Math.round((count / report.layers[0]!.total) * total)),
  });
  return { ...report, inputShape: [32, 32, 3], layers: [layer(conv), layer(wide), ...report.layers.slice(1)] };
}

describe.skipIf(unlessMissing(chromiumMissing))('mask view at every width', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');

  test.each([
    { name: 'dense', row: 0, report: { ...sampleReports.done(), inputShape: [28, 28, 1] } },
    { name: 'output', row: 2, report: { ...sampleReports.done(), inputShape: [28, 28, 1] } },
    { name: 'conv', row: 0, report: withConvolutions(sampleReports.done()) },
    { name: 'channels', row: 1, report: withConvolutions(sampleReports.done()) },
  ])('$name', async ({ name, row, report }) => {
    const panel = await open({ width: 1400 });
    await panel.send({ type: 'state', name: 'lenet-mnist', running: false, report, progress: null, error: null });
    await answerMasks(panel.page, ruleOf(report));
    await panel.page.locator('.heatmap tbody tr').nth(row).locator('[data-level="5"]').click();
    await panel.page.locator('.mask-facts', { hasText: 'kept' }).waitFor();
    for (const width of widths) {
      await panel.page.setViewportSize({ width, height: 900 });
      for (const theme of themes) {
        await panel.theme(theme);
        await panel.page.waitForTimeout(150); // the picture follows in the next frame
        await screenshot(panel.page, `webview/mask-${name}-${theme}-${width}`, { fullPage: true });
      }
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });
});

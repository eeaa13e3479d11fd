import { beforeEach, describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { ramp } from '../../webview/charts/ramp';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { answerMasks, ruleOf } from '../support/maskHost';
import { sampleReports } from '../support/sampleReports';
import { webviewPages, type WebviewPage } from '../support/webviewPage';

type PanelPage = WebviewPage<PanelToHost, HostToPanel>;

const report: Report = { ...sampleReports.done(), inputShape: [28, 28, 1] };
const cell = ({ page }: PanelPage, row: number, level: number) =>
  page.locator('.heatmap tbody tr').nth(row).locator(`[data-level="${level}"]`);
const facts = ({ page }: PanelPage) => page.locator('.mask-facts');
const picture = ({ page }: PanelPage) => page.locator('.mask-stage .matrix-canvas');
const cells = ({ page }: PanelPage) => page.locator('.mask-cells');
const reading = ({ page }: PanelPage) => page.locator('.mask-stage .reading');

/** Colours of the drawn cells and how many device pixels have each, taken right after a frame is drawn. */
async function colors(panel: PanelPage): Promise<Record<string, number>> {
  await panel.page.waitForTimeout(100);
  const shot = (await cells(panel).screenshot()).toString('base64');
  return panel.page.evaluate(async data => {
    const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    const counts: Record<string, number> = {};
    const pixels = context.getImageData(0, 0, image.width, image.height).data;
    for (let at = 0; at < pixels.length; at += 4) {
      const color = pixels.slice(at, at + 3).join();
      counts[color] = (counts[color] ?? 0) + 1;
    }
    return counts;
  }, shot);
}

/** Share of the pixels that the commonest colours have, most first. */
function shares(counts: Record<string, number>): number[] {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.values(counts)
    .map(count => count / all)
    .sort((a, b) => b - a);
}

describe.skipIf(unlessMissing(chromiumMissing))('mask view', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');
  let panel: PanelPage;

  const shown = async (changed = report, rule = ruleOf(changed)): Promise<void> => {
    await panel.send({
      type: 'state',
      name: 'lenet-mnist',
      running: false,
      report: changed,
      progress: null,
      error: null,
    });
    await answerMasks(panel.page, rule);
  };
  const opened = async (row: number, level: number): Promise<void> => {
    await cell(panel, row, level).click();
    await facts(panel).filter({ hasText: 'kept' }).waitFor();
  };

  beforeEach(async () => {
    panel = await open();
  });

  test('opens from a cell by a click, says what is kept, and Escape leads back to the cell', async () => {
    await shown();
    await opened(1, 5);
    expect(await panel.page.locator('.mask-head h2').innerText()).toBe('dense_2 · 300 × 100');
    expect(await panel.page.locator('.verdict').isVisible()).toBe(false);
    const kept = Number(/^([\d,]+) of 30,000 kept/.exec(await facts(panel).innerText())![1]!.replaceAll(',', ''));
    const density = report.series[0]!.points[5]!.kept / report.series[0]!.points[5]!.total;
    expect(kept / 30_000).toBeCloseTo(density, 1);
    await panel.page.keyboard.press('Escape');
    await panel.page.locator('.verdict').waitFor();
    expect(await cell(panel, 1, 5).evaluate(element => element === document.activeElement)).toBe(true);
  });

  test('Enter opens it too, the button closes it', async () => {
    await shown();
    await cell(panel, 2, 3).focus();
    await panel.page.keyboard.press('Enter');
    await facts(panel).filter({ hasText: 'of 1,000 kept' }).waitFor();
    await panel.page.locator('.mask-head vscode-button').click();
    await panel.page.locator('.mask-view').waitFor({ state: 'hidden' });
  });

  test('levels change by key and slider, the zoom stays; what was read is not asked for again', async () => {
    await shown();
    await opened(2, 3);
    await picture(panel).focus();
    for (let i = 0; i < 8; i++) await panel.page.keyboard.press('+');
    await panel.page.keyboard.press('ArrowRight');
    const place = (await reading(panel).innerText()).split(':')[0];
    await panel.page.keyboard.press(']');
    await panel.page.locator('.mask-level', { hasText: 'level 4' }).waitFor();
    await panel.page.keyboard.press('[');
    await panel.page.locator('.mask-level', { hasText: 'level 3' }).waitFor();
    expect((await reading(panel).innerText()).split(':')[0]).toBe(place);
    await panel.page.locator('.mask-stepper input').fill('6');
    await panel.page.locator('.mask-level', { hasText: 'level 6' }).waitFor();
    const asked = (await panel.posted()).filter(message => message.type === 'mask').map(message => message.run);
    const runs = report.series[0]!.points.map(point => point.runs[0]!);
    expect(asked).toEqual([runs[3], runs[4], runs[6]]);
  });

  test('single weights are said with place, value and how their lines stand', async () => {
    await shown();
    await opened(2, 3);
    await picture(panel).focus();
    for (const key of ['End', 'PageDown', 'ArrowLeft']) await panel.page.keyboard.press(key);
    const words =
      /^output 9, input 98: (pruned|kept, [+−][\d.e−+]+); output 9 keeps \d+ of 100, input 98 keeps \d+ of 10$/;
    expect(await reading(panel).innerText()).toMatch(words);
    expect(await panel.page.locator('[aria-live="polite"]').innerText()).toMatch(words);
  });

  test('every weight is a pixel: as much is drawn in the colour of pruned as is pruned', async () => {
    await shown();
    await opened(2, 5);
    const counts = await colors(panel);
    const kept = Number(/^([\d,]+) of/.exec(await facts(panel).innerText())![1]!.replaceAll(',', '')) / 1000;
    expect(shares(counts)[0]).toBeCloseTo(1 - kept, 1);
    expect(shares(counts)[1]! + shares(counts)[2]!).toBeCloseTo(kept, 1);
  });

  test.each(['webgl2', 'canvas'] as const)('%s draws the modes in the same colours', async surface => {
    if (surface === 'canvas') {
      await panel.page.addInitScript(() => {
        const canvas = HTMLCanvasElement.prototype as { getContext: unknown };
        const original = canvas.getContext as (this: unknown, kind: string, options?: unknown) => unknown;
        canvas.getContext = function (kind: string, options?: unknown) {
          return kind === 'webgl2' ? null : original.call(this, kind, options);
        };
      });
      await panel.page.reload();
    }
    await shown();
    await opened(2, 0);
    expect(await cells(panel).getAttribute('data-surface')).toBe(surface);
    const sign = Object.keys(await colors(panel));
    await panel.page.locator('vscode-dropdown[aria-label="Colours"]').click();
    await panel.page.locator('vscode-option', { hasText: 'kept or pruned' }).click();
    const state = await colors(panel);
    expect(sign.length).toBeGreaterThan(Object.keys(state).length);
    // at level 0 nothing is pruned: one colour, the end of the ramp
    expect(Object.keys(state)).toEqual([ramp(1, true).join()]);
    await panel.page.locator('vscode-dropdown[aria-label="Colours"]').click();
    await panel.page.locator('vscode-option', { hasText: 'magnitude' }).click();
    expect(Object.keys(await colors(panel)).length).toBeGreaterThan(20);
  });

  test('when the context is lost a plain canvas goes on', async () => {
    await shown();
    await opened(2, 5);
    const before = await colors(panel);
    await cells(panel).evaluate(canvas => {
      (canvas as HTMLCanvasElement).getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext();
    });
    await panel.page.locator('.mask-cells[data-surface="canvas"]').waitFor();
    const after = await colors(panel);
    const commonest = (counts: Record<string, number>) =>
      Object.keys(counts).sort((a, b) => counts[b]! - counts[a]!)[0];
    expect(commonest(after)).toBe(commonest(before));
  });

  test('of a first dense layer on images, which pixels survive; elsewhere why not', async () => {
    await shown();
    await opened(0, 5);
    const pixels = panel.page.locator('.mask-pixels');
    expect(await pixels.innerText()).toContain('28 of 784 pixels have no weight left');
    await pixels.locator('.matrix-canvas').focus();
    await panel.page.keyboard.press('ArrowRight');
    expect(await pixels.locator('.reading').innerText()).toMatch(/^pixel row 0, column 1: 0 of 300 weights kept/);
    await panel.page.keyboard.press('Escape');
    await opened(1, 5);
    expect(await pixels.isVisible()).toBe(false);
    await panel.page.keyboard.press('Escape');
    await shown(sampleReports.done());
    await opened(0, 5);
    expect(await pixels.innerText()).toContain('does not say what shape the inputs have');
  });

  test('other methods and replicates of the report can be chosen', async () => {
    await shown();
    await opened(2, 5);
    await panel.page.locator('vscode-dropdown[aria-label="Method"]').click();
    await panel.page.locator('vscode-option', { hasText: 'random mask' }).click();
    await panel.page.locator('vscode-dropdown[aria-label="Replicate"]').click();
    await panel.page.locator('vscode-option', { hasText: 'replicate 2' }).click();
    const mask = report.series.find(({ method }) => method === 'random-mask')!;
    const [first, second] = mask.points.find(({ level }) => level === 5)!.runs;
    const last = async () => (await panel.posted()).filter(message => message.type === 'mask').map(({ run }) => run);
    await expect.poll(last).toEqual([report.series[0]!.points[5]!.runs[0], first, second]);
  });

  test('a layer of 50 million weights comes in blocks, and single weights where one looks', async () => {
    const large = { name: 'large', shape: [7168, 7168], total: 7168 ** 2, kept: report.layers[0]!.kept };
    const changed = { ...report, layers: [large] };
    const point = report.series[0]!.points[14]!;
    await shown(changed, { ...ruleOf(changed), densities: { [point.runs[0]!]: 0.001 } });
    await opened(0, 14);
    await panel.page.locator('.mask-main', { hasText: 'too many to hold at once' }).waitFor({ timeout: 60_000 });
    expect(await facts(panel).innerText()).toMatch(/ of 51,380,224 kept \(0\.1 %\)/);
    await picture(panel).focus();
    for (let i = 0; i < 8; i++) await panel.page.keyboard.press('+');
    await expect
      .poll(async () => (await panel.posted()).some(message => message.type === 'mask' && message.block === null))
      .toBe(true);
    await panel.page.keyboard.press('ArrowRight');
    await expect.poll(() => reading(panel).innerText()).toMatch(/^output \d+, input \d+: (pruned|kept)/);
  });

  test('what the host cannot read is said, and no other mask passes for it', async () => {
    await shown();
    await opened(2, 5);
    await answerMasks(panel.page, { ...ruleOf(report), failure: 'mask.safetensors: there is no such file.' });
    await panel.page.keyboard.press(']');
    await panel.page.locator('.mask-stage .problem', { hasText: 'there is no such file' }).waitFor();
    expect(await facts(panel).innerText()).toBe('This mask cannot be shown.');
    expect(Object.keys(await colors(panel))).toHaveLength(1);
    await panel.page.keyboard.press('[');
    await facts(panel).filter({ hasText: 'kept' }).waitFor();
    expect(await panel.page.locator('.mask-stage .problem').isVisible()).toBe(false);
  });

  test('answers that nobody asked for are left out', async () => {
    await shown();
    for (const request of [0, 1, 99, 'x', null]) await panel.sendGarbage({ type: 'mask', request, part: null });
    await panel.sendGarbage({ type: 'maskFailed' });
    await opened(2, 5);
    expect(await facts(panel).innerText()).toMatch(/ of 1,000 kept/);
  });

  test('is open again after a reload', async () => {
    await shown();
    await opened(2, 5);
    await panel.page.keyboard.press(']');
    await panel.page.locator('.mask-level', { hasText: 'level 6' }).waitFor();
    await panel.page.reload();
    await shown();
    await panel.page.locator('.mask-level', { hasText: 'level 6' }).waitFor();
    expect(await panel.page.locator('.mask-head h2').innerText()).toBe('output · 100 × 10');
  });
});

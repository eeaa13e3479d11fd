import { describe, expect, test } from 'vitest';
import type { HostToPreview, PreviewToHost } from '../../src/shared/previewMessages';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { samplePreviews } from '../support/sampleData';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const show = (name: keyof typeof samplePreviews): HostToPreview => ({ type: 'show', state: samplePreviews[name] });

describe.skipIf(unlessMissing(chromiumMissing))('preview of data', () => {
  const open = webviewPages<PreviewToHost, HostToPreview>('preview');

  test('images are shown with their classes, splits and counts', async () => {
    const preview = await open();
    await preview.send(show('images'));
    await preview.page.getByRole('heading', { name: 'mnist' }).waitFor();
    expect(await preview.page.getByRole('img').count()).toBe(30);
    expect(
      await preview.page
        .getByAltText('example of 9')
        .first()
        .evaluate(one => (one as HTMLImageElement).naturalWidth),
    ).toBe(28);
    const text = await preview.page.locator('#root').innerText();
    for (const words of ['54,000', '6,000', '10,000', '6,742', '54,344 prunable weights'])
      expect(text).toContain(words);
  });

  test('a table is shown by its first lines, with what is left out', async () => {
    const preview = await open();
    await preview.send(show('table'));
    const rows = preview.page.getByRole('region', { name: 'First columns' }).getByRole('row');
    expect(await rows.nth(1).innerText()).toMatch(/setosa\s+5.10\s+3.50/);
    expect(await preview.page.locator('#root').innerText()).toContain('Left out');
    expect(await preview.page.getByRole('button', { name: 'Other Data' }).count()).toBe(0);
  });

  test('Enter goes on, Escape leaves: nobody needs the mouse', async () => {
    const preview = await open();
    await preview.send(show('images'));
    await preview.page.getByRole('heading', { name: 'mnist' }).waitFor();
    await preview.page.keyboard.press('Enter');
    await preview.page.keyboard.press('Tab');
    await preview.page.keyboard.press('Enter');
    await preview.page.keyboard.press('Escape');
    const answers = (await preview.posted()).flatMap(message => (message.type === 'answer' ? [message.answer] : []));
    expect(answers).toEqual(['continue', 'other', 'cancel']);
  });

  test('names are text, never markup', async () => {
    const preview = await open();
    const name = '<img src=x onerror="document.title=\'owned\'">';
    const { data } = samplePreviews.table;
    await preview.send({
      type: 'show',
      state: { ...samplePreviews.table, name, data: { ...data, classNames: [name, name, name] } },
    });
    await expect.poll(() => preview.page.locator('h1').innerText()).toBe(name);
    expect(await preview.page.locator('#root img').count()).toBe(0);
  });

  test.each(['dark', 'light', 'hcDark', 'hcLight'] as const)('fits 300 and 1100 pixels: %s', async theme => {
    const preview = await open({ theme });
    for (const name of ['images', 'table'] as const) {
      for (const width of [300, 1100]) {
        await preview.page.setViewportSize({ width, height: 800 });
        await preview.send(show(name));
        await preview.page.getByRole('heading', { name: 'Splits' }).waitFor();
        await screenshot(preview.page, `webview/preview-${name}-${theme}-${width}`);
        expect(await overflowing(preview.page), `${name}, ${width} px`).toEqual([]);
      }
    }
  });
});

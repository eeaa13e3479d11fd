import { describe, expect, test } from 'vitest';
import type { HostToSidebar, SidebarToHost } from '../../src/shared/messages';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleCurve, sampleProgress, sampleReports } from '../support/sampleReports';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const nothing: HostToSidebar = { type: 'state', name: null, running: false, report: null, progress: null, curve: [] };
const done: HostToSidebar = { ...nothing, name: 'lenet-mnist', report: sampleReports.done() };
const running: HostToSidebar = {
  ...nothing,
  name: 'lenet-mnist',
  running: true,
  report: sampleReports.running(),
  progress: sampleProgress(sampleReports.running()),
  curve: sampleCurve('one-shot', 9, 0, 2000),
};

describe.skipIf(unlessMissing(chromiumMissing))('chart of the side panel', () => {
  const open = webviewPages<SidebarToHost, HostToSidebar>('sidebar');

  test('without an experiment it is empty: the tree above it says what to do', async () => {
    const sidebar = await open({ width: 300, height: 400 });
    await sidebar.send(done);
    await sidebar.page.getByRole('button', { name: /lenet-mnist/ }).waitFor();
    await sidebar.send(nothing);
    await expect.poll(() => sidebar.page.locator('#root').innerText()).toBe('');
    expect(await sidebar.posted()).toEqual([{ type: 'ready' }]);
  });

  test('while one runs it says where it is and how long it takes', async () => {
    const sidebar = await open({ width: 300, height: 400 });
    await sidebar.send(running);
    await expect.poll(() => sidebar.page.locator('#root').innerText()).toMatch(/level 9 of 15 · 0:38 left/);
  });

  test('the finished one says its verdict, and a click opens it', async () => {
    const sidebar = await open({ width: 300, height: 400 });
    await sidebar.send(done);
    await sidebar.page.getByRole('button', { name: /lenet-mnist/ }).click();
    expect(await sidebar.page.locator('#root').innerText()).toMatch(/ticket at level 15/);
    expect(await sidebar.posted()).toContainEqual({ type: 'open' });
  });

  test('names are text, never markup', async () => {
    const sidebar = await open({ width: 300, height: 400 });
    const name = '<img src=x onerror="document.title=\'owned\'">';
    await sidebar.send({ ...done, name });
    await expect.poll(() => sidebar.page.locator('#root').innerText()).toContain(name);
    expect(await sidebar.page.locator('#root img').count()).toBe(0);
  });

  test.each(['dark', 'light', 'hcDark'] as const)('fits 180 and 400 pixels: %s', async theme => {
    const sidebar = await open({ theme, height: 400 });
    for (const [name, state] of Object.entries({ nothing, running, done })) {
      for (const width of [180, 400]) {
        await sidebar.page.setViewportSize({ width, height: 400 });
        await sidebar.send(state);
        await sidebar.page.waitForTimeout(100); // charts follow in the next frame
        await screenshot(sidebar.page, `webview/sidebar-${name}-${theme}-${width}`);
        expect(await overflowing(sidebar.page), `${name}, ${width} px`).toEqual([]);
      }
    }
  });
});

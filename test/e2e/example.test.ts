/** From the palette to a verdict: the built-in example, a live panel, themes and widths, a reload of the window. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('the built-in example, from the palette', () => {
  let server: CodeServer;
  let workbench: Workbench;
  const panel = () => workbench.webview('.verdict');
  const verdict = async () => (await panel()).locator('.verdict-title').innerText();

  beforeAll(async () => {
    // an example that is there already is run as it is: here with less training, so that it takes seconds
    const whole = readFileSync(path.join(import.meta.dirname, '../../media/examples/digits.ticket.json'), 'utf8');
    const short = whole.replace(/"steps": \d+/, '"steps": 300').replace(/"levels": \d+/, '"levels": 8');
    server = await startCodeServer({ 'lenet-digits.ticket.json': short });
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('with nothing open, the side panel says what this is and offers the example', async () => {
    await workbench.activityIcon().click();
    await workbench.page.getByRole('button', { name: 'Try the Built-in Example' }).waitFor();
    await workbench.screenshot('1-empty');
  });

  test('Find Winning Ticket offers the built-in example and opens a live panel', async () => {
    await workbench.command('Winning Ticket: Find Winning Ticket');
    await workbench.picks().filter({ hasText: 'Built-in example' }).waitFor();
    await workbench.screenshot('2-quick-pick');
    await workbench.choose('Built-in example');
    const frame = await panel();
    // numbers come while it runs: the first level is there, the last is not
    await frame.locator('tr[data-level="1"][data-state="measured"]').waitFor({ timeout: 120_000 });
    expect(await frame.locator('.rounds-table').innerText()).toContain('266,200');
    // between two runs there is no level
    await expect.poll(() => frame.getByTestId('status').innerText()).toMatch(/level \d+ of 8/);
    expect(await verdict()).toMatch(/so far/i);
    const row = () => workbench.treeRows().first().innerText();
    await expect.poll(row).toMatch(/lenet-digits.*level \d+ of 8/s);
    await expect.poll(() => workbench.statusBar().innerText()).toMatch(/level \d+ of 8/);
    await workbench.screenshot('3-running');
  });

  test('it ends with the verdict of the report in the store', async () => {
    const frame = await panel();
    await frame.locator('[data-testid="status"][data-standing="done"]').waitFor({ timeout: 200_000 });
    const file = path.join(server.workspace, '.winning-ticket/experiments/lenet-digits/report.json');
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    expect(report.status).toBe('done');
    expect(report.series.map(series => series.method)).toEqual([
      'iterative',
      'one-shot',
      'random-reinit',
      'random-mask',
    ]);
    expect(await verdict()).toBe(report.verdict.summary);
    expect(await frame.locator('tr[data-state="measured"]').count()).toBe(9);
    const expected = report.verdict.found ? /lenet-digits.*ticket at/s : /lenet-digits.*no ticket found/s;
    await expect.poll(() => workbench.treeRows().first().innerText()).toMatch(expected);
  });

  test('every theme and width', async () => {
    for (const theme of ['light', 'high-contrast', 'high-contrast-light', 'dark'] as const) {
      await workbench.theme(theme);
      await workbench.screenshot(`4-done-${theme}`);
    }
    for (const width of [760, 1800]) {
      await workbench.resize(width, 1000);
      await workbench.screenshot(`5-done-${width}`);
    }
    await workbench.resize(1280);
  });

  test('after a reload of the window the panel is back with its verdict', async () => {
    const before = await verdict();
    await workbench.reload();
    await expect.poll(verdict, { timeout: 30_000 }).toBe(before);
    await workbench.screenshot('6-reloaded');
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

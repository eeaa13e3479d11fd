/** From the built-in example to a single weight: run it, open a cell of the layers heatmap, look at the mask at every level. */
import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/checkpoints/safetensors';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('the mask of a layer', () => {
  let server: CodeServer;
  let workbench: Workbench;
  let panel: Frame;
  const facts = () => panel.locator('.mask-facts').innerText();
  const store = (...names: string[]) => path.join(server.workspace, '.winning-ticket', ...names);
  const report = () => JSON.parse(readFileSync(store('experiments/lenet-digits/report.json'), 'utf8')) as Report;
  /** What a run keeps of the first layer, from its file. */
  const keptOf = (run: string): number => {
    const file = store('runs', run, 'mask.safetensors');
    const [mask] = decodeSafetensors(readFileSync(file), file).tensors.values();
    return (mask!.data as Uint8Array).reduce((sum, one) => sum + one, 0);
  };
  const runAt = (level: number): string => report().series[0]!.points[level]!.runs[0]!;

  beforeAll(async () => {
    const whole = readFileSync(path.join(import.meta.dirname, '../../media/examples/digits.ticket.json'), 'utf8');
    const short = whole.replace(/"steps": \d+/, '"steps": 60').replace(/"levels": \d+/, '"levels": 4');
    server = await startCodeServer({ 'lenet-digits.ticket.json': short });
    workbench = await Workbench.open(server, 1400, 900);
    await workbench.command('Winning Ticket: Find Winning Ticket');
    await workbench.choose('Built-in example');
    panel = await workbench.webview('.verdict');
    await panel.locator('[data-testid="status"][data-standing="done"]').waitFor({ timeout: 250_000 });
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('a cell of the heatmap opens the mask that the store holds', async () => {
    await panel.locator('vscode-panel-tab', { hasText: 'Layers' }).click();
    await panel.locator('.heatmap tbody tr').first().locator('[data-level="3"]').click();
    await panel.locator('.mask-facts', { hasText: 'kept' }).waitFor();
    expect(await facts()).toContain(`${keptOf(runAt(3)).toLocaleString('en-US')} of 235,200 kept`);
    expect(await panel.locator('.mask-cells').getAttribute('data-surface')).toBe('webgl2');
    expect(report().inputShape).toEqual([28, 28, 1]);
    await panel.locator('.mask-pixels .matrix-canvas').waitFor();
    await workbench.page.waitForTimeout(300);
    await workbench.screenshot('mask-1-open');
  });

  test('levels change with the same zoom, down to single weights', async () => {
    await panel.locator('.mask-stage .matrix-canvas').focus();
    for (let i = 0; i < 8; i++) await workbench.page.keyboard.press('+');
    await workbench.page.keyboard.press('ArrowRight');
    const place = async () => (await panel.locator('.mask-stage .reading').innerText()).split(':')[0];
    const before = await place();
    expect(before).toMatch(/^output \d+, input \d+ \(pixel row \d+, column \d+\)$/);
    await workbench.page.waitForTimeout(300);
    await workbench.screenshot('mask-2-weights');
    await workbench.page.keyboard.press(']');
    await expect
      .poll(facts, { timeout: 30_000 })
      .toContain(`${keptOf(runAt(4)).toLocaleString('en-US')} of 235,200 kept`);
    expect(await place()).toBe(before);
  });

  test('in every theme', async () => {
    await panel.locator('.zoom-buttons vscode-button', { hasText: 'Fit' }).first().click();
    for (const theme of ['light', 'high-contrast', 'high-contrast-light', 'dark'] as const) {
      await workbench.theme(theme);
      await workbench.page.waitForTimeout(300);
      await workbench.screenshot(`mask-3-${theme}`);
    }
  });

  test('a run whose files are gone is said to be', async () => {
    renameSync(store('runs', runAt(1)), store('runs', 'elsewhere'));
    await panel.locator('.mask-stepper input').fill('1');
    await panel.locator('.mask-stage .problem', { hasText: 'there is no such file' }).waitFor();
    await workbench.screenshot('mask-4-gone');
    renameSync(store('runs', 'elsewhere'), store('runs', runAt(1)));
  });

  test('Escape leads back to the report', async () => {
    await panel.locator('.mask-stage .matrix-canvas').focus();
    await workbench.page.keyboard.press('Escape');
    await panel.locator('.verdict').waitFor();
    expect(workbench.problems).toEqual([]);
  });
});

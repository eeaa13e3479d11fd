/** A model of one's own on data of one's own: from a file in the explorer, over a sample of the data, to a result. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseExperiment } from '../../src/shared/parse';
import type { Report } from '../../src/shared/report';
import { Random } from '../../src/shared/random';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { perceptron } from '../support/onnxModels';
import { Workbench } from '../support/workbench';

/** Three clouds of points in four dimensions. */
function clouds(): string {
  const random = new Random(1, 'clouds');
  const lines = Array.from({ length: 300 }, (_, i) => {
    const values = Array.from({ length: 4 }, (__, axis) => (axis === i % 3 ? 2 : 0) + random.nextFloat() * 1.5);
    return [`p${i}`, ...values.map(value => value.toFixed(3)), ['ash', 'birch', 'cedar'][i % 3]!].join(',');
  });
  return ['id,height,width,age,girth,species', ...lines].join('\n');
}

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('a model of one’s own', () => {
  let server: CodeServer;
  let workbench: Workbench;

  beforeAll(async () => {
    server = await startCodeServer({ 'trees.csv': clouds(), 'notes.csv': 'tree,remark\nash,tall\nbirch,thin\n' });
    mkdirSync(path.join(server.workspace, 'models'));
    writeFileSync(path.join(server.workspace, 'models/net.onnx'), perceptron([4, 16, 3]));
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('is found in the folder and asks for data, which it lists with what it holds', async () => {
    await workbench.command('Winning Ticket: Find Winning Ticket');
    await workbench.picks().filter({ hasText: 'net.onnx' }).waitFor();
    await workbench.screenshot('own-1-start');
    await workbench.choose('net.onnx');
    const trees = workbench.picks().filter({ hasText: 'trees.csv' });
    await trees.waitFor();
    expect(await trees.innerText()).toMatch(/4 numbers · 3 classes · 300 examples/);
    // the other table has no numbers, and the digits do not fit
    const notes = await workbench.picks().filter({ hasText: 'notes.csv' }).innerText();
    expect(notes).toContain('has no column of numbers');
    expect(notes).not.toContain(server.workspace);
    expect(await workbench.picks().filter({ hasText: 'digits' }).count()).toBe(0);
    await workbench.screenshot('own-2-data');
    await trees.click();
  });

  test('shows a sample before anything is written', async () => {
    const frame = await workbench.webview('h1:text-is("trees.csv")');
    const text = await frame.locator('#root').innerText();
    for (const words of ['birch', 'girth', '216', '24', '60', 'Left out', '"id"']) expect(text).toContain(words);
    expect(text).toMatch(/Model: net.onnx[\s\S]*2 dense layers; 112 prunable weights/);
    for (const theme of ['light', 'high-contrast', 'dark'] as const) {
      await workbench.theme(theme);
      await workbench.screenshot(`own-3-preview-${theme}`);
    }
    await frame.locator('vscode-button', { hasText: 'Continue' }).click();
  });

  test('is trained from new weights or from those in the file, to a result', async () => {
    const quick = workbench.picks().filter({ hasText: 'Quick look, from the file' });
    await quick.waitFor();
    await workbench.screenshot('own-4-length');
    await quick.click();
    await workbench.choose('One-shot only');
    const frame = await workbench.webview('h1:text-is("net-trees")');
    await frame.locator('[data-testid="status"][data-standing="done"]').waitFor({ timeout: 60_000 });
    await workbench.screenshot('own-5-done');
    const file = path.join(server.workspace, 'models/net-trees.ticket.json');
    const written = parseExperiment(readFileSync(file, 'utf8'), file);
    expect(written).toMatchObject({
      model: 'net.onnx',
      start: 'file',
      data: { format: 'csv', file: '../trees.csv', ignore: ['id'] },
    });
    const report = path.join(server.workspace, '.winning-ticket/experiments/net-trees/report.json');
    const { status, series } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    expect(status).toBe('done');
    expect(series[0]!.points[0]!.testAccuracy.mean).toBeGreaterThan(0.9);
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

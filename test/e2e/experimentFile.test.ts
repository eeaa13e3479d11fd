/** Experiments as files: run from the CodeLens, cancelled, wrong, and on MNIST where it lies beside the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExperimentFile } from '../../src/shared/experiment';
import type { Report } from '../../src/shared/report';
import type { RunRecord } from '../../src/shared/run';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';

const mnist = path.join(import.meta.dirname, '../../../shared/data/mnist');

const tiny: ExperimentFile = {
  name: 'tiny',
  model: 'builtin:mlp:32',
  data: { format: 'digits', training: 1000, test: 300 },
  training: { steps: 150, evaluateEvery: 50 },
  pruning: { levels: 3, rate: 0.5 },
  compare: ['one-shot', 'random-reinit', 'random-mask'],
};

const files = {
  tiny,
  long: { ...tiny, name: 'long', training: { steps: 20_000 }, pruning: { levels: 15 } },
  broken: { ...tiny, name: 'broken', pruning: { levels: 3, rat: 0.5 } },
  mnist: {
    ...tiny,
    name: 'mnist',
    model: 'builtin:lenet-300-100',
    data: { format: 'idx', directory: mnist },
    training: { steps: 200, evaluateEvery: 200 },
    pruning: { levels: 1 },
    compare: ['random-mask'],
  },
};

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('experiment files', () => {
  let server: CodeServer;
  let workbench: Workbench;
  const store = (...parts: string[]) => path.join(server.workspace, '.winning-ticket', ...parts);
  const report = (name: string) =>
    JSON.parse(readFileSync(store('experiments', name, 'report.json'), 'utf8')) as Report;
  /** Opens the file, presses ▶ above it, and gives the panel that comes up for it. */
  const runFromLens = async (name: string) => {
    await workbench.openFile(`${name}.ticket.json`);
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Find winning ticket' }).click();
    return workbench.webview(`h1:text-is("${name}")`);
  };
  const standing = (is: string) => `[data-testid="status"][data-standing="${is}"]`;

  beforeAll(async () => {
    const texts = Object.entries(files).map(([name, file]) => [`${name}.ticket.json`, JSON.stringify(file, null, 2)]);
    server = await startCodeServer(Object.fromEntries(texts) as Record<string, string>);
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('▶ above the file runs it to its verdict', async () => {
    const frame = await runFromLens('tiny');
    await frame.locator(standing('done')).waitFor({ timeout: 60_000 });
    expect(report('tiny').status).toBe('done');
    expect(await frame.locator('.verdict-title').innerText()).toBe(report('tiny').verdict.summary);
    await workbench
      .toasts()
      .filter({ hasText: report('tiny').verdict.summary })
      .waitFor();
    await workbench.screenshot('file-done');
  });

  test('cancelled while it runs: stops at once, keeps what is finished, and can be continued', async () => {
    const frame = await runFromLens('long');
    await frame.locator(standing('running')).waitFor({ timeout: 60_000 });
    await frame.locator('tr[data-level="0"][data-state="measured"]').waitFor({ timeout: 120_000 });
    await frame.locator('vscode-button', { hasText: 'Cancel' }).click();
    await frame.locator(standing('cancelled')).waitFor({ timeout: 10_000 });
    await workbench.screenshot('file-cancelled');
    expect(report('long').status).toBe('cancelled');
    const keys = readdirSync(store('runs'));
    const done = report('long').runs.filter(run => run.status === 'done');
    expect(done.length).toBeGreaterThan(0);
    for (const { key } of done) {
      expect(keys).toContain(key);
      const record = JSON.parse(readFileSync(store('runs', key, 'run.json'), 'utf8')) as RunRecord;
      expect(record.status).toBe('done');
    }
    expect(await frame.locator('vscode-button', { hasText: 'Continue' }).isVisible()).toBe(true);
  });

  test('a field that does not exist is named with its file, and nothing starts', async () => {
    await workbench.openFile('broken.ticket.json');
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Find winning ticket' }).click();
    const toast = workbench.toasts().filter({ hasText: 'broken.ticket.json' });
    await toast.first().waitFor();
    const text = await toast.first().innerText();
    expect(text).toContain('pruning.rat');
    expect(text).toContain('"rate"');
    await workbench.screenshot('file-broken');
    expect(existsSync(store('experiments', 'broken'))).toBe(false);
  });

  test.skipIf(!existsSync(mnist))('MNIST, as it comes', async () => {
    const frame = await runFromLens('mnist');
    await frame.locator(standing('done')).waitFor({ timeout: 120_000 });
    expect(report('mnist').series[0]!.points[0]!.testAccuracy.mean).toBeGreaterThan(0.8);
    await workbench.screenshot('file-mnist');
  });

  test('Choose Device lists what this machine has, and what is chosen is a setting', async () => {
    await workbench.command('Winning Ticket: Choose Device');
    const device = (name: string) => workbench.picks().filter({ has: workbench.page.getByText(name, { exact: true }) });
    await device('wasm').first().waitFor();
    expect(await device('wasm').first().innerText()).toMatch(/thread[^]*LeNet-300-100 [\d,.]+ steps\/s/);
    expect(await device('tensorflow').first().innerText()).toContain('@tensorflow/tfjs-node');
    await workbench.screenshot('devices-1-choose');
    await device('wasm').first().click();
    await workbench.toasts().filter({ hasText: 'wasm is used for experiments that say "auto"' }).waitFor();
  });

  test('Set Up GPU says what was found and what could be installed, and installs nothing unasked', async () => {
    await workbench.command('Winning Ticket: Set Up GPU');
    const dialog = workbench.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    expect(await dialog.innerText()).toMatch(/webgpu[^]*Vulkan|Vulkan[^]*webgpu/);
    await workbench.screenshot('devices-2-set-up');
    await workbench.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

/** A run that is paused, resumed, cut off by a reload of its window, and resumed again: it goes on each time. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExperimentFile } from '../../src/shared/experiment';
import type { Progress, Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';

/** More steps than any machine takes while this test runs. */
const marathon: ExperimentFile = {
  name: 'marathon',
  model: 'builtin:mlp:32',
  data: { format: 'digits', training: 1000, test: 300 },
  training: { steps: 1_000_000, evaluateEvery: 1_000 },
  pruning: { levels: 1, rate: 0.5 },
  compare: [],
};

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('an experiment that is interrupted', () => {
  let server: CodeServer;
  let workbench: Workbench;
  const store = (...parts: string[]) => path.join(server.workspace, '.winning-ticket', ...parts);
  const experiment = (file: string) => store('experiments/marathon', file);
  const status = () => (JSON.parse(readFileSync(experiment('report.json'), 'utf8')) as Report).status;
  const panel = (standing: string) => workbench.webview(`[data-testid="status"][data-standing="${standing}"]`);
  const tree = () => workbench.treeRows().first();
  const toast = (words: string) => workbench.page.locator('.notification-list-item').filter({ hasText: words });
  const saved = () =>
    readdirSync(store('runs')).filter(key => existsSync(store('runs', key, 'resume.safetensors'))).length;

  /** The step that the job at work is at; 0 where none is. */
  function step(): number {
    try {
      return (JSON.parse(readFileSync(experiment('progress.json'), 'utf8')) as Progress).run?.step ?? 0;
    } catch {
      return 0;
    }
  }

  /** Steps that runs have gone on from so far, as the jobs took them down. */
  function resumptions(): number[] {
    const lines = readdirSync(store('logs'))
      .sort()
      .flatMap(file => readFileSync(store('logs', file), 'utf8').split('\n'));
    return lines.flatMap(line => {
      const at = /goes on from step (\d+)/.exec(line)?.[1];
      return at === undefined ? [] : [Number(at)];
    });
  }

  beforeAll(async () => {
    server = await startCodeServer({ 'marathon.ticket.json': JSON.stringify(marathon, null, 2) });
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('Pause saves how far it is, and tree, panel and a notification say so', async () => {
    await workbench.openFile('marathon.ticket.json');
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Find winning ticket' }).click();
    await panel('running');
    await workbench.activityIcon().click();
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(0);
    await workbench.command('Winning Ticket: Pause Run');
    const paused = await panel('paused');
    // what the panel tells to press is there
    expect(await paused.locator('.verdict').innerText()).toContain('“Resume” goes on from there');
    await paused.locator('vscode-button', { hasText: 'Resume' }).waitFor();
    await expect.poll(() => tree().innerText()).toMatch(/marathon.*paused at 0 of 2 runs/s);
    await toast('marathon is paused at 0 of 2 runs').waitFor();
    expect(status()).toBe('paused');
    expect(saved()).toBe(1);
    await workbench.screenshot('interrupted-1-paused');
  });

  test('Resume in the tree goes on from there', async () => {
    await tree().hover();
    await tree().locator('.action-label[aria-label^="Resume Run"]').click();
    await panel('running');
    await expect.poll(() => resumptions().length, { timeout: 60_000 }).toBe(1);
    const [from] = resumptions();
    expect(from).toBeGreaterThan(0);
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(from!);
    await expect.poll(() => tree().innerText()).toMatch(/marathon.*level 0 of 1/s);
    await workbench.screenshot('interrupted-2-resumed');
  });

  test('after a reload of the window it asks, with tree and panel saying that it was interrupted', async () => {
    await workbench.reload();
    await toast('marathon was interrupted at 0 of 2 runs').waitFor();
    await panel('interrupted');
    await expect.poll(() => tree().innerText()).toMatch(/marathon.*interrupted at 0 of 2 runs/s);
    expect(status()).toBe('running');
    const chart = await workbench.webview('.experiment');
    expect(await chart.locator('.experiment').innerText()).toContain('interrupted');
    await workbench.screenshot('interrupted-3-reloaded');
  });

  test('Resume in that notification goes on from there', async () => {
    await toast('marathon was interrupted').getByRole('button', { name: 'Resume', exact: true }).click();
    await panel('running');
    await expect.poll(() => resumptions().length, { timeout: 60_000 }).toBe(2);
    const [first, second] = resumptions();
    expect(second).toBeGreaterThan(first!);
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(second!);
    await workbench.screenshot('interrupted-4-resumed');
  });

  test('Always Resume goes on too, and from then on every reload does without a question', async () => {
    await workbench.reload();
    await toast('marathon was interrupted').getByRole('button', { name: 'Always Resume' }).click();
    await expect.poll(() => resumptions().length, { timeout: 60_000 }).toBe(3);
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(resumptions()[2]!);
    await workbench.reload();
    await expect.poll(() => resumptions().length, { timeout: 60_000 }).toBe(4);
    await panel('running');
    expect(await toast('was interrupted').count()).toBe(0);
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(resumptions()[3]!);
    await workbench.screenshot('interrupted-5-always');
  });

  test('with "never", of this folder, nothing is said: the tree shows it', async () => {
    const folder = path.join(server.workspace, '.vscode');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'settings.json'), '{ "winningTicket.resumeInterrupted": "never" }');
    await workbench.reload();
    await expect.poll(() => tree().innerText(), { timeout: 60_000 }).toMatch(/marathon.*interrupted at 0 of 2 runs/s);
    await panel('interrupted');
    expect(await toast('was interrupted').count()).toBe(0);
    expect(resumptions().length).toBe(4);
    await workbench.screenshot('interrupted-6-never');
  });

  test('Restart asks, begins from nothing, and Undo has back what was there', async () => {
    const before = readFileSync(experiment('report.json'), 'utf8');
    const button = workbench.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Restart' });
    await workbench.fromMenu(tree(), 'Restart from Nothing', timeout => button.waitFor({ timeout }));
    await workbench.screenshot('interrupted-7-restart');
    await button.click();
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(resumptions().length).toBe(4);
    await toast('marathon starts from nothing').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => tree().innerText(), { timeout: 60_000 }).toMatch(/marathon.*interrupted at 0 of 2 runs/s);
    expect(readFileSync(experiment('report.json'), 'utf8')).toBe(before);
    // the runs that were begun and undone are none to be told of
    expect(await toast('was cancelled').count()).toBe(0);
    expect(saved()).toBe(1);
    await tree().hover();
    await tree().locator('.action-label[aria-label^="Resume Run"]').click();
    await expect.poll(() => resumptions().length, { timeout: 60_000 }).toBe(5);
    await panel('running');
    await workbench.screenshot('interrupted-8-undone');
  });

  test('after it was cancelled, a reload of the window does not ask', async () => {
    await workbench.command('Winning Ticket: Cancel Run');
    await panel('cancelled');
    await workbench.reload();
    await panel('cancelled');
    await expect.poll(() => tree().innerText()).toMatch(/marathon.*cancelled/s);
    expect(await toast('was interrupted').count()).toBe(0);
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

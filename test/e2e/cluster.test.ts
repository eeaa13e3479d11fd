/** An experiment on a real SLURM of one node: submitted from the palette, followed in the tree, its logs, cancelled. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { startSlurm, whyNoSlurm, type Slurm } from '../support/slurm';
import { Workbench } from '../support/workbench';

const experiment = (name: string, steps: number) => ({
  name,
  model: 'builtin:mlp:32',
  data: { format: 'digits', training: 1000, test: 300 },
  training: { steps, evaluateEvery: 1_000 },
  pruning: { levels: 2, rate: 0.5 },
  compare: ['one-shot'],
});
const files = {
  'orchard.ticket.json': JSON.stringify(experiment('orchard', 40_000)),
  // more steps than any machine takes while this test runs
  'marathon.ticket.json': JSON.stringify(experiment('marathon', 100_000_000)),
};

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing ?? whyNoSlurm()))('a cluster in VS Code', () => {
  let slurm: Slurm;
  let server: CodeServer;
  let workbench: Workbench;
  const row = (name: string) => workbench.treeRows().filter({ hasText: name }).first();
  const rowSays = (name: string, words: RegExp, timeout = 60_000) =>
    expect.poll(() => row(name).innerText(), { timeout }).toMatch(words);
  const toast = (words: string) => workbench.page.locator('.notification-list-item').filter({ hasText: words }).first();
  const report = () => {
    const file = path.join(server.workspace, '.winning-ticket/experiments/orchard/report.json');
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  };
  const queue = () => slurm.ask('squeue', '--noheader', '--array', '--format=%i').split('\n').filter(Boolean);

  async function submit(name: string): Promise<void> {
    await workbench.openFile(`${name}.ticket.json`);
    await workbench.command('Winning Ticket: Submit to Cluster');
    await workbench.input().waitFor();
    await workbench.screenshot(`cluster-1-options-${name}`);
    await workbench.input().press('Enter');
  }

  beforeAll(async () => {
    slurm = await startSlurm();
    const { PATH, SLURM_CONF } = slurm.environment;
    server = await startCodeServer(files, { environment: { PATH, SLURM_CONF } });
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
    await slurm.stop();
  });

  test('what is submitted is followed in the tree, from its jobs to its verdict', async () => {
    await submit('orchard');
    await toast('orchard').waitFor();
    await workbench.activityIcon().click();
    await rowSays('orchard', /on slurm: \d of 4 runs/);
    await rowSays('orchard', /1 running|2 running/);
    await workbench.screenshot('cluster-2-running');
    await workbench.command('Winning Ticket: Show Report');
    const panel = await workbench.webview('[data-testid="status"][data-standing="away"]');
    await expect.poll(() => panel.locator('[data-testid="status"]').innerText()).toMatch(/on slurm: \d of 4 runs/);
    // nobody is to begin the same on this machine by mistake
    expect(await panel.locator('vscode-button', { hasText: 'Resume' }).count()).toBe(0);
    // a run that is done is seen before the last job writes the report
    const done = () => report().runs.filter(run => run.status === 'done').length;
    await expect.poll(done, { timeout: 90_000 }).toBeGreaterThan(0);
    expect(report().status).toBe('running');
    await workbench.page.waitForTimeout(1000);
    await workbench.screenshot('cluster-3-panel');
    await expect.poll(() => report().status, { timeout: 120_000 }).toBe('done');
    await rowSays('orchard', /ticket/);
    await workbench.screenshot('cluster-4-done');
  });

  test('its logs open, and it is cancelled from its menu', async () => {
    await submit('marathon');
    await rowSays('marathon', /1 running/);
    const picks = (timeout: number) => workbench.picks().first().waitFor({ timeout });
    await workbench.fromMenu(row('marathon'), 'Open Log of Cluster Job', picks);
    await workbench.screenshot('cluster-5-logs');
    await workbench.picks().first().click();
    await workbench.page.waitForTimeout(2000);
    await workbench.screenshot('cluster-6-log');
    await workbench.command('View: Close Editor'); // VS Code does not open it again after a reload
    await workbench.fromMenu(row('marathon'), 'Cancel on Cluster', timeout =>
      expect.poll(queue, { timeout }).toEqual([]),
    );
    await rowSays('marathon', /cancelled/);
    await workbench.screenshot('cluster-7-cancelled');
  });

  test('logs of what has ended are to be had after a reload too', async () => {
    await workbench.reload();
    await rowSays('orchard', /ticket/);
    const picks = (timeout: number) => workbench.picks().first().waitFor({ timeout });
    await workbench.fromMenu(row('orchard'), 'Open Log of Cluster Job', picks);
    expect(await workbench.picks().count()).toBeGreaterThan(1);
    await workbench.screenshot('cluster-8-reloaded');
    await workbench.page.keyboard.press('Escape');
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

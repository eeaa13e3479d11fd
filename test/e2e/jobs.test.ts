/** Several experiments and several windows on one store: the queue, and a job that another window pauses and goes on with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExperimentFile } from '../../src/shared/experiment';
import type { Progress } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { Workbench } from '../support/workbench';

/** More steps than any machine takes while this test runs. */
const marathon = (name: string): ExperimentFile => ({
  name,
  model: 'builtin:mlp:32',
  data: { format: 'digits', training: 1000, test: 300 },
  training: { steps: 1_000_000, evaluateEvery: 1_000 },
  pruning: { levels: 1, rate: 0.5 },
  compare: [],
});
const names = ['rhubarb', 'quince', 'sorrel'];

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('experiments that share a store', () => {
  let server: CodeServer;
  let workbench: Workbench;
  const experiment = (name: string, file: string) =>
    path.join(server.workspace, '.winning-ticket/experiments', name, file);
  const row = (name: string, window = workbench) => window.treeRows().filter({ hasText: name }).first();
  const rowSays = (name: string, words: RegExp, window = workbench) =>
    expect.poll(() => row(name, window).innerText(), { timeout: 30_000 }).toMatch(words);
  const toast = (words: string, window = workbench) =>
    window.page.locator('.notification-list-item').filter({ hasText: words }).first();
  const panel = (standing: string, window = workbench) =>
    window.webview(`[data-testid="status"][data-standing="${standing}"]`);

  async function start(name: string): Promise<void> {
    await workbench.openFile(`${name}.ticket.json`);
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Find winning ticket' }).click();
  }

  async function press(name: string, action: string, window = workbench): Promise<void> {
    await row(name, window).hover();
    await row(name, window).locator(`.action-label[aria-label^="${action}"]`).click();
  }

  /** The step that the job at work on rhubarb is at; 0 where none is. */
  function step(): number {
    try {
      return (JSON.parse(readFileSync(experiment('rhubarb', 'progress.json'), 'utf8')) as Progress).run?.step ?? 0;
    } catch {
      return 0;
    }
  }
  const works = () => expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(0);

  beforeAll(async () => {
    const files = Object.fromEntries(names.map(name => [`${name}.ticket.json`, JSON.stringify(marathon(name))]));
    server = await startCodeServer(files);
    workbench = await Workbench.open(server);
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('what is started while another is at work waits, and tree, panel and status bar tell its place', async () => {
    await start('rhubarb');
    await panel('running');
    await workbench.activityIcon().click();
    await works();
    await start('quince');
    await rowSays('quince', /queued, 1st/);
    await panel('queued');
    await start('sorrel');
    await rowSays('sorrel', /queued, 2nd/);
    await workbench.screenshot('jobs-1-queued');
    await press('sorrel', 'Move to Front');
    await rowSays('sorrel', /queued, 1st/);
    await rowSays('quince', /queued, 2nd/);
    await workbench.statusBar().locator('[id*="winningTicket.status"], [aria-label^="Winning Ticket"]').first().click();
    await workbench.picks().first().waitFor();
    await workbench.screenshot('jobs-2-menu');
    await workbench.picks().filter({ hasText: 'Remove from Queue' }).filter({ hasText: 'sorrel' }).click();
    await rowSays('quince', /queued, 1st/);
    await workbench.fromMenu(row('quince'), 'Remove from Queue', timeout =>
      expect
        .poll(() => workbench.treeRows().allInnerTexts(), { timeout })
        .not.toContainEqual(expect.stringContaining('queued')),
    );
    await workbench.screenshot('jobs-3-alone');
  });

  test('a second window follows the job, pauses it and goes on with it', async () => {
    const other = await Workbench.open(server, 1000, 700);
    await other.activityIcon().click();
    await rowSays('rhubarb', /runs in another process/, other);
    await other.command('Winning Ticket: Show Report');
    await panel('running', other);
    await other.screenshot('jobs-4-viewer');
    await press('rhubarb', 'Pause', other);
    await toast('rhubarb is paused at 0 of 2 runs').waitFor();
    await rowSays('rhubarb', /paused/, other);
    await panel('paused', other);
    await other.screenshot('jobs-5-viewer-paused');
    await press('rhubarb', 'Resume', other);
    await works();
    await rowSays('rhubarb', /runs in another process/);
    // the notification of before is still there
    await toast('rhubarb is paused at 0 of 2 runs').getByRole('button', { name: 'Resume', exact: true }).click();
    await toast('rhubarb is running already').waitFor();
    await workbench.screenshot('jobs-6-stale');
    await press('rhubarb', 'Pause');
    await rowSays('rhubarb', /paused/);
    await other.close();
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

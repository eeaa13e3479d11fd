/** Checkpoints in the explorer: opened, filtered, looked into, compared, copied, pruned; and files that cannot be shown. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Frame } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { codeServerMissing, startCodeServer, type CodeServer } from '../support/codeServer';
import { safetensorsFixture, type FixtureTensor } from '../support/safetensorsFixture';
import { Workbench } from '../support/workbench';

const run = promisify(execFile);

const network = (sparsity: number): Record<string, FixtureTensor> => ({
  'layer1.conv.weight': { shape: [16, 3, 3, 3], sparsity },
  'layer1.bn.weight': { shape: [16] },
  'layer2.conv.weight': { shape: [32, 16, 3, 3], sparsity },
  'fc.weight': { shape: [10, 64], sparsity },
  'fc.bias': { shape: [10] },
});
const lfsPointer = [
  'version https://git-lfs.github.com/spec/v1',
  `oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393`,
  'size 5000000000',
  '',
].join('\n');

const experiment = {
  name: 'tiny',
  model: 'builtin:mlp:16',
  data: { format: 'digits', training: 500, test: 100 },
  training: { steps: 50 },
  pruning: { levels: 2, rate: 0.5 },
  compare: ['random-mask'],
};

/** An experiment that was run before, by the command line. */
async function runExperiment(workspace: string): Promise<void> {
  const cli = path.join(import.meta.dirname, '../../dist/cli.js');
  const store = path.join(workspace, '.winning-ticket');
  await run(process.execPath, [cli, 'run', path.join(workspace, 'tiny.ticket.json'), '--store', store]);
}

/** One commit with the dense network, one that adds another file; after it the first is pruned in the working tree. */
async function commitTwice(workspace: string): Promise<void> {
  const git = (...argv: string[]) =>
    run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', ...argv], {
      cwd: workspace,
    });
  await git('init', '--quiet');
  await git('add', 'dense.safetensors');
  await git('commit', '--quiet', '-m', 'dense');
  writeFileSync(path.join(workspace, 'added.safetensors'), safetensorsFixture(network(0.5), 3));
  await git('add', 'added.safetensors');
  await git('commit', '--quiet', '-m', 'another');
  writeFileSync(path.join(workspace, 'added.safetensors'), safetensorsFixture(network(0.75), 3));
}

describe.skipIf(unlessMissing(chromiumMissing ?? codeServerMissing))('checkpoints in VS Code', () => {
  let server: CodeServer;
  let workbench: Workbench;
  const page = () => workbench.page;
  const inWorkspace = (name: string) => path.join(server.workspace, name);
  const title = (name: string) => `h1:text-is("${name}")`;
  const open = async (name: string) => {
    await workbench.explorerRow(name).dblclick();
    return workbench.webview(title(name));
  };
  const row = (frame: Frame, name: string) => frame.locator('.grid-row', { hasText: name }).first();
  const failure = async (frame: Frame) => frame.locator('.failure-message').innerText();
  const fact = (frame: Frame, label: string) =>
    frame.locator('.total', { has: frame.locator(`dt:text-is("${label}")`) }).locator('dd');
  const picks = (timeout: number) => workbench.picks().first().waitFor({ timeout });
  const save = async (name: string) => {
    // the dialog sets its value again, folder by folder, while it reads them; the name that it proposes comes last
    for (let attempt = 0; ; attempt++) {
      const value = () => workbench.input().inputValue();
      await expect.poll(value).toMatch(/\/lottery\/./);
      await page().waitForTimeout(1000);
      await workbench.input().fill(inWorkspace(name));
      await page().waitForTimeout(500);
      if ((await value()) !== inWorkspace(name)) continue;
      await page().locator('.quick-input-widget:visible .monaco-button', { hasText: 'OK' }).click();
      try {
        return await workbench.input().waitFor({ state: 'hidden', timeout: 5_000 });
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  };

  beforeAll(async () => {
    const prepare = async (workspace: string) => {
      await commitTwice(workspace);
      await runExperiment(workspace);
    };
    const files = {
      'dense.safetensors': safetensorsFixture(network(0)),
      'pruned.safetensors': safetensorsFixture({ ...network(0.5), 'extra.weight': { shape: [4, 4] } }),
      'tiny.ticket.json': JSON.stringify(experiment),
      'pointer.safetensors': lfsPointer,
      'broken.safetensors': safetensorsFixture(network(0)).slice(0, 40),
    };
    server = await startCodeServer(files, { settings: { 'git.enabled': true }, prepare });
    workbench = await Workbench.open(server);
    // a window that has just come up does not know our editor yet, and opens files as text
    for (let known = false, attempt = 0; !known && attempt < 10; attempt++) {
      await workbench.explorerRow('dense.safetensors').dblclick();
      const frame = workbench.webview(title('dense.safetensors'), 8_000);
      known = await frame.then(
        () => true,
        () => false,
      );
      await workbench.command('View: Close All Editors');
    }
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await workbench.screenshot('inspector-failed');
  });
  afterAll(async () => {
    await workbench.close();
    await server.stop();
  });

  test('a click in the explorer opens the table; numbers come into it', async () => {
    const frame = await open('pruned.safetensors');
    await row(frame, 'layer2').waitFor();
    expect(await row(frame, 'layer2').innerText()).toContain('4,608');
    await expect.poll(() => fact(frame, 'parameters').innerText()).toBe('5,722');
    await expect.poll(() => fact(frame, 'sparsity').innerText()).toBe('49.9 %');
    await workbench.screenshot('inspector-1-open');
  });

  test('sorted, filtered, one tensor in full down to its weights', async () => {
    const frame = await workbench.webview(title('pruned.safetensors'));
    await frame.locator('.head-cell[data-id="count"] button').click();
    await expect.poll(() => frame.locator('.grid-row .name').first().innerText()).toMatch(/layer2/);
    await frame.locator('.filter-input').fill('fc 10x64');
    await expect.poll(() => frame.locator('.shown').innerText()).toBe('1 of 6 tensors');
    await row(frame, 'fc.weight').click();
    const canvas = frame.getByRole('application', { name: /^Heatmap of fc\.weight, 10 by 64/ });
    await canvas.focus();
    for (let step = 0; step < 8; step++) await page().keyboard.press('+');
    await page().keyboard.press('Home');
    await page().keyboard.press('PageUp');
    await expect.poll(() => frame.locator('.matrix .reading').innerText()).toBe('output 0, input 0: 0 (pruned)');
    for (let step = 0; step < 2; step++) await page().keyboard.press('ArrowRight');
    await expect.poll(() => frame.locator('.matrix .reading').innerText()).toMatch(/^output 0, input 2: −?0\.\d+$/);
    await workbench.screenshot('inspector-2-detail');
  });

  test('the table is copied as Markdown, as it is filtered', async () => {
    await workbench.command('Winning Ticket: Copy Tensors as Markdown');
    await expect.poll(() => workbench.clipboard()).toMatch(/\| fc\.weight \| 10×64 \| F32 \| 50\.0 % \| 320 \|/);
    expect(await workbench.clipboard()).not.toContain('layer1');
  });

  test('the explorer tells the sparsity once it is counted', async () => {
    const label = () =>
      workbench.explorerRow('pruned.safetensors').locator('.monaco-icon-label').getAttribute('aria-label');
    await expect.poll(label).toContain('49.9 % sparse');
  });

  test('two selected in the explorer are compared', async () => {
    await workbench.explorerRow('dense.safetensors').click();
    // the explorer selects what comes to the front once more
    await workbench.webview(title('dense.safetensors'));
    await workbench.explorerRow('pruned.safetensors').click({ modifiers: ['Control'] });
    const pruned = workbench.explorerRow('pruned.safetensors');
    const frame = await workbench.fromMenu(pruned, 'Compare Selected Checkpoints', timeout =>
      workbench.webview(title('dense.safetensors ↔ pruned.safetensors'), timeout),
    );
    await expect.poll(() => fact(frame, 'in both').innerText()).toBe('5 tensors');
    await expect.poll(() => fact(frame, 'only right').innerText()).toBe('0 (0 %)');
    await frame.locator('.filter-input').fill('fc.weight');
    await expect.poll(() => frame.locator('.shown').innerText()).toBe('1 of 5 pairs');
    await row(frame, 'fc.weight').click();
    await frame.locator('vscode-button', { hasText: 'Next difference' }).click();
    await expect
      .poll(() => frame.locator('.matrix .reading').innerText())
      .toBe('output 0, input 0: only left keeps it');
    await workbench.screenshot('inspector-3-compare');
  });

  test('one is compared with another from its own menu', async () => {
    await workbench.fromMenu(workbench.explorerRow('added.safetensors'), 'Compare Checkpoint with', picks);
    await workbench.choose('pruned.safetensors');
    const frame = await workbench.webview(title('added.safetensors ↔ pruned.safetensors'));
    await expect.poll(() => fact(frame, 'not paired').innerText()).toBe('1 tensor');
  });

  test('a comparison comes back after a reload', async () => {
    await page().waitForTimeout(6_000); // in a browser VS Code keeps what has changed every 5 s, not when it goes
    await workbench.reload();
    const frame = await workbench.webview(title('added.safetensors ↔ pruned.safetensors'));
    await expect.poll(() => fact(frame, 'not paired').innerText()).toBe('1 tensor');
    await workbench.command('View: Close All Editors');
  });

  test('a copy is pruned, opens, and the original stays as it is', async () => {
    const before = readFileSync(inWorkspace('dense.safetensors'));
    const dense = await open('dense.safetensors');
    await dense.locator('vscode-button', { hasText: 'Prune a copy' }).click();
    await workbench.choose('Magnitude, global');
    await workbench.choose('20 % stay');
    await save('dense-20.safetensors');
    const frame = await workbench.webview(title('dense-20.safetensors'));
    await expect.poll(() => fact(frame, 'sparsity').innerText()).toBe('80.0 %');
    expect(existsSync(inWorkspace('dense-20.safetensors'))).toBe(true);
    expect(readFileSync(inWorkspace('dense.safetensors')).equals(before)).toBe(true);
    await workbench.screenshot('inspector-4-pruned');
  });

  test('a Git LFS pointer and a broken file say what they are and what to do', async () => {
    expect(await failure(await open('pointer.safetensors'))).toMatch(/Git LFS pointer.*git lfs pull/s);
    await workbench.screenshot('inspector-5-pointer');
    expect(await failure(await open('broken.safetensors'))).toContain('broken.safetensors');
    await workbench.screenshot('inspector-6-broken');
  });

  test('a file that changes on disk says so, and is read anew on demand', async () => {
    const frame = await open('dense-20.safetensors');
    writeFileSync(inWorkspace('dense-20.safetensors'), safetensorsFixture(network(0.25)));
    await frame.locator('.notice', { hasText: 'has changed on disk' }).waitFor();
    await frame.locator('.notice vscode-button', { hasText: 'Open again' }).click();
    await expect.poll(() => fact(frame, 'sparsity').innerText()).toBe('25.0 %');
  });

  test('git: a revision beside the file, and a side that a revision does not have', async () => {
    await open('added.safetensors');
    await page().locator('.editor-actions .action-label[aria-label^="Open Changes"]').click();
    await page().locator('.tab.active', { hasText: 'Working Tree' }).waitFor();
    const shown = async () => {
      const texts = await Promise.all(
        page()
          .frames()
          .map(frame =>
            frame
              .locator('.totals:visible, .failure-message:visible')
              .first()
              .innerText({ timeout: 100 })
              .catch(() => ''),
          ),
      );
      return texts.filter(Boolean).join('\n');
    };
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/50\.0 %[^]*75\.0 %|75\.0 %[^]*50\.0 %/);
    await workbench.screenshot('inspector-7-diff');
    await page().locator('.pane-header', { hasText: 'Timeline' }).click();
    await page().locator('.timeline-tree-view .monaco-list-row', { hasText: 'another' }).click();
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/not there in this revision/);
    await workbench.screenshot('inspector-8-missing');
  });

  test('two levels of an experiment are compared from the tree', async () => {
    await workbench.activityIcon().click();
    const item = (name: string) => workbench.treeRows().filter({ hasText: name }).first();
    await item('tiny').locator('.monaco-tl-twistie').click();
    await workbench.fromMenu(item('level 2'), 'Compare Weights of Two Runs', picks);
    await workbench.choose('level 0, dense');
    const frame = await workbench.webview(title('tiny level 2 ↔ tiny level 0, dense'));
    await expect.poll(() => fact(frame, 'only left').innerText()).toBe('0 (0 %)');
    await expect.poll(() => fact(frame, 'kept in both').innerText()).toMatch(/\(25\.\d %\)$/);
    await workbench.screenshot('inspector-9-levels');
  });

  test('no webview logged an error or broke its policy', () => {
    expect(workbench.problems).toEqual([]);
  });
});

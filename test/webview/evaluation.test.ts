/** The panel's evaluation: dense against the ticket of a level, read only where it is looked at. */
import { describe, expect, test } from 'vitest';
import type { ClassificationEvaluation } from '../../src/shared/evaluation';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleEvaluations } from '../support/sampleEvaluations';
import { sampleReports } from '../support/sampleReports';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages, type WebviewPage } from '../support/webviewPage';

type PanelPage = WebviewPage<PanelToHost, HostToPanel>;

const state = (report: Report): HostToPanel => ({
  type: 'state',
  name: 'lenet-mnist',
  running: false,
  report,
  progress: null,
  error: null,
});
const asked = async (panel: PanelPage) =>
  (await panel.posted()).flatMap(message => (message.type === 'evaluations' ? message.runs : []));
const card = ({ page }: PanelPage, name: string) => page.locator(`.card-${name}`);
const spoken = ({ page }: PanelPage) => page.locator('[aria-live="polite"]');
const runsAt = (report: Report, level: number) => report.series[0]!.points[level]!.runs;

describe.skipIf(unlessMissing(chromiumMissing))('evaluation in the experiment panel', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');
  const openTab = async (report: Report) => {
    const panel = await open();
    await panel.send(state(report));
    await panel.page.locator('vscode-panel-tab', { hasText: 'Evaluation' }).click();
    return panel;
  };
  const opened = async (report: Report, classes = 10) => {
    const panel = await openTab(report);
    await expect.poll(async () => (await asked(panel)).length).toBeGreaterThan(0);
    await panel.send({ type: 'evaluations', evaluations: sampleEvaluations(report, await asked(panel), classes) });
    return panel;
  };

  test('asks for dense and the level of the verdict, once, and only when it is looked at', async () => {
    const report = sampleReports.done();
    const panel = await open();
    await panel.send(state(report));
    await panel.page.locator('.rounds-table tbody tr').first().waitFor();
    expect(await asked(panel)).toEqual([]);
    await panel.page.locator('vscode-panel-tab', { hasText: 'Evaluation' }).click();
    await expect.poll(() => asked(panel)).toEqual([...runsAt(report, 0), ...runsAt(report, report.verdict.level)]);
    await panel.send(state(report));
    await panel.page.locator('vscode-panel-tab', { hasText: 'Rounds' }).click();
    await panel.page.locator('.rounds-table tbody tr[data-level="7"]').click();
    await panel.page.locator('vscode-panel-tab', { hasText: 'Evaluation' }).click();
    await expect.poll(async () => (await asked(panel)).slice(6)).toEqual([...runsAt(report, 7)]);
    expect(await card(panel, 'figures').innerText()).toContain('level 7');
  });

  test('lists the classes, the one that loses most first, with the recall of the counts', async () => {
    const report = sampleReports.done();
    const panel = await opened(report);
    const rows = card(panel, 'classes').locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(10);
    const texts = await rows.evaluateAll(all => all.map(row => [...row.children].map(cell => cell.textContent.trim())));
    const changes = texts.map(cells => Number(cells[4]!.replace('\u2212', '-')));
    expect(changes).toEqual([...changes].sort((a, b) => a - b));
    expect(['2', '5', '8']).toContain(texts[0]![0]);
    const label = Number(texts[0]![0]);
    const dense = runsAt(report, 0).map(key => sampleEvaluations(report, [key])[key] as ClassificationEvaluation);
    const recall = dense.reduce((sum, one) => sum + one.classHits[label]! / one.support[label]!, 0) / dense.length;
    expect(texts[0]![2]).toBe(`${(recall * 100).toFixed(2)} %`);
  });

  test('classes and confusions have the names that the data has, long ones cut where it is narrow', async () => {
    const labelNames = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'a lorry '.repeat(10)];
    const panel = await opened({ ...sampleReports.done(), labelNames });
    const first = card(panel, 'classes').locator('tbody tr th');
    await expect.poll(() => first.allInnerTexts()).toContain('5 · dog');
    await panel.page.getByRole('application', { name: /^Confusion matrix/ }).focus();
    await panel.page.keyboard.press('ArrowRight');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^class 0 · plane, /);
    for (const width of [320, 1400]) {
      await panel.page.setViewportSize({ width, height: 900 });
      await screenshot(panel.page, `webview/evaluation-named-${width}`, { fullPage: true });
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });

  test('the matrix is walked over by keys, and says what is there', async () => {
    const panel = await opened(sampleReports.done());
    const matrix = panel.page.getByRole('application', { name: /^Confusion matrix/ });
    await matrix.focus();
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('ArrowRight');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^class 0, taken for 1: dense [\d.]+ %, level 15 /);
    await panel.page.keyboard.press('ArrowLeft');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^class 0, predicted rightly: dense 9/);
    await panel.page.keyboard.press('End');
    await expect.poll(() => spoken(panel).innerText()).toContain('class 0, taken for 9');
  });

  test('the matrix has a table of what changed most, and calibration one of its bins', async () => {
    const panel = await opened(sampleReports.done());
    await card(panel, 'confusions').locator('vscode-checkbox').click();
    expect(await card(panel, 'confusions').locator('tbody tr').first().innerText()).toMatch(/^\d → \d\s/);
    await card(panel, 'calibration').locator('vscode-checkbox').click();
    expect(await card(panel, 'calibration').locator('tbody tr').count()).toBe(15);
    expect(await card(panel, 'calibration').innerText()).toMatch(
      /calibration error: dense [\d.]+ %, level 15 [\d.]+ %/,
    );
  });

  test('the reliability diagram is walked over by keys', async () => {
    const panel = await opened(sampleReports.done());
    await panel.page.getByRole('application', { name: /^Accuracy against confidence/ }).focus();
    await panel.page.keyboard.press('End');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^confidence 93 to 100 %: dense [\d.]+ % right at /);
  });

  test('runs of an earlier version say what to do; answers that come after it are shown', async () => {
    const report = sampleReports.unevaluated();
    const panel = await openTab(report);
    await expect.poll(async () => (await asked(panel)).length).toBe(6);
    const none = Object.fromEntries((await asked(panel)).map(run => [run, null]));
    await panel.send({ type: 'evaluations', evaluations: none });
    await expect.poll(() => card(panel, 'figures').innerText()).toContain('Run the experiment again');
    expect(await card(panel, 'classes').isVisible()).toBe(false);
    await panel.send(state(sampleReports.done()));
    await expect.poll(async () => (await asked(panel)).length).toBe(12);
    await panel.send({ type: 'evaluations', evaluations: sampleEvaluations(report, await asked(panel)) });
    await card(panel, 'classes').waitFor();
  });

  test('a regression shows its targets and nothing of classes', async () => {
    const panel = await opened(sampleReports.regression());
    await expect.poll(() => card(panel, 'targets').locator('tbody tr').count()).toBe(3);
    // the noise of the third target grows most with the level
    expect(await card(panel, 'targets').locator('tbody tr').first().innerText()).toMatch(/^2\s/);
    expect(await card(panel, 'figures').innerText()).toMatch(/test R²[^]*RMSE[^]*MAE/);
    for (const name of ['classes', 'confusions', 'calibration']) {
      expect(await card(panel, name).isVisible()).toBe(false);
    }
  });

  test('more than 200 classes have their most confused pairs instead of a matrix', async () => {
    const panel = await opened(sampleReports.done(), 240);
    await expect.poll(() => card(panel, 'confusions').innerText()).toContain('More than 200 classes');
    expect(await card(panel, 'classes').innerText()).toContain('The 200 that lose most, of 240.');
  });

  test.each([
    ['evaluation', 'done', 10],
    ['evaluation-100-classes', 'done', 100],
    ['evaluation-regression', 'regression', 0],
    ['evaluation-missing', 'unevaluated', 0],
  ] as const)('%s fits every width and theme', async (name, kind, classes) => {
    const report = sampleReports[kind]();
    const panel = await openTab(report);
    await expect.poll(async () => (await asked(panel)).length).toBeGreaterThan(0);
    const runs = await asked(panel);
    const none = Object.fromEntries(runs.map(run => [run, null]));
    const evaluations = kind === 'unevaluated' ? none : sampleEvaluations(report, runs, classes);
    await panel.sendLong({ type: 'evaluations', evaluations });
    await card(panel, 'figures').waitFor();
    for (const width of [320, 900, 1400]) {
      await panel.page.setViewportSize({ width, height: 900 });
      for (const theme of ['dark', 'light', 'hcDark'] as const) {
        await panel.theme(theme);
        await panel.page.waitForTimeout(100); // charts follow in the next frame
        await screenshot(panel.page, `webview/${name}-${theme}-${width}`, { fullPage: true });
      }
      expect(await overflowing(panel.page), `${width} px`).toEqual([]);
    }
  });
});

import { describe, expect, test } from 'vitest';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Progress, Report } from '../../src/shared/report';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { sampleCurves, sampleProgress, sampleReports } from '../support/sampleReports';
import { webviewPages, type WebviewPage } from '../support/webviewPage';

type PanelPage = WebviewPage<PanelToHost, HostToPanel>;

function state(report: Report | null, changes: Partial<Extract<HostToPanel, { type: 'state' }>> = {}): HostToPanel {
  const name = report?.experiment.name ?? 'lenet-mnist';
  return { type: 'state', name, running: false, report, progress: null, error: null, ...changes };
}

function running(report: Report, progress: Progress = sampleProgress(report)): HostToPanel {
  return state(report, { running: true, progress });
}

const verdict = ({ page }: PanelPage) => page.getByRole('region', { name: 'Verdict' });
const row = ({ page }: PanelPage, level: number) => page.locator(`.rounds-table tbody tr[data-level="${level}"]`);
const legend = ({ page }: PanelPage, chart: 'overview' | 'curves', method: string) =>
  page.locator(`.card-${chart} .legend-item[data-method="${method}"]`);
const spoken = ({ page }: PanelPage) => page.locator('[aria-live="polite"]');
const button = ({ page }: PanelPage, label: string) => page.locator('vscode-button', { hasText: label });
const tab = ({ page }: PanelPage, label: string) => page.locator('vscode-panel-tab', { hasText: label });

describe.skipIf(unlessMissing(chromiumMissing))('experiment panel', () => {
  const open = webviewPages<PanelToHost, HostToPanel>('experiment');
  const opened = async (message: HostToPanel) => {
    const panel = await open();
    await panel.send(message);
    await panel.page.locator('h1', { hasText: 'lenet-mnist' }).waitFor();
    return panel;
  };

  test('says that it is ready, once', async () => {
    const panel = await open();
    await expect.poll(() => panel.posted()).toEqual([{ type: 'ready' }]);
  });

  test('gives the verdict first, in the words of the report, with its reasons', async () => {
    const report = sampleReports.done();
    const panel = await opened(state(report));
    expect(await verdict(panel).innerText()).toContain(report.verdict.summary);
    await verdict(panel).locator('summary').click();
    const text = await verdict(panel).innerText();
    for (const reason of report.verdict.reasons) expect(text).toContain(reason);
    const [box, rounds] = await Promise.all([
      verdict(panel).boundingBox(),
      panel.page.locator('.rounds').boundingBox(),
    ]);
    expect(box!.y).toBeLessThan(rounds!.y);
  });

  test('says which device was lost and what went on, and in the tooltip how the executor was chosen', async () => {
    const loss = { executor: 'webgpu', device: 'H100', kind: 'out-of-memory', message: 'gone', next: 'wasm' } as const;
    const executorChoice: NonNullable<Report['executorChoice']> = {
      executor: 'webgpu',
      reason: 'the fastest',
      candidates: [{ executor: 'wasm', device: '2 threads', speed: { dense: 100, sparse: 300, mean: 200 } }],
      losses: [{ ...loss, method: 'iterative', level: 3, replicate: 0 }],
    };
    const panel = await opened(state({ ...sampleReports.done(), executorChoice }));
    expect(await panel.page.getByTestId('losses').innerText()).toBe(
      'The GPU ran out of memory in level 3; went on with wasm',
    );
    const title = await panel.page.locator('.device').getAttribute('title');
    expect(title).toContain('webgpu: the fastest\nwasm (2 threads): 200 steps/s');
    await panel.send(state(sampleReports.done()));
    await panel.page.getByTestId('losses').waitFor({ state: 'hidden' });
  });

  test('has one row a level with the numbers of the report', async () => {
    const report = sampleReports.done();
    const panel = await opened(state(report));
    expect(await panel.page.locator('.rounds-table tbody tr').count()).toBe(16);
    const point = report.series[0]!.points[7]!;
    const cells = (await row(panel, 7).locator('th, td').allInnerTexts()).map(text => text.trim());
    const percent = (share: number) => (share * 100).toFixed(2);
    expect(cells[0]).toBe('7');
    expect(cells[2]).toBe(point.kept.toLocaleString('en-US'));
    expect(cells[3]).toBe(`${percent(point.testAccuracy.mean)} ± ${percent(point.testAccuracy.std)} %`);
    const mask = report.series.find(series => series.method === 'random-mask')!;
    const control = mask.points.find(one => one.level === 7)!;
    const column = (await panel.page.locator('.rounds-table thead th').allInnerTexts()).findIndex(text =>
      /random.mask/i.test(text),
    );
    expect(cells[column]).toBe(`${percent(control.testAccuracy.mean)} ± ${percent(control.testAccuracy.std)} %`);
  });

  test('a control without a result is not known, one that was not beaten is not met', async () => {
    const panel = await opened(state(sampleReports.withoutControls()));
    const conditions = (as: 'met' | 'unmet' | 'open') => panel.page.locator(`.conditions li.${as}`).count();
    expect([await conditions('met'), await conditions('unmet'), await conditions('open')]).toEqual([2, 0, 2]);
    await panel.send(state(sampleReports.failed()));
    await expect.poll(() => conditions('unmet')).toBe(2);
    expect(await conditions('open')).toBe(0);
  });

  test('without controls it does not claim a ticket, and offers to add them', async () => {
    const panel = await opened(state(sampleReports.withoutControls()));
    expect(await verdict(panel).innerText()).toMatch(/not shown to be better than chance/i);
    await verdict(panel).locator('vscode-button').click();
    expect(await panel.posted()).toContainEqual({ type: 'addControls' });
  });

  test('while it runs it says "so far", where it is and how long it takes', async () => {
    const panel = await opened(running(sampleReports.running()));
    expect(await verdict(panel).innerText()).toMatch(/so far/i);
    expect(await panel.page.getByTestId('status').innerText()).toMatch(/^level 9 of 15 · one-shot · 0:38 left$/);
  });

  test('progress moves the status and the bar without a new report', async () => {
    const report = sampleReports.running();
    const panel = await opened(running(report));
    const progress = sampleProgress(report);
    await panel.send({ type: 'progress', progress: { ...progress, fraction: 0.625, secondsLeft: 21 } });
    await panel.page.getByTestId('status').filter({ hasText: '0:21 left' }).waitFor();
    expect(await panel.page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('63');
  });

  test('a report that grows fills its row; the rows stay where they are', async () => {
    const panel = await opened(running(sampleReports.started()));
    expect(await row(panel, 0).innerText()).not.toContain('266,200');
    const before = await row(panel, 9).boundingBox();
    await panel.send(running(sampleReports.running()));
    await expect.poll(() => row(panel, 0).innerText()).toContain('266,200');
    const after = await row(panel, 9).boundingBox();
    const header = panel.page.locator('.rounds-table thead');
    expect(after!.height).toBeCloseTo(before!.height, 0);
    expect(await header.isVisible()).toBe(true);
  });

  test('an evaluation shows at once in the learning curves', async () => {
    const report = sampleReports.running();
    const panel = await opened(running(report));
    const run = report.runs.find(one => one.status === 'running')!;
    const point = { step: 2250, trainLoss: 0.1, validationLoss: 0.1, validationAccuracy: 0.9, testLoss: 0.1 };
    await panel.send({ type: 'evaluation', run: run.key, point: { ...point, testAccuracy: 0.91234 } });
    await expect.poll(() => legend(panel, 'curves', run.method).innerText()).toContain('91.23 %');
  });

  test('asks the host for the curves it draws, once each', async () => {
    const report = sampleReports.single();
    const panel = await opened(state(report));
    await panel.send(state(report));
    await panel.send({ type: 'curves', curves: sampleCurves(report) });
    await expect.poll(() => legend(panel, 'curves', 'dense').innerText()).toMatch(/\d\d\.\d\d %/);
    const asked = (await panel.posted()).flatMap(message => (message.type === 'curves' ? message.runs : []));
    expect(asked).toContain(report.runs[0]!.key);
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('a regression is shown by R², and its curves by loss', async () => {
    const report = sampleReports.regression();
    const panel = await opened(state(report));
    await panel.send({ type: 'curves', curves: sampleCurves(report) });
    const { mean, std } = report.series[0]!.points[7]!.measures!.r2!;
    expect(await row(panel, 7).innerText()).toContain(`${mean.toFixed(4)} ± ${std.toFixed(4)}`);
    expect(await panel.page.locator('.rounds-table thead').innerText()).toMatch(/test R²[^]*Δ dense\s/i);
    await expect.poll(() => legend(panel, 'curves', 'dense').innerText()).toMatch(/dense\s+0\.\d+ ± 0\.\d+/);
    expect(await panel.page.locator('main.content').innerText()).not.toMatch(/accuracy|percentage| pp/i);
  });

  test('Cancel posts cancel; it is there only while something runs', async () => {
    const report = sampleReports.running();
    const panel = await opened(running(report));
    await button(panel, 'Cancel').click();
    expect(await panel.posted()).toContainEqual({ type: 'cancel' });
    await panel.send(state(sampleReports.cancelled()));
    await button(panel, 'Continue').waitFor();
    expect(await button(panel, 'Cancel').count()).toBe(0);
  });

  test.each([
    ['Continue', 'run', sampleReports.cancelled()],
    ['Resume', 'resume', { ...sampleReports.running(), status: 'paused' }],
    ['Resume', 'resume', sampleReports.running()],
  ] as const)('one that has stopped offers %s, and says so', async (label, type, report) => {
    const panel = await opened(state(report));
    expect(await verdict(panel).innerText()).toContain(`“${label}” goes on from there`);
    await button(panel, label).click();
    expect(await panel.posted()).toContainEqual({ type });
  });

  test('one on a cluster says how far it is, and can be taken back from there', async () => {
    const panel = await opened(state(sampleReports.running(), { away: 'on slurm: 1 of 4 runs, 3 pending' }));
    expect(await panel.page.getByTestId('status').innerText()).toBe('on slurm: 1 of 4 runs, 3 pending');
    await button(panel, 'Cancel on Cluster').click();
    expect(await panel.posted()).toContainEqual({ type: 'cancelOnCluster' });
    expect(await button(panel, 'Resume').count()).toBe(0);
  });

  test('one that waits in the queue says its place, and can leave it or be the next', async () => {
    const panel = await opened(state(sampleReports.cancelled(), { queued: 2 }));
    expect(await panel.page.getByTestId('status').innerText()).toBe('waits in the queue, 2nd');
    expect(await verdict(panel).innerText()).toContain('Waits in the queue, 2nd');
    await button(panel, 'Move to Front').click();
    await button(panel, 'Remove from Queue').click();
    await expect
      .poll(async () => (await panel.posted()).slice(-2))
      .toEqual([{ type: 'prioritise' }, { type: 'removeFromQueue' }]);
    await panel.send(state(null, { queued: 1 }));
    await panel.page.getByTestId('status').filter({ hasText: '1st' }).waitFor();
    expect(await button(panel, 'Move to Front').count()).toBe(0);
    expect(await verdict(panel).innerText()).toContain('Waits in the queue, 1st');
    expect(await button(panel, 'Run').count()).toBe(0);
  });

  test('a failure says what happened, what to do and what was kept', async () => {
    const report = sampleReports.failed();
    const panel = await opened(state(report));
    const text = await verdict(panel).innerText();
    expect(text).toContain(report.error);
    expect(text).toContain('9 finished runs are kept');
    await button(panel, 'Show log').click();
    expect(await panel.posted()).toContainEqual({ type: 'showLog' });
  });

  test('runs that failed are named with their error; the others stay', async () => {
    const panel = await opened(state(sampleReports.partlyFailed()));
    expect(await verdict(panel).innerText()).toContain('Loss became NaN at step 1,500');
    expect(await row(panel, 15).innerText()).toMatch(/\d\d\.\d\d %/);
  });

  test('an empty layer is named and marked in the heatmap', async () => {
    const panel = await opened(state(sampleReports.emptyLayer()));
    const layers = panel.page.locator('.card-layers');
    expect(await layers.innerText()).toContain('dense_2 is empty from level 17');
    expect(await layers.locator('td.heat-empty').count()).toBe(4);
  });

  test('the keyboard walks a chart level by level and speaks what stands there', async () => {
    const report = sampleReports.done();
    const panel = await opened(state(report));
    const chart = panel.page.getByRole('application', { name: /^Test accuracy against weights remaining/ });
    await chart.focus();
    await panel.page.keyboard.press('Home');
    await expect
      .poll(() => spoken(panel).innerText())
      .toMatch(/^level 0 · 100 % remaining: iterative \d\d\.\d\d ± 0\.\d\d %$/);
    await panel.page.keyboard.press('ArrowRight');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^level 1 .*random mask/);
    await panel.page.keyboard.press('ArrowDown');
    await expect.poll(() => spoken(panel).innerText()).not.toContain('random mask');
    expect(await row(panel, 1).getAttribute('class')).toContain('hovered');
    await panel.page.keyboard.press('Enter');
    expect(await row(panel, 1).getAttribute('aria-selected')).toBe('true');
    await panel.page.keyboard.press('Escape');
    expect(await row(panel, 1).getAttribute('aria-selected')).toBeNull();
  });

  test('the keyboard walks the rounds and the heatmap too', async () => {
    const panel = await opened(state(sampleReports.done()));
    await row(panel, 0).focus();
    await panel.page.keyboard.press('ArrowDown');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^level 1 /);
    await panel.page.locator('.heatmap td').first().focus();
    await panel.page.keyboard.press('End');
    await expect.poll(() => spoken(panel).innerText()).toMatch(/^dense_1, level 15: [\d,]+ of 235,200 weights kept/);
  });

  test('one cursor: a level hovered in the table is read out beside the chart', async () => {
    const panel = await opened(state(sampleReports.done()));
    await row(panel, 4).hover();
    expect(await panel.page.locator('.card-overview .card-aside').innerText()).toContain('level 4');
    expect(await panel.page.locator('.card-layers .card-aside').innerText()).toContain('level 4');
  });

  test('each chart has its table', async () => {
    const panel = await opened(state(sampleReports.done()));
    await panel.page.locator('.card-overview vscode-checkbox').click();
    const table = panel.page.locator('.card-overview table.data-table');
    await table.waitFor();
    expect(await table.locator('tbody tr').count()).toBe(16);
  });

  test('what was pinned, hidden and chosen survives a reload', async () => {
    const report = sampleReports.done();
    const panel = await opened(state(report));
    await row(panel, 5).click();
    await legend(panel, 'overview', 'random-mask').click();
    await tab(panel, 'Rounds').click();
    await panel.page.reload();
    await panel.send(state(report));
    await panel.page.locator('.rounds-table').waitFor();
    expect(await row(panel, 5).getAttribute('aria-selected')).toBe('true');
    expect(await tab(panel, 'Rounds').getAttribute('aria-selected')).toBe('true');
    await tab(panel, 'Overview').click();
    expect(await legend(panel, 'overview', 'random-mask').getAttribute('aria-pressed')).toBe('false');
  });

  test('names from a workspace are text, never markup', async () => {
    const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
    const report = sampleReports.failed();
    const panel = await open();
    const renamed: Report = {
      ...report,
      error: hostile,
      modelDescription: hostile,
      dataDescription: hostile,
      device: hostile,
      experiment: { ...report.experiment, name: hostile },
      layers: report.layers.map(layer => ({ ...layer, name: hostile })),
      verdict: { ...report.verdict, summary: hostile, reasons: [hostile], advice: hostile },
    };
    for (const message of [
      state(renamed),
      running(renamed),
      state(renamed, { error: hostile }),
      state({ ...renamed, status: 'done' }),
    ]) {
      await panel.send(message);
    }
    await panel.page.locator('h1').waitFor();
    expect(await panel.page.locator('h1').innerText()).toBe(hostile);
    expect(await panel.page.locator('#root img, #root script').count()).toBe(0);
    expect(await panel.page.title()).not.toBe('owned');
  });

  test('messages that are none are ignored', async () => {
    const report = sampleReports.single();
    const panel = await opened(state(report));
    const garbage = [null, 7, 'state', [], {}, { type: 'nonsense' }, { type: 7 }, { type: '__proto__' }];
    for (const message of garbage) await panel.sendGarbage(message);
    expect(await verdict(panel).innerText()).toContain(report.verdict.summary);
  });

  test('follows a change of theme', async () => {
    const panel = await opened(state(sampleReports.done()));
    const background = () =>
      panel.page.evaluate(() => document.querySelector<HTMLElement>('.heatmap td.heat-cell')?.style.background);
    const dark = await background();
    await panel.theme('light');
    await expect.poll(background).not.toBe(dark);
  });
});

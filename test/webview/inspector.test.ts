import { describe, expect, test } from 'vitest';
import type { HostToInspectorView, InspectorViewToHost } from '../../src/shared/inspectorView';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { InspectorHost, type InspectorPage } from '../support/inspectorHost';
import { residualNetwork, tensor, transformer } from '../support/sampleInspection';
import { webviewPages, type PageOptions } from '../support/webviewPage';

const rows = ({ page }: InspectorPage) => page.locator('.grid-row');
const row = (view: InspectorPage, name: string) => rows(view).filter({ hasText: name }).first();
const grid = ({ page }: InspectorPage) => page.locator('.grid');
const filter = ({ page }: InspectorPage) => page.locator('.filter-input');
/** Rows follow the filter a moment later: until they do, a click would meet one that is about to go. */
const filterBy = async (view: InspectorPage, text: string) => {
  await filter(view).fill(text);
  await view.page.locator('.shown', { hasText: /^[\d,]+ of / }).waitFor();
};
const head = ({ page }: InspectorPage, id: string) => page.locator(`.head-cell[data-id="${id}"]`);
const button = ({ page }: InspectorPage, label: string) => page.locator('vscode-button', { hasText: label });
const posted = async (view: InspectorPage, type: InspectorViewToHost['type']) =>
  (await view.posted()).filter(message => message.type === type);
const fact = ({ page }: InspectorPage, label: string) =>
  page.locator('.total', { has: page.locator(`dt:text-is("${label}")`) }).locator('dd');
const names = async (view: InspectorPage) =>
  (await rows(view).locator('.grid-cell:first-child .name').allInnerTexts()).map(text => text.trim());

describe.skipIf(unlessMissing(chromiumMissing))('the inspector', () => {
  const open = webviewPages<InspectorViewToHost, HostToInspectorView>('inspector');
  const opened = async (tensors = residualNetwork(), options: PageOptions = { width: 1_200, height: 800 }) => {
    const view = await open(options);
    const host = new InspectorHost(view, tensors);
    await host.open('resnet20.th');
    await rows(view).first().waitFor();
    return { view, host };
  };
  const flat = async (view: InspectorPage) => {
    await view.page.locator('vscode-dropdown[aria-label="Group"]').click();
    await view.page.locator('vscode-option', { hasText: 'flat' }).click();
  };

  test('says that it is ready, and what it opens while it waits', async () => {
    const view = await open();
    await expect.poll(() => view.posted()).toEqual([{ type: 'ready' }]);
    await view.send({ type: 'opening', mode: 'inspect', name: 'a.th', state: {} });
    await view.page.locator('.loading', { hasText: 'Opening a.th' }).waitFor();
  });

  test('shows names, shapes and types before a number is there, and waits for each in its place', async () => {
    const { view, host } = await opened();
    const cells = await row(view, 'conv1.weight').locator('.grid-cell').allInnerTexts();
    expect(cells.slice(0, 4).map(text => text.trim())).toEqual(['conv1.weight', '16×3×3×3', 'F32', '432']);
    expect(await row(view, 'conv1.weight').locator('.pending').count()).toBeGreaterThan(5);
    expect(await fact(view, 'sparsity').innerText()).toBe('…');
    await host.count([0]);
    await expect.poll(() => row(view, 'conv1.weight').locator('.pending').count()).toBe(0);
    await expect.poll(() => view.page.getByTestId('status').innerText()).toBe('counting 1 of 116 tensors');
    await host.count();
    await expect.poll(() => view.page.getByTestId('status').count()).toBe(1);
    await expect.poll(() => fact(view, 'sparsity').innerText()).toMatch(/^\d+\.\d %$/);
    await expect.poll(() => posted(view, 'counted')).toHaveLength(1);
  });

  test('asks for what is in view first, and again after scrolling', async () => {
    const { view } = await opened();
    await expect.poll(() => posted(view, 'visible')).not.toHaveLength(0);
    const first = (await posted(view, 'visible'))[0] as Extract<InspectorViewToHost, { type: 'visible' }>;
    expect(first.tensors[0]).toBe(0);
    expect(first.tensors.length).toBeLessThan(60);
    await grid(view).evaluate(element => (element.scrollTop = 1e6));
    await expect
      .poll(async () => ((await posted(view, 'visible')).at(-1) as typeof first).tensors.includes(115))
      .toBe(true);
  });

  test('sorts by a column, turns round, and ends', async () => {
    const { view, host } = await opened();
    await host.count();
    await flat(view);
    const numbers = async () =>
      (await rows(view).locator('.col-count').allInnerTexts())
        .slice(0, 20)
        .map(text => Number(text.replaceAll(',', '')));
    await head(view, 'count').getByRole('button').click();
    await expect.poll(async () => (await numbers())[0]).toBe(36_864);
    const descending = await numbers();
    expect(descending).toEqual([...descending].sort((a, b) => b - a));
    expect(await head(view, 'count').getAttribute('aria-sort')).toBe('descending');
    await head(view, 'count').getByRole('button').click();
    await expect.poll(async () => (await numbers())[0]).toBe(1);
    await head(view, 'count').getByRole('button').click();
    await expect.poll(async () => (await names(view))[0]).toBe('conv1.weight');
    expect(await head(view, 'count').getAttribute('aria-sort')).toBe('none');
  });

  test('filters by words and by type, says how many are left, and offers a way back from none', async () => {
    const { view } = await opened();
    await filter(view).fill('layer2 conv');
    const shown = view.page.locator('.shown');
    await expect.poll(() => shown.innerText()).toBe('6 of 116 tensors');
    await view.page.locator('vscode-dropdown[aria-label="Filter by dtype"]').click();
    await view.page.locator('vscode-option', { hasText: 'I64' }).click();
    await view.page.locator('.nothing', { hasText: 'No tensor matches the filter' }).waitFor();
    await button(view, 'Clear filter').click();
    await expect.poll(() => shown.innerText()).toBe('116 tensors');
    expect(await filter(view).inputValue()).toBe('');
  });

  test('Ctrl+F goes to the filter, Escape clears it', async () => {
    const { view } = await opened();
    await view.page.keyboard.press('Control+f');
    await view.page.keyboard.type('linear');
    await expect.poll(() => view.page.locator('.shown').innerText()).toBe('2 of 116 tensors');
    await view.page.keyboard.press('Escape');
    await expect.poll(() => view.page.locator('.shown').innerText()).toBe('116 tensors');
  });

  test('the keyboard walks the rows, opens and closes modules and details', async () => {
    const { view } = await opened();
    await grid(view).focus();
    const active = async () => (await view.page.locator('.grid-row.is-active .name').innerText()).trim();
    await view.page.keyboard.press('ArrowDown');
    await expect.poll(active).toBe('bn1');
    const activeRow = view.page.locator('.grid-row.is-active');
    expect(await grid(view).getAttribute('aria-activedescendant')).toBe(await activeRow.getAttribute('id'));
    expect(await activeRow.getAttribute('aria-expanded')).toBe('true');
    await view.page.keyboard.press('ArrowLeft');
    await expect.poll(() => activeRow.getAttribute('aria-expanded')).toBe('false');
    await view.page.keyboard.press('ArrowDown');
    await expect.poll(active).toBe('layer1');
    await view.page.keyboard.press('End');
    await expect.poll(active).toBe('bias');
    await view.page.keyboard.press('Home');
    await expect.poll(active).toBe('conv1.weight');
    await view.page.keyboard.press('Enter');
    await view.page.locator('.detail h2', { hasText: 'conv1.weight' }).waitFor();
    await view.page.keyboard.press('Escape');
    await expect.poll(() => view.page.locator('.detail').count()).toBe(0);
    expect(await grid(view).evaluate(element => element === document.activeElement)).toBe(true);
  });

  test('100,000 tensors: few elements, the last row within reach', async () => {
    const tensors = Array.from({ length: 100_000 }, (_, index) => tensor(`layers.${index >> 3}.w${index & 7}`, [8, 8]));
    const { view } = await opened(tensors);
    await flat(view);
    await expect.poll(() => grid(view).getAttribute('aria-rowcount')).toBe('100001');
    expect(await rows(view).count()).toBeLessThan(60);
    await grid(view).focus();
    await view.page.keyboard.press('End');
    await row(view, 'layers.12499.w7').waitFor();
    await view.page.keyboard.press('Home');
    await row(view, 'layers.0.w0').waitFor();
    await grid(view).evaluate(element => (element.scrollTop = element.scrollHeight / 2));
    await row(view, 'layers.6250.w0').waitFor();
    expect(await rows(view).count()).toBeLessThan(60);
  });

  test('a tensor in full: heatmap, histogram and norms, each read out and as a table', async () => {
    const { view, host } = await opened();
    await host.count();
    await filterBy(view, 'layer3.0.conv1');
    await row(view, 'conv1.weight').click();
    const canvas = view.page.getByRole('application', { name: /^Heatmap of layer3\.0\.conv1\.weight, 64 by 288/ });
    await canvas.focus();
    for (let step = 0; step < 9; step++) await view.page.keyboard.press('+');
    await view.page.keyboard.press('ArrowRight');
    await expect
      .poll(() => view.page.locator('[aria-live]').first().innerText())
      .toMatch(/^output \d+, input \d+, kernel position \d: /);
    const tables = view.page.locator('.card vscode-checkbox');
    expect(await tables.count()).toBe(2);
    await tables.nth(1).click();
    const table = view.page.locator('.data-table').nth(1);
    await table.waitFor();
    expect(await table.locator('tbody tr').count()).toBe(64);
    expect(await table.locator('tbody tr').nth(4).innerText()).toContain('dead: all 0');
  });

  test('zooming asks for finer tiles of what is in view; moving far gives up what is not needed any more', async () => {
    const { view } = await opened([tensor('big.weight', [4_096, 4_096])]);
    await row(view, 'big.weight').click();
    const tiles = async () => (await posted(view, 'tile')) as readonly Extract<InspectorViewToHost, { type: 'tile' }>[];
    await expect.poll(async () => (await tiles()).length).toBeGreaterThan(0);
    const whole = (await tiles())[0]!;
    expect(whole.region).toEqual({ row: 0, column: 0, rows: 4_096, columns: 4_096 });
    expect(whole.cells.rows).toBeLessThanOrEqual(512);
    const canvas = view.page.locator('.matrix-canvas');
    await canvas.hover();
    await canvas.dblclick();
    await canvas.dblclick();
    await canvas.dblclick();
    await expect.poll(async () => (await tiles()).at(-1)!.region.rows).toBeLessThan(1_000);
    const last = (await tiles()).at(-1)!;
    expect(last.cells).toEqual({ rows: last.region.rows, columns: last.region.columns });
  });

  test('a drag moves the heatmap, the Fit button brings the whole back', async () => {
    const { view } = await opened([tensor('big.weight', [4_096, 4_096])]);
    await row(view, 'big.weight').click();
    const canvas = view.page.locator('.matrix-canvas');
    const reading = view.page.locator('.matrix .reading');
    await canvas.dblclick({ position: { x: 200, y: 100 } });
    await canvas.dblclick({ position: { x: 200, y: 100 } });
    await canvas.dblclick({ position: { x: 200, y: 100 } });
    await expect.poll(() => reading.innerText()).toMatch(/^output \d/);
    const box = (await canvas.boundingBox())!;
    const at = async () => {
      await view.page.mouse.move(box.x + 201, box.y + 101);
      await view.page.mouse.move(box.x + 200, box.y + 100);
      return /output (\d[\d,]*\d|\d)/.exec(await reading.innerText())![1]!;
    };
    const before = await at();
    await view.page.mouse.down();
    await view.page.mouse.move(box.x + 200, box.y + 40, { steps: 5 });
    await view.page.mouse.up();
    await expect.poll(at).not.toBe(before);
    await button(view, 'Fit').click();
    await expect.poll(at).toMatch(/^(9\d\d|1,\d+)$/);
  });

  test('a tensor that cannot be read says why, in its row and in its details; the others are counted', async () => {
    const tensors = [tensor('good', [4, 4]), tensor('bad', [4, 4], { error: 'bytes 64 to 128 lie beyond the end' })];
    const { view, host } = await opened(tensors);
    await host.count([0]);
    await expect.poll(() => row(view, 'good').locator('.pending').count()).toBe(0);
    expect(await row(view, 'bad').locator('.error-mark').getAttribute('title')).toBe(
      'bytes 64 to 128 lie beyond the end',
    );
    await row(view, 'bad').click();
    await view.page.locator('.detail [role="alert"]', { hasText: 'beyond the end' }).waitFor();
  });

  test('details that fail say why; a tile that fails leaves what is there', async () => {
    const { view, host } = await opened();
    host.stop();
    await row(view, 'conv1.weight').click();
    await expect.poll(() => posted(view, 'details')).toHaveLength(1);
    const [{ request }] = (await posted(view, 'details')) as [Extract<InspectorViewToHost, { type: 'details' }>];
    await view.send({ type: 'requestFailed', request, message: 'resnet20.th: cut off at byte 7' });
    await view.page.locator('.detail [role="alert"]', { hasText: 'cut off at byte 7' }).waitFor();
  });

  test('closing details gives up what was asked for them', async () => {
    const { view, host } = await opened();
    host.stop();
    await row(view, 'conv1.weight').click();
    await expect.poll(() => posted(view, 'details')).toHaveLength(1);
    await button(view, 'Close').click();
    await expect.poll(() => posted(view, 'forget')).toHaveLength(1);
  });

  test('a file that cannot be read: the message, and buttons that say what to do', async () => {
    const view = await open();
    await view.send({ type: 'failed', message: 'a.th: an empty file', actions: ['reopen', 'reopenWith'] });
    expect(await view.page.getByRole('alert').innerText()).toContain('a.th: an empty file');
    await button(view, 'Open again').click();
    expect(await view.posted()).toContainEqual({ type: 'perform', action: 'reopen' });
  });

  test('a notice stands above what is shown, which stays', async () => {
    const { view } = await opened();
    await view.send({ type: 'notice', message: 'a.th has changed on disk.', actions: ['reopen'] });
    await view.page.locator('.notice', { hasText: 'changed on disk' }).waitFor();
    expect(await rows(view).count()).toBeGreaterThan(10);
  });

  test('a file without tensors says so', async () => {
    const view = await open();
    const host = new InspectorHost(view, []);
    await host.open('empty.npz');
    await host.count();
    await view.page.locator('.nothing', { hasText: 'There is no tensor in this file' }).waitFor();
  });

  test('parts of a transformer against the guideline; metadata and notes', async () => {
    const view = await open();
    const host = new InspectorHost(view, transformer());
    await host.open('m.safetensors', { metadata: [['format', 'pt']], notes: ['shard 2 is missing'] });
    await host.count();
    const kind = (name: string) => view.page.locator('.kind', { hasText: name });
    await expect.poll(() => kind('attention').innerText()).toMatch(/guideline of 50 to 60 %/);
    expect(await view.page.locator('.note').innerText()).toContain('shard 2 is missing');
    await view.page.locator('.metadata summary').click();
    expect(await view.page.locator('.metadata dl').innerText()).toContain('pt');
  });

  test('columns can be put away, and what was chosen survives a reload', async () => {
    const { view, host } = await opened();
    await view.page.locator('.menu summary').click();
    await view.page.locator('.menu-item', { hasText: 'std' }).locator('input').uncheck();
    await view.page.locator('.grid').click({ position: { x: 5, y: 5 } });
    await filterBy(view, 'layer1');
    await row(view, 'conv1.weight').click();
    await view.page.locator('.detail').waitFor();
    await view.page.reload();
    await host.open('resnet20.th');
    await view.page.locator('.detail h2', { hasText: 'layer1.0.conv1.weight' }).waitFor();
    expect(await filter(view).inputValue()).toBe('layer1');
    expect(await head(view, 'std').count()).toBe(0);
  });

  test('copies what is shown, in its order', async () => {
    const { view, host } = await opened();
    await host.count();
    await filter(view).fill('linear');
    await expect.poll(() => view.page.locator('.shown').innerText()).toBe('2 of 116 tensors');
    await view.send({ type: 'copy', format: 'csv' });
    await view.send({ type: 'copy', format: 'markdown' });
    await expect.poll(() => posted(view, 'copy')).toHaveLength(2);
    const [csv, markdown] = (await posted(view, 'copy')) as Extract<InspectorViewToHost, { type: 'copy' }>[];
    expect(csv).toMatchObject({ format: 'csv', rows: 2 });
    expect(csv!.text.split('\r\n')[1]).toMatch(/^resnet20\.th,linear\.weight,F32,10x64,640,/);
    expect(markdown!.text).toContain('| linear.weight | 10×64 | F32 |');
  });

  test('names from a file are text, never markup', async () => {
    const hostile = '<img src=x onerror="document.title=\'owned\'">.weight';
    const { view, host } = await opened([tensor(hostile, [4, 4]), tensor('b', [2], { dtype: hostile })]);
    await host.count();
    expect((await names(view))[0]).toBe(hostile);
    await row(view, 'img').click();
    await view.page.locator('.bars').first().waitFor();
    expect(await view.page.locator('#root img').count()).toBe(0);
    expect(await view.page.title()).toBe('resnet20.th');
  });

  test('messages that are none are ignored', async () => {
    const { view } = await opened();
    for (const message of [null, 7, 'x', {}, { type: 'nonsense' }, { type: 'tile', request: 99 }]) {
      await view.sendGarbage(message);
    }
    expect(await rows(view).count()).toBeGreaterThan(10);
  });
});

describe.skipIf(unlessMissing(chromiumMissing))('the comparison', () => {
  const open = webviewPages<InspectorViewToHost, HostToInspectorView>('inspector');
  const compared = async () => {
    const view = await open({ width: 1_400, height: 800 });
    const host = new InspectorHost(view, residualNetwork());
    await host.compare('dense.pt', 'pruned.safetensors');
    await rows(view).first().waitFor();
    return view;
  };

  test('each pair: kept in both and on one side only, sign flips, distance, overlap against chance', async () => {
    const view = await compared();
    // the row is there before what was compared of it
    await expect
      .poll(async () => {
        const cells = await row(view, 'conv1.weight').locator('.grid-cell').allInnerTexts();
        return cells.slice(4).map(text => text.trim());
      })
      .toEqual(['86', '43', '22', '2', '25.0 %', '0.570 (0.158)']);
    await expect.poll(() => fact(view, 'in both').innerText()).toBe('59 tensors');
    await view.page.locator('.metadata summary').click();
    expect(await view.page.locator('.metadata dl').innerText()).toMatch(/fc_extra\.weight\s+10×64, only left/);
  });

  test('from difference to difference', async () => {
    const view = await compared();
    await filterBy(view, 'layer2.1.conv1');
    await row(view, 'conv1.weight').click();
    await button(view, 'Next difference').click();
    await view.page.locator('.reading', { hasText: 'difference at position 3' }).waitFor();
    await expect
      .poll(() => view.page.locator('.matrix .reading').innerText())
      .toMatch(/^output 0, input 0, kernel position 3: only left keeps it/);
    await button(view, 'Next difference').click();
    await view.page.locator('.reading', { hasText: 'difference at position 7' }).waitFor();
    expect(await posted(view, 'nextDifference')).toMatchObject([{ from: 0 }, { from: 4 }]);
  });

  test('is copied as a table', async () => {
    const view = await compared();
    await view.send({ type: 'copy', format: 'markdown' });
    await expect.poll(() => posted(view, 'copy')).toHaveLength(1);
    const [copy] = (await posted(view, 'copy')) as [Extract<InspectorViewToHost, { type: 'copy' }>];
    expect(copy.rows).toBe(59);
    expect(copy.text).toContain('### dense.pt ↔ pruned.safetensors');
  });

  test('keeps which files it compares, for the host to find after a reload', async () => {
    const view = await open();
    await view.send({
      type: 'opening',
      mode: 'compare',
      name: 'a ↔ b',
      state: { left: 'file:///a', right: 'file:///b' },
    });
    await expect
      .poll(() => view.page.evaluate(() => JSON.parse(sessionStorage.getItem('state') ?? 'null') as unknown))
      .toMatchObject({ left: 'file:///a', right: 'file:///b' });
  });
});

/** Every state of the inspector in four themes and three widths: pictures for a person, and no page wider than its window. */
import { describe, expect, test } from 'vitest';
import type { HostToInspectorView, InspectorViewToHost } from '../../src/shared/inspectorView';
import { lfsPointer } from '../../src/host/inspector/virtualFile';
import { chromiumMissing, unlessMissing } from '../support/chromium';
import { InspectorHost, type InspectorPage } from '../support/inspectorHost';
import { residualNetwork, transformer } from '../support/sampleInspection';
import { screenshot } from '../support/screenshots';
import { overflowing, webviewPages } from '../support/webviewPage';

const widths = [320, 900, 1400] as const;
const themes = ['dark', 'light', 'hcDark', 'hcLight'] as const;
const row = (view: InspectorPage, name: string) => view.page.locator('.grid-row', { hasText: name }).first();
const filterBy = async (view: InspectorPage, text: string) => {
  await view.page.locator('.filter-input').fill(text);
  await view.page.locator('.shown', { hasText: / of / }).waitFor();
};
const residual = async (view: InspectorPage) => {
  const host = new InspectorHost(view, residualNetwork());
  await host.open('resnet20-12fca82f.th', {}, ['compare', 'prune']);
  await host.count();
  await row(view, 'layer1').waitFor();
  return host;
};
const details = async (view: InspectorPage) => {
  await residual(view);
  await filterBy(view, 'layer3 conv');
  await row(view, 'conv1.weight').click();
  await view.page.locator('.bars').nth(1).waitFor();
};
const compared = async (view: InspectorPage) => {
  const host = new InspectorHost(view, residualNetwork());
  await host.compare('dense.pt', 'pruned.safetensors');
  await row(view, 'layer1').waitFor();
};
const failed = async (view: InspectorPage, name: string, message: string) => {
  await view.send({ type: 'opening', mode: 'inspect', name, state: {} });
  await view.send({ type: 'failed', message, actions: ['reopen', 'reopenWith', 'showLog'] });
  await view.page.getByRole('alert').waitFor();
};

const states: Readonly<Record<string, (view: InspectorPage) => Promise<void>>> = {
  async table(view) {
    await residual(view);
    await view.page.locator('.grid').focus();
    for (let step = 0; step < 9; step++) await view.page.keyboard.press('ArrowDown');
  },
  async sorted(view) {
    await residual(view);
    await view.page.locator('vscode-dropdown[aria-label="Group"]').click();
    await view.page.locator('vscode-option', { hasText: 'flat' }).click();
    await filterBy(view, 'weight');
    await view.page.locator('.head-cell[data-id="sparsity"] button').click();
  },
  async nothing(view) {
    await residual(view);
    await view.page.locator('.filter-input').fill('layer9');
    await view.page.locator('.nothing').waitFor();
  },
  async counting(view) {
    const host = new InspectorHost(view, transformer());
    await host.open('model.safetensors', {
      format: 'safetensors',
      notes: ['2 tensors overlap in the file: the second one is listed with an error.'],
      metadata: [['format', 'pt']],
    });
    await host.count([0, 1, 2, 3, 5, 6, 8, 9]);
    await row(view, 'model').waitFor();
  },
  async transformer(view) {
    const host = new InspectorHost(view, transformer());
    await host.open('model.safetensors', { format: 'safetensors' });
    await host.count();
    await row(view, 'model').waitFor();
  },
  async detail(view) {
    await details(view);
  },
  async weights(view) {
    await details(view);
    await view.page.locator('.matrix-canvas').focus();
    for (let step = 0; step < 8; step++) await view.page.keyboard.press('+');
    await view.page.keyboard.press('ArrowDown');
  },
  async compare(view) {
    await compared(view);
  },
  async pair(view) {
    await compared(view);
    await filterBy(view, 'layer2.1.conv1');
    await row(view, 'conv1.weight').click();
    await view.page.locator('vscode-button', { hasText: 'Next difference' }).click();
    await view.page.locator('.reading', { hasText: 'difference at position' }).waitFor();
  },
  async failed(view) {
    await failed(
      view,
      'broken.safetensors',
      'broken.safetensors: the header is said to be 9,223,372,036,854,775,808 bytes at offset 0, but the file has 1,024: it was cut off or is no safetensors file. Download it again.',
    );
  },
  async pointer(view) {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 5000000000\n`;
    await failed(
      view,
      'model.safetensors',
      lfsPointer('model.safetensors', 'git', new TextEncoder().encode(pointer)) ?? '',
    );
  },
  async partly(view) {
    const tensors = residualNetwork().map((info, index) =>
      index % 7 === 3 ? { ...info, error: 'bytes 4,096 to 13,312 lie beyond the end of the file at 8,192' } : info,
    );
    const host = new InspectorHost(view, tensors);
    await host.open('cut.th');
    await view.send({
      type: 'notice',
      message: 'cut.th has changed on disk: what is shown is what it held before.',
      actions: ['reopen'],
    });
    await host.count(undefined, index =>
      index % 5 === 1
        ? { ok: false, error: 'cut.th: layer1.0.conv1.weight: its values end after 100 of 2,304' }
        : host.resultOf(index),
    );
    await row(view, 'layer1').waitFor();
  },
};

describe.skipIf(unlessMissing(chromiumMissing))('the inspector at every width', () => {
  const open = webviewPages<InspectorViewToHost, HostToInspectorView>('inspector');

  test.each(Object.keys(states))('%s', async name => {
    const view = await open({ width: 900, height: 800 });
    await states[name]!(view);
    for (const width of widths) {
      await view.page.setViewportSize({ width, height: 800 });
      for (const theme of themes) {
        await view.theme(theme);
        await view.page.waitForTimeout(150); // canvases follow in the next frames
        await screenshot(view.page, `webview/inspector-${name}-${theme}-${width}`);
      }
      expect(await overflowing(view.page), `${width} px`).toEqual([]);
    }
  });
});

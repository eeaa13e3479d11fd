/** Drives a VS Code window as a person does: palette, quick picks, views, editors; and reads what it shows. */
import type { BrowserContext, ConsoleMessage, Frame, Locator, Page } from 'playwright-core';
import type { CodeServer } from './codeServer';
import { launchChromium } from './chromium';
import { screenshot } from './screenshots';

/** Names in VS Code's theme picker, and the class its window then has. */
const themes = {
  dark: { label: 'Dark Modern', class: 'vs-dark' },
  light: { label: 'Light Modern', class: 'vs' },
  'high-contrast': { label: 'Dark High Contrast', class: 'hc-black' },
  'high-contrast-light': { label: 'Light High Contrast', class: 'hc-light' },
} as const;
export type Theme = keyof typeof themes;

/** The page of the workbench that webviews live on. */
const webviewPage = '/contrib/webview/browser/pre/';

/** VS Code's own code complains in the console too; that is none of our business. */
const isWorkbench = (source: string) => source.includes('/static/') && !source.includes(webviewPage);

export class Workbench {
  /** Errors, uncaught exceptions and CSP violations of our webviews so far. */
  readonly problems: string[] = [];
  /** Errors that are none of ours, which may tell why a webview is not there. */
  private readonly ignored: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly server: CodeServer,
  ) {
    page.on('console', message => this.listen(message));
    context.on('weberror', webError => {
      const error = webError.error();
      if (!isWorkbench(error.stack ?? '')) this.problems.push(`uncaught: ${error.stack ?? error.message}`);
    });
  }

  static async open(server: CodeServer, width = 1280, height = 800): Promise<Workbench> {
    const browser = await launchChromium();
    const context = await browser.newContext({
      viewport: { width, height },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(90_000);
    const workbench = new Workbench(await context.newPage(), context, server);
    await workbench.page.goto(server.url);
    await workbench.loaded();
    return workbench;
  }

  private listen(message: ConsoleMessage): void {
    const { url, lineNumber } = message.location();
    // 408 is how VS Code's service worker ends what a webview was loading when the window reloads
    const cutOff = message.text().includes('status of 408');
    if (message.type() !== 'error') return;
    const list = cutOff || isWorkbench(url) ? this.ignored : this.problems;
    list.push(`${message.text()} (${url}:${lineNumber})`);
  }

  /** The window is up and our extension's contributions are in. */
  private async loaded(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await this.page.locator('.part.sidebar .monaco-list-row, .part.sidebar .pane-body').first().waitFor();
    await this.activityIcon().waitFor({ timeout: 60_000 });
  }

  async close(): Promise<void> {
    await this.context.browser()?.close();
  }

  async reload(): Promise<void> {
    await this.keepEditors();
    await this.page.reload();
    await this.loaded();
  }

  /**
   * VS Code on the web writes which editors are open now and then, and when its window loses the focus; what it writes while
   * the page goes may be lost. So the window loses the focus, and this waits until the open editors are written.
   */
  private async keepEditors(): Promise<void> {
    const open = await this.tabs().count();
    await this.page.evaluate(() => {
      document.hasFocus = () => false;
      window.dispatchEvent(new Event('blur'));
    });
    const deadline = Date.now() + 30_000;
    for (;;) {
      const kept = await this.page.evaluate(editorsKept);
      if (kept === open) return;
      if (Date.now() > deadline) throw new Error(`${open} editors are open, and VS Code has kept ${kept} after 30 s.`);
      await this.page.waitForTimeout(50);
    }
  }

  activityIcon(): Locator {
    return this.page.locator('.activitybar .action-item [aria-label^="Winning Ticket"]').first();
  }

  /** Runs a command by its title, e.g. "Winning Ticket: Find Winning Ticket". */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget:visible input.input');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.choose(title);
  }

  /** The rows of the quick pick or palette that is open. */
  picks(): Locator {
    return this.page.locator('.quick-input-widget:visible .monaco-list-row');
  }

  async choose(label: string | RegExp): Promise<void> {
    await this.picks().filter({ hasText: label }).first().click();
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget:visible input.input');
    await input.waitFor();
    await input.fill(name);
    await this.choose(name);
    await this.page.locator('.editor-group-container .tab.active', { hasText: name }).waitFor();
  }

  /** Row of a file in the explorer, which must be shown. */
  explorerRow(name: string): Locator {
    return this.page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
  }

  /**
   * Runs an entry of a row's context menu, and waits for what it brings about: `effect` fails as long as that is not
   * there. A busy window closes a menu again, or takes a click that comes early for the end of the one that opened it.
   */
  async fromMenu<T>(row: Locator, label: string, effect: (timeout: number) => Promise<T>): Promise<T> {
    const menu = this.page.locator('.context-view .monaco-menu');
    for (let attempt = 0; ; attempt++) {
      try {
        await row.click({ button: 'right' });
        await menu.waitFor({ timeout: 5_000 });
        await this.page.waitForTimeout(500);
        await menu.locator('.action-item', { hasText: label }).first().click({ timeout: 5_000 });
        return await effect(15_000);
      } catch (error) {
        if (attempt === 5) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** The input of the quick pick, palette or simple dialog that is open. */
  input(): Locator {
    return this.page.locator('.quick-input-widget:visible input.input');
  }

  clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  toasts(): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item-message');
  }

  tabs(): Locator {
    return this.page.locator('.tabs-container .tab');
  }

  /** Rows of the experiments view. */
  treeRows(): Locator {
    return this.page.locator('.part.sidebar .pane-body .monaco-list-row');
  }

  statusBar(): Locator {
    return this.page.locator('.part.statusbar');
  }

  /** The webview that shows `selector`, found among all that are open. */
  async webview(selector: string, timeout = 90_000): Promise<Frame> {
    const deadline = Date.now() + timeout;
    for (;;) {
      for (const frame of this.page.frames()) {
        if (!frame.url().includes(webviewPage)) continue;
        // frames come and go while a webview loads
        const shown = await frame
          .locator(selector)
          .first()
          .isVisible()
          .catch(() => false);
        if (shown) return frame;
      }
      if (Date.now() > deadline) {
        throw new Error(`No webview shows ${selector} after ${timeout / 1000} s.\n${await this.overview()}`);
      }
      await this.page.waitForTimeout(50);
    }
  }

  /** What the window shows instead of what a test waited for: the machine where it failed may be gone. */
  private async overview(): Promise<string> {
    await this.screenshot('failed');
    const words = async (locator: Locator) => (await locator.allInnerTexts()).map(text => text.replaceAll(/\s+/g, ' '));
    const frames = this.page.frames().filter(frame => frame.url().includes(webviewPage));
    const pages = frames.map(async frame => {
      const body = await frame.locator('body').innerText({ timeout: 5_000 }).catch(String);
      return `  ${frame.url().slice(-80)}: ${JSON.stringify(body.slice(0, 300))}`;
    });
    return [
      `Tabs: ${(await words(this.tabs())).join(' | ')}`,
      `In front: ${(await words(this.page.locator('.tabs-container .tab.active'))).join(' | ')}`,
      `Notifications: ${(await words(this.toasts())).join(' | ')}`,
      `Ignored: ${this.ignored.slice(-10).join(' | ')}`,
      'Webviews:',
      ...(await Promise.all(pages)),
      'Log:',
      this.server.extensionLog().slice(-3_000),
    ].join('\n');
  }

  async theme(name: Theme): Promise<void> {
    // by the picker: VS Code does not notice when its settings file is written from outside
    await this.command('Preferences: Color Theme');
    await this.page.locator('.quick-input-widget:visible input.input').fill(themes[name].label);
    await this.choose(themes[name].label);
    await this.page.locator(`.monaco-workbench.${themes[name].class}`).first().waitFor();
  }

  async resize(width: number, height = 800): Promise<void> {
    await this.page.setViewportSize({ width, height });
  }

  async screenshot(name: string): Promise<void> {
    await screenshot(this.page, `e2e/${name}`);
  }
}

/** Run in the window: how many editors VS Code would open again. */
async function editorsKept(): Promise<number> {
  const settled = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
    });
  let kept = 0;
  for (const { name } of await indexedDB.databases()) {
    if (!name?.startsWith('vscode-web-state-db-')) continue;
    const database = await settled(indexedDB.open(name));
    const items = database.transaction('ItemTable').objectStore('ItemTable');
    const parts: unknown = await settled(items.get('memento/workbench.parts.editor'));
    database.close();
    if (typeof parts !== 'string') continue;
    JSON.parse(parts, (key, value: unknown) => {
      if (key === 'editors' && Array.isArray(value)) kept += value.length;
      return value;
    });
  }
  return kept;
}

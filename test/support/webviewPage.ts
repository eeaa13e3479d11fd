/** A webview's built page in a browser as VS Code shows it: same HTML, same policy, a theme, and a bridge that records. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { createNonce, webviewHtml } from '../../src/host/html';
import { launchChromium } from './chromium';
import { applyTheme, themes, type ThemeName } from './themes';

const built = path.join(import.meta.dirname, '../../dist/webview');
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css' };

export interface PageOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
}

export interface WebviewPage<Outgoing, Incoming> {
  readonly page: Page;
  /** What the page posted to the host since it was last loaded, in order. */
  posted(): Promise<Outgoing[]>;
  send(message: Incoming): Promise<void>;
  /** The same for long messages of plain values: as JSON they cross into the browser far faster. */
  sendLong(message: Incoming): Promise<void>;
  /** What no host would send. */
  sendGarbage(message: unknown): Promise<void>;
  theme(name: ThemeName): Promise<void>;
}

type Open<Outgoing, Incoming> = (options?: PageOptions) => Promise<WebviewPage<Outgoing, Incoming>>;

/**
 * For the test file that calls it: a browser, the built pages on a free port of this machine, and a function that opens
 * one. After each test its pages close, and none may have logged an error, thrown, broken the policy or reached out.
 */
export function webviewPages<Outgoing, Incoming>(
  name: 'experiment' | 'compare' | 'sidebar' | 'inspector' | 'preview',
): Open<Outgoing, Incoming> {
  let browser: Browser;
  let server: Server;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    server = await servePages();
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map(context => context.close()));
    expect(problems.splice(0)).toEqual([]);
  });

  return async ({ theme = 'dark', width = 900, height = 900 } = {}) => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('pageerror', error => problems.push(error.stack ?? error.message));
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', request => {
      if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) problems.push(`reaches out to ${request.url()}`);
    });
    await page.addInitScript(installBridge);
    await page.addInitScript({ content: themed(theme) });
    await page.goto(`${origin}/${name}`);
    const send = (message: unknown) =>
      page.evaluate(data => {
        window.postMessage(data, '*');
      }, message);
    return {
      page,
      posted: () => page.evaluate(() => (window as unknown as { posted: Outgoing[] }).posted),
      send,
      sendLong: message =>
        page.evaluate(json => {
          window.postMessage(JSON.parse(json), '*');
        }, JSON.stringify(message)),
      sendGarbage: send,
      theme: next => page.evaluate(applyTheme, themes[next]),
    };
  };
}

/** `/experiment` is the page as the host writes it, `/experiment.js` and `/experiment.css` what it loads. */
async function servePages(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname, origin } = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
    const [, name, extension] = /^\/(experiment|compare|sidebar|inspector|preview)(\.js|\.css)?$/.exec(pathname) ?? [];
    if (name === undefined) {
      response.writeHead(204).end(); // the browser's own request for an icon
    } else if (extension !== undefined) {
      response.setHeader('content-type', types[extension] ?? '');
      response.end(readFileSync(path.join(built, name + extension)));
    } else {
      const addresses = { script: `${origin}/${name}.js`, style: `${origin}/${name}.css`, cspSource: origin };
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(webviewHtml({ title: name, ...addresses, nonce: createNonce() }));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Runs in the page before its script: the API of VS Code, with the state kept over a reload. */
function installBridge(): void {
  const posted: unknown[] = [];
  let acquired = false;
  Object.assign(window, {
    posted,
    acquireVsCodeApi: () => {
      if (acquired) throw new Error('An instance of the VS Code API has already been acquired');
      acquired = true;
      return {
        postMessage: (message: unknown) => posted.push(structuredClone(message)),
        getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') as unknown,
        setState: (state: unknown) => {
          sessionStorage.setItem('state', JSON.stringify(state));
        },
      };
    },
  });
}

/** The theme is there before the page's script runs, as in VS Code. */
function themed(name: ThemeName): string {
  return `document.addEventListener('readystatechange', () => {
    if (document.readyState === 'interactive') (${applyTheme.toString()})(${JSON.stringify(themes[name])});
  });`;
}

/** What reaches beyond the right edge of the window, clipped or not, save inside boxes that scroll sideways. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element | null): boolean =>
      element !== null && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    const width = document.documentElement.clientWidth;
    return [...document.querySelectorAll('#root *')]
      .filter(element => element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
      .map(element => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`);
  });
}

/** A webview's built page in a browser as VS Code shows it: same HTML, same policy, a theme, and a bridge that records. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createNonce, webviewHtml } from '../../src/host/html';
import { applyTheme, themes, type ThemeName } from './themes';

const built = path.join(import.meta.dirname, '../../dist/webview');
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.map': 'application/json',
};

export interface PageOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

export interface WebviewPage<Outgoing, Incoming> {
  readonly page: Page;
  /** Errors, uncaught exceptions, policy violations and requests beyond the page's own files, so far. */
  readonly problems: readonly string[];
  /** What the page posted to the host, in order. */
  posted(): Promise<Outgoing[]>;
  /** The host's message; `unknown` so that a test can send what no host would. */
  send(message: Incoming): Promise<void>;
  sendGarbage(message: unknown): Promise<void>;
  theme(name: ThemeName): Promise<void>;
  close(): Promise<void>;
}

/** Serves the built pages on a free port of this machine only. */
export class WebviewServer {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
  ) {}

  static async start(browser: Browser): Promise<WebviewServer> {
    const server = createServer((request, response) => {
      const { pathname, origin } = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
      const file = /^\/(\w+\.(?:js|css|js\.map|css\.map))$/.exec(pathname)?.[1];
      const name = /^\/(\w+)$/.exec(pathname)?.[1];
      if (file !== undefined) {
        response.setHeader('content-type', types[path.extname(file)] ?? 'text/plain');
        response.end(readFileSync(path.join(built, file)));
      } else if (name !== undefined && name !== 'favicon') {
        const addresses = { script: `${origin}/${name}.js`, style: `${origin}/${name}.css`, cspSource: origin };
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(webviewHtml({ title: name, ...addresses, nonce: createNonce() }));
      } else {
        response.writeHead(204).end(); // the browser's own request for an icon
      }
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new WebviewServer(server, browser);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  async open<Outgoing, Incoming>(
    name: 'experiment' | 'sidebar',
    { theme = 'dark', width = 900, height = 900, reducedMotion = 'reduce' }: PageOptions = {},
  ): Promise<WebviewPage<Outgoing, Incoming>> {
    const origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const context = await this.browser.newContext({ viewport: { width, height }, reducedMotion });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', error => problems.push(error.stack ?? error.message));
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', request => {
      if (!request.url().startsWith(origin)) problems.push(`reaches out to ${request.url()}`);
    });
    await page.addInitScript(installBridge);
    await page.addInitScript({ content: themed(theme) });
    await page.goto(`${origin}/${name}`);
    const send = (message: unknown) => page.evaluate(data => window.postMessage(data, '*'), message);
    return {
      page,
      problems,
      posted: () => page.evaluate(() => (window as unknown as { posted: Outgoing[] }).posted),
      send,
      sendGarbage: send,
      theme: next => page.evaluate(applyTheme, themes[next]),
      close: () => context.close(),
    };
  }
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

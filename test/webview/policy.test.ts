/** That the policy is not only written but kept: in a browser, each page is asked to do what it forbids. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNonce, webviewHtml } from '../../src/host/html';
import { panelPage } from '../../src/shared/panelPage';
import { chromiumMissing, launchChromium, unlessMissing } from '../support/chromium';
import { sampleReports } from '../support/sampleReports';

const origin = 'http://webview.test';
const elsewhere = 'http://elsewhere.test';
const built = path.join(import.meta.dirname, '../../dist/webview');
const builtFile = (name: string): string => readFileSync(path.join(built, name), 'utf8');

/** The pages as they are written, with a script in place of their own that says that it ran. */
const ran = 'window.ran = ["own"]; export {};';
const webview = (): string =>
  webviewHtml({
    title: 'page',
    script: `${origin}/own.js`,
    style: `${origin}/own.css`,
    cspSource: origin,
    nonce: createNonce(),
  });
const saved = (): string =>
  panelPage({
    data: { name: 'page', report: sampleReports.single(), curves: {}, evaluations: {} },
    script: ran,
    style: builtFile('experiment.css'),
    nonce: createNonce(),
  });

/** Runs in the page: tries everything, and tells which directives stopped it. */
async function tryAll([own, other]: readonly [string, string]): Promise<{ blocked: string[]; ran: string[] }> {
  const blocked = new Set<string>();
  document.addEventListener('securitypolicyviolation', event => {
    blocked.add(`${event.effectiveDirective} ${event.blockedURI.replace(/^(https?:\/\/[^/]+).*/, '$1')}`);
  });
  const add = (name: string, fields: object): void => {
    document.body.append(Object.assign(document.createElement(name), fields));
  };
  const say = (what: string): string => `window.ran.push('${what}')`;
  add('script', { textContent: say('inline script') });
  add('script', { src: `${own}/other.js` });
  add('script', { src: `${other}/other.js` });
  add('div', { innerHTML: `<img src="data:," onerror="${say('handler')}">` });
  add('a', { href: `javascript:${say('address')}`, id: 'address' });
  document.getElementById('address')!.click();
  add('style', { textContent: 'body { outline: 7px solid red }' });
  add('link', { rel: 'stylesheet', href: `${other}/other.css` });
  add('img', { src: `${other}/picture.png` });
  add('iframe', { src: `${other}/frame.html` });
  add('object', { data: `${other}/object.bin`, type: 'image/png' });
  add('form', { action: `${other}/form`, id: 'form' });
  (document.getElementById('form') as HTMLFormElement).submit();
  // in a task of its own: what the test itself evaluates the policy lets through
  setTimeout(() => {
    (0, eval)(say('eval'));
  });
  await fetch(`${other}/data`).catch(() => undefined);
  await fetch(`${own}/data`).catch(() => undefined);
  navigator.sendBeacon(`${other}/beacon`);
  try {
    new WebSocket(`${other.replace('http', 'ws')}/socket`);
    new Worker(URL.createObjectURL(new Blob([''])));
  } catch {
    // some say so at once
  }
  await new Promise(resolve => setTimeout(resolve, 500));
  if (getComputedStyle(document.body).outlineWidth === '7px')
    (window as unknown as { ran: string[] }).ran.push('style');
  return { blocked: [...blocked].sort(), ran: (window as unknown as { ran: string[] }).ran };
}

describe.skipIf(unlessMissing(chromiumMissing))('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test.each([
    { page: 'a webview', html: webview },
    { page: 'the saved page', html: saved },
  ])('$page runs its own script, and nothing else runs or reaches out', async ({ html }) => {
    const page = await browser.newPage();
    const asked: string[] = [];
    await page.route('**', route => {
      const url = route.request().url();
      if (url !== `${origin}/`) asked.push(url);
      if (url === `${origin}/`) return route.fulfill({ contentType: 'text/html', body: html() });
      if (url === `${origin}/own.js`) return route.fulfill({ contentType: 'text/javascript', body: ran });
      if (url === `${origin}/own.css`) return route.fulfill({ contentType: 'text/css', body: '' });
      return route.fulfill({ contentType: 'text/javascript', body: "window.ran.push('file')" });
    });
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => 'ran' in window);
    const found = await page.evaluate(tryAll, [origin, elsewhere] as const);
    expect(found.ran).toEqual(['own']);
    expect(asked.filter(url => !/^http:\/\/webview\.test\/(own\.(js|css)|favicon\.ico)$/.test(url))).toEqual([]);
    expect(found.blocked).toEqual(
      expect.arrayContaining([
        `connect-src ${elsewhere}`,
        `connect-src ${origin}`,
        `form-action ${elsewhere}`,
        `frame-src ${elsewhere}`,
        `img-src ${elsewhere}`,
        `object-src ${elsewhere}`,
        'script-src eval',
        'script-src-attr inline',
        'script-src-elem inline',
        `script-src-elem ${elsewhere}`,
        `script-src-elem ${origin}`,
        'style-src-elem inline',
        `style-src-elem ${elsewhere}`,
      ]),
    );
    await page.close();
  });
});

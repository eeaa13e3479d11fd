/** Every page of HTML that the project makes, found in the source, is held to one policy. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNonce, webviewHtml } from '../../../src/host/html';
import { panelPage } from '../../../src/shared/panelPage';
import { sampleReports } from '../../support/sampleReports';

const root = path.join(import.meta.dirname, '../../..');
const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => ({ file: name.replaceAll('\\', '/'), text: readFileSync(path.join(root, 'src', name), 'utf8') }));

const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

/**
 * Whoever makes or takes over a webview, and the file that fills it. A new one belongs here, and is filled by `loadPage`,
 * or else has to be held to the policy below by a test of its own.
 */
const webviews: Readonly<Record<string, string>> = {
  'host/chartView.ts': 'host/chartView.ts',
  'host/experimentComparison.ts': 'host/experimentComparison.ts',
  'host/experimentPanels.ts': 'host/experimentPanel.ts',
  'host/inspector/comparisons.ts': 'host/inspector/pages.ts',
  'host/inspector/editors.ts': 'host/inspector/pages.ts',
  'host/previewPanel.ts': 'host/previewPanel.ts',
};

const nonce = createNonce();
const origin = 'https://file+.vscode-resource.vscode-cdn.net';
const webviewPage = (page: string): string =>
  webviewHtml({
    title: 'a "<b>"',
    script: `${origin}/${page}.js`,
    style: `${origin}/${page}.css`,
    cspSource: origin,
    nonce,
  });
const report = sampleReports.single();
const savedPage = panelPage({
  data: { name: '</script><script>alert(1)</script>', report, curves: {}, evaluations: {} },
  script: readFileSync(path.join(root, 'dist/webview/experiment.js'), 'utf8'),
  style: readFileSync(path.join(root, 'dist/webview/experiment.css'), 'utf8'),
  nonce,
});

/** Names that `loadPage` is called with. */
const loaded = new Set(
  sources.flatMap(({ text }) => [...text.matchAll(/\bloadPage\([^,]+,[^,]+, '([^']+)'/g)].map(([, page]) => page!)),
);

test('all that makes a webview is known, and filled in one place', () => {
  const makes =
    /\b(?:createWebviewPanel|resolveCustomEditor|resolveCustomTextEditor|resolveWebviewView|deserializeWebviewPanel)\(/;
  expect(filesWith(makes).sort()).toEqual(Object.keys(webviews).sort());
  for (const file of Object.values(webviews)) expect(filesWith(/\bloadPage\(/)).toContain(file);
  expect(filesWith(/\.html = /)).toEqual(['host/webviews.ts']);
  expect(filesWith(/<!DOCTYPE/i).sort()).toEqual(['host/html.ts', 'shared/panelPage.ts']);
});

test('each built page is one that is loaded', () => {
  const built = readdirSync(path.join(root, 'dist/webview')).filter(name => name.endsWith('.js'));
  expect(built.map(name => name.replace(/\.js$/, '')).sort()).toEqual([...loaded].sort());
});

test('a webview reads files of the built pages only, and keeps nothing alive behind them', () => {
  const { text } = sources.find(({ file }) => file === 'host/webviews.ts')!;
  expect(text).toContain("const folder = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');");
  expect(text).toContain('webview.options = { enableScripts: true, localResourceRoots: [folder] };');
  expect(filesWith(/enableCommandUris|enableForms|portMapping/)).toEqual([]);
});

describe.each([
  ...[...loaded].map(page => ({ page, html: webviewPage(page), own: [origin] })),
  { page: 'saved page', html: savedPage, own: [] as string[] },
])('the policy of $page', ({ html, own }) => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!.replaceAll('&#39;', "'");
  const directives = new Map(
    policy.split('; ').map(directive => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values] as const;
    }),
  );

  test('denies all that it does not name, and names no more than it shows', () => {
    expect(directives.get('default-src')).toEqual(["'none'"]);
    expect(directives.get('base-uri')).toEqual(["'none'"]);
    expect(directives.get('form-action')).toEqual(["'none'"]);
    const known = ['default-src', 'script-src', 'style-src', 'font-src', 'img-src', 'base-uri', 'form-action'];
    expect([...directives.keys()].filter(name => !known.includes(name))).toEqual([]);
  });

  test('runs scripts by their nonce alone: nothing inline, nothing evaluated, from no address', () => {
    expect(directives.get('script-src')).toEqual([`'nonce-${nonce}'`]);
    expect(policy).not.toMatch(/unsafe|strict-dynamic|wasm|\*/);
  });

  test('takes nothing from elsewhere than the extension itself', () => {
    const allowed = ["'none'", `'nonce-${nonce}'`, 'data:', ...own];
    expect([...directives.values()].flat().filter(value => !allowed.includes(value))).toEqual([]);
  });

  test('stands before everything that it is for', () => {
    expect(html.match(/Content-Security-Policy/g)!.length).toBe(1);
    const first = Math.min(
      ...['<script', '<style', '<link', '<body'].map(tag => html.indexOf(tag)).filter(at => at >= 0),
    );
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(first);
  });

  test('covers every script of the page: each that runs bears the nonce, no element has a handler', () => {
    const tags = html.match(/<script[^>]*>/g)!;
    for (const tag of tags) expect(tag).toMatch(new RegExp(`nonce="${nonce}"|type="application/json"`));
    expect(tags).toHaveLength(own.length > 0 ? 1 : 2);
    const [head] = html.split('<script');
    expect(head).not.toMatch(/<[^>]+\son\w+=/);
  });
});

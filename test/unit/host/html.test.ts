import { describe, expect, test } from 'vitest';
import { contentSecurityPolicy, createNonce, webviewHtml } from '../../../src/host/html';

const page = {
  title: 'lenet "<mnist>"',
  script: 'https://host/experiment.js',
  style: 'https://host/experiment.css',
  cspSource: 'https://host',
  nonce: 'abc',
};

function directives(policy: string): Map<string, string> {
  return new Map(
    policy.split('; ').map(directive => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources.join(' ')];
    }),
  );
}

describe('the content security policy of a webview', () => {
  const policy = directives(contentSecurityPolicy('https://host', 'abc'));

  test('denies what it does not name', () => {
    expect(policy.get('default-src')).toBe("'none'");
    for (const name of ['connect-src', 'frame-src', 'worker-src', 'object-src']) expect(policy.has(name)).toBe(false);
  });

  test('runs only the script with the nonce', () => {
    expect(policy.get('script-src')).toBe("'nonce-abc'");
  });

  test('takes styles from the extension, and from elements with the nonce', () => {
    expect(policy.get('style-src')).toBe("https://host 'nonce-abc'");
  });

  test('allows neither inline code nor eval', () => {
    expect([...policy.values()].join(' ')).not.toMatch(/unsafe/);
  });
});

describe('the page', () => {
  const html = webviewHtml(page);

  test('carries the policy before anything is loaded', () => {
    expect(html).toContain(`content="${contentSecurityPolicy(page.cspSource, page.nonce)}"`);
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('stylesheet'));
  });

  test('escapes what a workspace can name', () => {
    expect(html).toContain('<title>lenet &quot;&lt;mnist&gt;&quot;</title>');
  });

  test('tells the nonce to components that make style elements', () => {
    expect(html).toContain('<meta property="csp-nonce" content="abc">');
  });

  test('has one script, a module with the nonce', () => {
    expect(html.match(/<script[^>]*>/g)).toEqual([
      '<script type="module" nonce="abc" src="https://host/experiment.js">',
    ]);
  });
});

test('a nonce has 128 bits and is new each time', () => {
  const nonces = new Set(Array.from({ length: 100 }, createNonce));
  expect(nonces.size).toBe(100);
  for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{22}$/);
});

/** The page around a webview's script. Pure, so that page tests run under the very same policy. */
import { randomBytes } from 'node:crypto';
import { escapeHtml } from '../shared/panelPage';

export interface WebviewPage {
  readonly title: string;
  /** Addresses of the script (an ES module) and of its style sheet. */
  readonly script: string;
  readonly style: string;
  /** Where the style sheet, fonts and images come from: `webview.cspSource`. */
  readonly cspSource: string;
  /** Fresh for each page, from `createNonce`. */
  readonly nonce: string;
}

/** 128 random bits, in characters that need no escaping. */
export function createNonce(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * Only the one script with the nonce runs, and nothing reaches the network (`default-src 'none'` holds for connect,
 * frame, worker and object too). Toolkit components style themselves by adopted style sheets and code that sets single
 * properties, which the policy does not touch. Only their probe for `:focus-visible` makes a style element; it takes the
 * nonce from a `csp-nonce` meta element, so no 'unsafe-inline' is needed.
 */
export function contentSecurityPolicy(cspSource: string, nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

export function webviewHtml(page: WebviewPage): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(contentSecurityPolicy(page.cspSource, page.nonce))}">
<meta property="csp-nonce" content="${escapeHtml(page.nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" href="${escapeHtml(page.style)}">
</head>
<body>
<div id="root"></div>
<script type="module" nonce="${escapeHtml(page.nonce)}" src="${escapeHtml(page.script)}"></script>
</body>
</html>
`;
}

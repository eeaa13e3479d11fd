/**
 * The panel of an experiment as one HTML file: script, styles and data inlined, nothing fetched, for any browser, light or
 * dark as the reader's system is. Pure.
 */
import type { RunEvaluation } from './evaluation';
import { pageTheme } from './pageTheme';
import type { CurvePoint, Report } from './report';

/** What the page shows; by run, what it would ask the host for. */
export interface PageData {
  readonly name: string;
  readonly report: Report;
  readonly curves: Readonly<Record<string, readonly CurvePoint[]>>;
  readonly evaluations: Readonly<Record<string, RunEvaluation | null>>;
}

/** Id of the element that holds the data. */
export const pageDataId = 'experiment-data';

export interface PageParts {
  readonly data: PageData;
  /** Texts of the built page: an ES module and its style sheet. */
  readonly script: string;
  readonly style: string;
  /** Fresh for each file: letters, digits, "-" and "_". */
  readonly nonce: string;
}

/**
 * Only what bears the nonce runs and styles, and nothing reaches a network. Pictures are made of data of the page itself.
 */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, character => entities[character]!);
}

/** JSON that no reader of HTML takes for the end of its element, whatever the strings in it say. */
export function jsonForHtml(value: unknown): string {
  const escapes: Readonly<Record<string, string>> = {
    '<': '\\u003c',
    '>': '\\u003e',
    '&': '\\u0026',
    '\u2028': '\\u2028',
    '\u2029': '\\u2029',
  };
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, character => escapes[character]!);
}

/**
 * A script for an element: what would end it or begin a comment in HTML is written so that it means the same in the
 * strings, templates and regular expressions that alone can hold it.
 */
function scriptForHtml(script: string): string {
  return script.replace(/<(?=\/script|!--)/gi, '\\x3c').replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}

function styleForHtml(style: string): string {
  return style.replace(/<(?=\/style)/gi, '\\3c ').replace(/\/\*# sourceMappingURL=.*?\*\//g, '');
}

export function panelPage({ data, script, style, nonce }: PageParts): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy(nonce))}">
<meta property="csp-nonce" content="${escapeHtml(nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(data.name)}</title>
<style nonce="${escapeHtml(nonce)}">
${pageTheme}
${styleForHtml(style)}
</style>
</head>
<body>
<div id="root"></div>
<noscript>This report needs JavaScript; it runs in this page alone and loads nothing.</noscript>
<script type="application/json" id="${pageDataId}">${jsonForHtml(data)}</script>
<script type="module" nonce="${escapeHtml(nonce)}">
${scriptForHtml(script)}
</script>
</body>
</html>
`;
}

/** The browser of the page tests and of the end-to-end tests: one that is installed, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = candidates.find(file => file !== undefined && existsSync(file));

const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu', // one that is emulated takes the processors that tests and jobs need
];

/**
 * What a test file asks before it declares tests that need something installed: null, or why it cannot run here. In CI
 * nothing may be missing, so there it throws instead.
 */
export function unlessMissing(remedy: string | null): string | null {
  if (remedy === null) return null;
  if (process.env.CI) throw new Error(remedy);
  process.stderr.write(`\nSkipped: ${remedy}\n`);
  return remedy;
}

export const chromiumMissing =
  executablePath === undefined
    ? 'these tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its executable.'
    : null;

export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(chromiumMissing ?? '');
  return chromium.launch({ executablePath, args: flags });
}

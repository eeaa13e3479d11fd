/** Installing one package with the npm of this machine, as a child process without a shell. No vscode. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hearLines } from '../childLines';

/** A program, and what comes before the arguments: npm is a script, which on Windows only a shell would start by its name. */
export interface Npm {
  readonly program: string;
  readonly leading: readonly string[];
}

/** There is no npm in the folders of PATH. */
export class NpmMissingError extends Error {
  constructor() {
    super('npm, which comes with Node.js, is in none of the folders of PATH');
    this.name = 'NpmMissingError';
  }
}

/** @throws NpmMissingError */
export function findNpm(search = process.env['PATH'] ?? '', platform = process.platform): Npm {
  // a relative folder would depend on where this process was started
  for (const folder of search.split(path.delimiter).filter(one => path.isAbsolute(one))) {
    if (platform !== 'win32') {
      const program = path.join(folder, 'npm');
      if (existsSync(program)) return { program, leading: [] };
    } else {
      const program = path.join(folder, 'node.exe');
      const script = path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
      if (existsSync(program) && existsSync(script)) return { program, leading: [script] };
    }
  }
  throw new NpmMissingError();
}

export interface Installation {
  readonly npm: Npm;
  /** Made where it is not there; what was installed there before stays. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/**
 * @throws Error with what npm said; the signal's reason
 */
export async function install({ npm, folder, name, version, signal, onLine }: Installation): Promise<void> {
  signal.throwIfAborted();
  await mkdir(folder, { recursive: true });
  // npm installs where it finds a package.json, and else looks for one in the folders above
  const manifest = path.join(folder, 'package.json');
  if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n');
  const argv = ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${version}`];
  const child = spawn(npm.program, [...npm.leading, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  let said = '';
  const hear = (line: string): void => {
    said = `${said}${line}\n`.slice(-10_000);
    onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) hearLines(stream, hear);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`npm could not install ${name}@${version}: ${reasonIn(said)}`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The lines in which npm says what is wrong; where its words mean that there is no network, that is said first. */
function reasonIn(said: string): string {
  const lines = said
    .split('\n')
    .filter(line => /^npm (error|ERR!)/.test(line))
    .map(line => line.replace(/^npm (error|ERR!) ?/, ''))
    .filter(line => line !== '' && !/complete log of this run|^ *\S*_logs/.test(line));
  const words = (lines.length > 0 ? lines : said.trim().split('\n').slice(-5)).slice(0, 8).join(' ');
  const offline = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/.test(said);
  return offline ? `its registry cannot be reached. ${words}` : words || 'it said nothing';
}

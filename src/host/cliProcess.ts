/** One run of this extension's own command line, `dist/cli.js`, as a child process. No vscode. */
import { spawn } from 'node:child_process';
import { BoundedText } from '../shared/boundedOutput';
import { hearLines } from './childLines';
import { nodeEnvironment } from './nodeProcess';

export interface CliRun {
  readonly script: string;
  readonly arguments: readonly string[];
  readonly signal: AbortSignal;
  /** Beside what this process has in its own. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Each line on standard error. */
  readonly onLine?: (line: string) => void;
}

/** A result is a few megabytes at most: a table of tensors. */
const mostOutput = 2 ** 26;

/**
 * @returns what it printed
 * @throws Error with what it said last on standard error; the signal's reason
 */
export function runCli({ script, arguments: argv, signal, environment: more, onLine }: CliRun): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [script, ...argv], {
    env: nodeEnvironment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = (): void => {
    // it takes back what it has written
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  const output = new BoundedText(mostOutput);
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.push(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-10_000);
  });
  if (onLine) hearLines(child.stderr, onLine);
  return new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (code === 0 && output.isCut)
        reject(new Error(`It printed more than ${mostOutput} characters; a result has fewer.`));
      else if (code === 0) resolve(output.text);
      else {
        const words = lastComplaint(complaint);
        reject(
          new Error(words || `It stopped unexpectedly (${killed ? `signal ${killed}` : `exit code ${code ?? '?'}`}).`),
        );
      }
    });
  });
}

/** Before the reason stands what it was doing, and a reason may have several lines. */
function lastComplaint(said: string): string {
  return (said.split(/^winning-ticket: /m).at(-1) ?? '').trim();
}

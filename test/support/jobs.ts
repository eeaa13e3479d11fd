/** Starts the built command line and the built job as the real processes they are. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { HostToJob, JobToHost } from '../../src/shared/messages';

const dist = path.join(__dirname, '../../dist');

function built(name: string): string {
  const script = path.join(dist, name);
  if (!existsSync(script)) throw new Error(`${script} is missing: npm run build makes it`);
  return script;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until standard error holds the text. */
  readonly said: (text: string) => Promise<void>;
}

export function startCli(args: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): CliProcess {
  const child = spawn(process.execPath, [built('cli.js'), ...args], {
    cwd,
    env: { ...process.env, WINNING_TICKET_DEBUG: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => {
      resolve({ code, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    said: text =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve();
        };
        child.stderr.on('data', look);
        child.on('close', () => {
          reject(new Error(`ended without saying ${JSON.stringify(text)}:\n${stderr}`));
        });
        look();
      }),
  };
}

export function cli(args: readonly string[], cwd: string): Promise<Ended> {
  return startCli(args, cwd).ended;
}

export interface JobChild {
  readonly child: ChildProcess;
  readonly messages: JobToHost[];
  readonly exited: Promise<number | null>;
  send(message: HostToJob): void;
  /** Waits for a message of the type, past or future. */
  readonly heard: (type: JobToHost['type']) => Promise<void>;
}

export function startJob(): JobChild {
  const child = fork(built('job.js'), [], { serialization: 'advanced', silent: true });
  const messages: JobToHost[] = [];
  child.on('message', message => messages.push(message as JobToHost));
  const exited = new Promise<number | null>(resolve => child.on('exit', resolve));
  return {
    child,
    messages,
    exited,
    send: message => child.send(message),
    heard: type =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (messages.some(message => message.type === type)) resolve();
        };
        child.on('message', look);
        child.on('exit', () => {
          reject(new Error(`the job ended without "${type}"`));
        });
        look();
      }),
  };
}

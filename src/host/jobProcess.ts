/**
 * One child process that works on one experiment. It is this extension's own `dist/job.js`; nothing of the workspace is
 * executed, only named in the start message. No vscode: tests fork scripts of their own.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { HostToJob, JobToHost } from '../shared/messages';
import { BoundedRate, hearLines } from './childLines';
import { forkNode } from './nodeProcess';
import { checkJobMessage } from './validate';

export type JobMessage = Exclude<JobToHost, { type: 'finished' }>;
/** How a process is asked to stop; each saves how far the runs at work are. */
export type StopRequest = 'cancel' | 'pause' | 'leave';
export type JobOutcome = Omit<Extract<JobToHost, { type: 'finished' }>, 'type'>;

type LogLevel = Extract<JobToHost, { type: 'log' }>['level'];

export interface JobListener {
  onMessage(message: JobMessage): void;
  /** Exactly once, last: also where the process crashed or could not be started. */
  onEnd(outcome: JobOutcome): void;
}

/** What the person has set for all jobs. */
export interface JobSettings {
  /** For experiments that say "auto" and have not been started before; absent: by a trial. */
  readonly executor?: ExecutorName;
  /** Most runs side by side; absent: as the job decides. */
  readonly parallel?: number;
  /** How often runs at work save how far they are; absent: the job's default. */
  readonly checkpointSeconds?: number;
  /** Beside what this process has in its own. */
  readonly environment: NodeJS.ProcessEnv;
}

type ExecutorName = NonNullable<Extract<HostToJob, { type: 'start' }>['executor']>;

export interface JobOptions {
  /** Path of the child's script. */
  readonly script: string;
  readonly experimentPath: string;
  readonly storeDirectory: string;
  readonly settings?: JobSettings;
  /** What the work waits for once the process is there. */
  readonly after?: Promise<void>;
  /** How long a process may take to stop after `cancel` or `finished` before it is killed. */
  readonly graceMilliseconds?: number;
}

const defaultGraceMilliseconds = 3000;

export class JobProcess {
  private readonly child: ChildProcess;
  private readonly grace: number;
  private outcome: JobOutcome | null = null;
  private stopping: StopRequest | null = null;
  private ended = false;
  private killTimer: NodeJS.Timeout | undefined;
  /** What it says in messages, as bounded as what it prints. */
  private readonly said = {
    info: this.boundedLog('info'),
    warn: this.boundedLog('warn'),
    error: this.boundedLog('error'),
  };

  constructor(
    options: JobOptions,
    private readonly listener: JobListener,
  ) {
    this.grace = options.graceMilliseconds ?? defaultGraceMilliseconds;
    this.child = forkNode(options.script, options.settings?.environment);
    this.child.on('message', message => {
      this.receive(message);
    });
    this.child.on('error', error => {
      this.outcome ??= { status: 'failed', error: { message: `The job could not be started: ${error.message}` } };
      if (this.child.pid === undefined) this.end();
    });
    // 'close' and not 'exit': the last messages and lines have arrived by then
    this.child.on('close', (code, signal) => {
      this.outcome ??= this.stopping ? { status: statusOf[this.stopping] } : crashed(code, signal);
      this.end();
    });
    this.logLines(this.child.stdout, 'info');
    this.logLines(this.child.stderr, 'warn');
    const { experimentPath, storeDirectory } = options;
    const { executor, parallel, checkpointSeconds } = options.settings ?? {};
    void (options.after ?? Promise.resolve()).then(() => {
      if (this.stopping || this.ended) return;
      const set = {
        ...(executor && { executor }),
        ...(parallel !== undefined && { parallel }),
        ...(checkpointSeconds !== undefined && { checkpointSeconds }),
      };
      this.send({ type: 'start', experimentPath, storeDirectory, ...set });
    });
  }

  /** Asks the process to save and stop, and kills it where it does not. What is finished stays in the store. */
  stop(request: StopRequest): void {
    if (this.stopping || this.ended) return;
    this.stopping = request;
    this.send({ type: request });
    this.killSoon();
  }

  private send(message: HostToJob): void {
    // an error here means that the process is gone: its end is reported on 'close'
    this.child.send(message, () => undefined);
  }

  private receive(message: unknown): void {
    if (this.outcome) return;
    const checked = checkJobMessage(message);
    if (!checked.ok) {
      this.said.warn.push(`The job sent a message that was left out: ${checked.problem}`);
    } else if (checked.value.type === 'finished') {
      const { status, error } = checked.value;
      this.outcome = error ? { status, error } : { status };
      this.killSoon();
    } else if (checked.value.type === 'log') {
      this.said[checked.value.level].push(checked.value.message);
    } else {
      this.listener.onMessage(checked.value);
    }
  }

  private killSoon(): void {
    this.killTimer ??= setTimeout(() => this.child.kill('SIGKILL'), this.grace);
  }

  private end(): void {
    if (this.ended || !this.outcome) return;
    this.ended = true;
    clearTimeout(this.killTimer);
    for (const rate of Object.values(this.said)) rate.end();
    this.listener.onEnd(this.outcome);
  }

  private log(level: LogLevel, message: string): void {
    this.listener.onMessage({ type: 'log', level, message });
  }

  private boundedLog(level: LogLevel): BoundedRate {
    return new BoundedRate(message => {
      this.log(level, message);
    });
  }

  private logLines(stream: Readable | null, level: LogLevel): void {
    hearLines(stream, line => {
      this.log(level, line);
    });
  }
}

const statusOf = { cancel: 'cancelled', pause: 'paused', leave: 'running' } as const;

function crashed(code: number | null, signal: NodeJS.Signals | null): JobOutcome {
  const how = signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`;
  const hint = signal === 'SIGKILL' ? ' Out of memory is the usual cause of this signal.' : '';
  return {
    status: 'failed',
    error: {
      message: `The job stopped unexpectedly (${how}).${hint} Finished runs are kept: run again to continue from them.`,
    },
  };
}

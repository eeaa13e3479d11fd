/**
 * The one process that opens checkpoints for all editors: this extension's own `dist/inspector.js`. Started when it is
 * needed, ended when nothing is open for a while, and started afresh after a crash. No vscode: tests fork scripts of
 * their own.
 */
import type { ChildProcess } from 'node:child_process';
import type { HostToInspector, InspectorToHost } from '../../shared/inspectorMessages';
import { hearLines } from '../childLines';
import { forkNode } from '../nodeProcess';
import { checkInspectorMessage } from './check';

/** What is asked and answered by number. */
type Request = Extract<HostToInspector, { readonly id: number }>;
type Asked = Exclude<Request, { readonly type: 'cancel' | 'prefer' }>;
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type InspectorQuestion = WithoutId<Asked>;
type Answer = Extract<InspectorToHost, { readonly id: number }>;
/** What comes before the last word of an answer. */
export type InspectorAnswer = Exclude<Answer, { readonly type: 'done' | 'failed' | 'cancelled' }>;

export interface InspectorOptions {
  readonly script: string;
  readonly cacheDirectory: string | null;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** How long it stays when nothing is open. */
  readonly idleMilliseconds?: number;
}

export interface Running {
  readonly id: number;
  /** Settles with the answer's last word. @throws Error with the process's words; InspectorCrash; the signal's reason */
  readonly done: Promise<void>;
}

/** The process went away in the middle of its work. */
export class InspectorCrash extends Error {}

interface Waiting {
  readonly onAnswer: (answer: InspectorAnswer) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const defaultIdleMilliseconds = 30_000;

export class InspectorProcess {
  private child: ChildProcess | null = null;
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();
  /** Files that are open, or being opened, and who wants to know what becomes of them. */
  private readonly files = new Map<number, (event: 'changed' | 'removed' | InspectorCrash) => void>();
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: InspectorOptions) {}

  /** @param onAnswer called for each message of the answer, in order, before `done` settles */
  ask(question: InspectorQuestion, onAnswer: (answer: InspectorAnswer) => void, signal: AbortSignal): Running {
    const id = this.next++;
    const done = new Promise<void>((resolve, reject) => {
      signal.throwIfAborted();
      const giveUp = (): void => {
        if (!this.waiting.delete(id)) return;
        this.send({ type: 'cancel', id });
        reject(signal.reason as Error);
      };
      const end = (): void => {
        signal.removeEventListener('abort', giveUp);
      };
      this.waiting.set(id, {
        onAnswer,
        resolve: () => {
          end();
          resolve();
        },
        reject: error => {
          end();
          reject(error);
        },
      });
      signal.addEventListener('abort', giveUp, { once: true });
      this.start();
      this.send({ ...question, id });
    });
    return { id, done };
  }

  /**
   * Opens a file under the number that is returned; it stays open until it is closed.
   * @param onEvent it changed on disk, was removed, or the process that had it open is gone
   */
  open(
    source: Extract<HostToInspector, { type: 'open' }>['source'],
    onAnswer: (answer: InspectorAnswer) => void,
    onEvent: (event: 'changed' | 'removed' | InspectorCrash) => void,
    signal: AbortSignal,
  ): Running {
    clearTimeout(this.idle);
    const running = this.ask({ type: 'open', source }, onAnswer, signal);
    this.files.set(running.id, onEvent);
    return running;
  }

  close(file: number): void {
    if (!this.files.delete(file)) return;
    this.send({ type: 'close', file });
    if (this.files.size > 0) return;
    this.idle = setTimeout(() => {
      this.stop();
    }, this.options.idleMilliseconds ?? defaultIdleMilliseconds);
    this.idle.unref();
  }

  /** Rows that have come into view. */
  prefer(id: number, wanted: readonly number[]): void {
    if (this.waiting.has(id)) this.send({ type: 'prefer', id, wanted });
  }

  dispose(): void {
    clearTimeout(this.idle);
    this.files.clear();
    this.stop();
  }

  private stop(): void {
    const { child } = this;
    this.child = null;
    child?.disconnect();
    this.fail(new Error('The inspector was closed.'));
  }

  private send(message: HostToInspector): void {
    // an error here means that the process is gone: its end is told on 'close'
    if (this.child?.connected) this.child.send(message, () => undefined);
  }

  private start(): void {
    if (this.child) return;
    const { script, cacheDirectory, log } = this.options;
    const child = (this.child = forkNode(script));
    let cause = '';
    child.on('message', message => {
      if (this.child === child) this.receive(message);
    });
    child.on('error', error => {
      cause = error.message;
      if (child.pid === undefined) this.ended(child, `could not be started: ${cause}`);
    });
    child.on('close', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`;
      const hint = signal === 'SIGKILL' || signal === 'SIGABRT' ? ' Out of memory is the usual cause.' : '';
      this.ended(child, `stopped unexpectedly (${how}).${hint}`);
    });
    for (const [stream, level] of [
      [child.stdout, 'info'],
      [child.stderr, 'warn'],
    ] as const) {
      hearLines(stream, line => {
        log(level, line);
      });
    }
    this.send({ type: 'settings', cacheDirectory });
  }

  private ended(child: ChildProcess, how: string): void {
    // one that was told to end has been forgotten already
    if (this.child !== child) return;
    this.child = null;
    const crash = new InspectorCrash(`The inspector's process ${how}`);
    this.options.log('error', crash.message);
    const files = [...this.files.values()];
    this.files.clear();
    this.fail(crash);
    for (const tell of files) tell(crash);
  }

  private fail(error: Error): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of all) reject(error);
  }

  private receive(value: unknown): void {
    const checked = checkInspectorMessage(value);
    if (!checked.ok) {
      this.options.log('warn', `The inspector sent a message that was left out: ${checked.problem}`);
      // whoever waits for it must not wait for ever
      const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
      if (typeof id === 'number')
        this.finish(id, new Error(`The inspector's answer was not valid: ${checked.problem}`));
      return;
    }
    const message = checked.value;
    switch (message.type) {
      case 'log':
        this.options.log(message.level, message.message);
        break;
      case 'changed':
        this.files.get(message.file)?.(message.reason);
        break;
      case 'done':
        this.finish(message.id, null);
        break;
      case 'failed':
        this.finish(message.id, new Error(message.message));
        break;
      case 'cancelled':
        this.finish(message.id, new Error('It was cancelled.'));
        break;
      case 'opened':
      case 'tensors':
      case 'statistics':
      case 'tile':
      case 'details':
      case 'pairs':
      case 'comparison':
      case 'maskTile':
      case 'difference':
        this.waiting.get(message.id)?.onAnswer(message);
        break;
    }
  }

  private finish(id: number, error: Error | null): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    if (error) waiting.reject(error);
    else waiting.resolve();
  }
}

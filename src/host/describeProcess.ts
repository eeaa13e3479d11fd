/**
 * The child process that looks at models and data before an experiment is written: started with the first question, ended
 * when it has had none for a while, or at once where it takes too long. No vscode: tests fork scripts of their own.
 */
import type { ChildProcess } from 'node:child_process';
import type { DescriberToHost, HostToDescriber } from '../shared/describeMessages';
import { hearLines } from './childLines';
import { checkDescriberMessage } from './describeCheck';
import { forkNode } from './nodeProcess';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type DescribeQuestion = WithoutId<HostToDescriber>;
type AnswerTo<Type extends HostToDescriber['type']> = Extract<DescriberToHost, { readonly type: Type }>;

export interface DescriberOptions {
  /** Path of the child's script. */
  readonly script: string;
  readonly log: (message: string) => void;
  /** How long one answer may take. */
  readonly patienceMilliseconds?: number;
  /** How long it stays when nothing is asked. */
  readonly idleMilliseconds?: number;
}

interface Waiting {
  readonly type: HostToDescriber['type'];
  readonly resolve: (answer: DescriberToHost) => void;
  readonly reject: (error: Error) => void;
}

const defaultPatience = 60_000;
const defaultIdle = 30_000;

export class Describer {
  private child: ChildProcess | null = null;
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();
  private patience: NodeJS.Timeout | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: DescriberOptions) {}

  /** @throws Error that names the file, says what is wrong with it and what to do */
  async ask<Question extends DescribeQuestion>(question: Question): Promise<AnswerTo<Question['type']>> {
    clearTimeout(this.idle);
    const id = this.next++;
    const child = (this.child ??= this.start());
    const answer = await new Promise<DescriberToHost>((resolve, reject) => {
      this.waiting.set(id, { type: question.type, resolve, reject });
      this.watch();
      // an error here means that the process is gone: its end is told on 'close'
      child.send({ ...question, id }, () => undefined);
    }).finally(() => {
      this.watch();
    });
    return answer as AnswerTo<Question['type']>;
  }

  dispose(): void {
    this.stop(new Error('The window was closed.'));
  }

  /** The oldest question has its time from now on; without any, the process has a while to live. */
  private watch(): void {
    clearTimeout(this.patience);
    clearTimeout(this.idle);
    const { patienceMilliseconds: patience = defaultPatience, idleMilliseconds: idle = defaultIdle } = this.options;
    if (this.waiting.size > 0) {
      this.patience = setTimeout(() => {
        const seconds = Math.round(patience / 1000);
        this.stop(new Error(`it takes longer than ${seconds} s to look at; is the file on a slow disk or network?`));
      }, patience);
      return;
    }
    this.idle = setTimeout(() => {
      this.stop(new Error('The process was idle.'));
    }, idle);
    this.idle.unref();
  }

  private stop(reason: Error): void {
    clearTimeout(this.patience);
    clearTimeout(this.idle);
    const { child } = this;
    this.child = null;
    child?.kill('SIGKILL');
    this.fail(reason);
  }

  private start(): ChildProcess {
    const child = forkNode(this.options.script);
    child.on('message', message => {
      if (this.child === child) this.receive(message);
    });
    child.on('error', error => {
      if (child.pid === undefined) this.ended(child, `could not be started: ${error.message}`);
    });
    child.on('close', (code, signal) => {
      const hint = signal === 'SIGKILL' || signal === 'SIGABRT' ? '; out of memory is the usual cause' : '';
      this.ended(child, `stopped unexpectedly (${signal ? `signal ${signal}` : `exit code ${code ?? '?'}`}${hint})`);
    });
    for (const stream of [child.stdout, child.stderr]) hearLines(stream, this.options.log);
    return child;
  }

  private ended(child: ChildProcess, how: string): void {
    // one that was told to end has been forgotten already
    if (this.child !== child) return;
    this.child = null;
    const message = `the process that looks at it ${how}`;
    this.options.log(message);
    this.fail(new Error(message));
  }

  private fail(error: Error): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of all) reject(error);
  }

  private receive(value: unknown): void {
    const checked = checkDescriberMessage(value);
    const id =
      typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number' ? value.id : -1;
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    if (!checked.ok) waiting.reject(new Error(`what was found is not valid: ${checked.problem}`));
    else if (checked.value.type === 'failed') waiting.reject(new Error(checked.value.message));
    else if (checked.value.type === waiting.type) waiting.resolve(checked.value);
    else waiting.reject(new Error('another answer came than was asked for'));
  }
}

/** What a page of the inspector and the process behind it have to do with each other, for one file or for two. No vscode. */
import type { InspectorSource } from '../../shared/inspectorMessages';
import type { HostToInspectorView, InspectorAction, InspectorViewToHost, OpenedFile } from '../../shared/inspectorView';
import type { InspectorCrash } from './inspectorProcess';
import { type InspectorAnswer, type InspectorProcess, type InspectorQuestion } from './inspectorProcess';

/** A file to show. */
export interface Subject {
  readonly name: string;
  readonly place: string;
  /** @throws Error that says why it cannot be read and what to do */
  readonly source: () => Promise<InspectorSource>;
}

export type ViewRequest = Extract<InspectorViewToHost, { readonly request: number }>;

/** Where the page may turn when something went wrong. */
const afterFailure: readonly InspectorAction[] = ['reopen', 'reopenWith', 'showLog'];
const afterChange: readonly InspectorAction[] = ['reopen'];

export abstract class Session {
  private stopped = new AbortController();
  private readonly questions = new Map<number, AbortController>();
  private readonly files = new Set<number>();

  constructor(
    protected readonly process: InspectorProcess,
    protected readonly post: (message: HostToInspectorView) => void,
  ) {}

  /** The page is there, or is there again, or wants everything anew. */
  start(): void {
    this.stop();
    const stopped = (this.stopped = new AbortController());
    this.run(stopped.signal).catch((error: unknown) => {
      if (stopped.signal.aborted) return;
      this.stop();
      this.post({ type: 'failed', message: wordsOf(error), actions: afterFailure });
    });
  }

  /** The page is gone or hidden: nothing more is read for it. */
  stop(): void {
    this.stopped.abort(new DOMException('The page is gone.', 'AbortError'));
    this.questions.clear();
    for (const file of this.files) this.process.close(file);
    this.files.clear();
  }

  receive(message: ViewRequest): void {
    if (message.type === 'forget') {
      this.questions.get(message.request)?.abort(new DOMException('Not needed any more.', 'AbortError'));
      this.questions.delete(message.request);
    } else void this.answer(message);
  }

  /** Rows that have come into view. */
  abstract visible(indices: readonly number[]): void;
  protected abstract run(signal: AbortSignal): Promise<void>;
  /** What to ask the process for a question of the page; null: there is no such thing. */
  protected abstract questionFor(message: Exclude<ViewRequest, { type: 'forget' }>): InspectorQuestion | null;

  /**
   * Opens a file for as long as the page is there.
   * @param onList its tensors as they come
   */
  protected async open(
    subject: Subject,
    onList: (answer: Extract<InspectorAnswer, { type: 'opened' | 'tensors' }>) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const source = await subject.source();
    signal.throwIfAborted();
    const { id, done } = this.process.open(
      source,
      answer => {
        if (answer.type === 'opened' || answer.type === 'tensors') onList(answer);
      },
      event => {
        this.files.delete(id);
        if (!signal.aborted) this.tell(subject, event);
      },
      signal,
    );
    this.files.add(id);
    await done;
    return id;
  }

  private tell({ name }: Subject, event: 'changed' | 'removed' | InspectorCrash): void {
    if (event === 'removed') {
      this.post({ type: 'notice', message: `${name} was removed: what is shown is what it held.`, actions: [] });
    } else if (event === 'changed') {
      this.post({
        type: 'notice',
        message: `${name} has changed on disk: what is shown is what it held before.`,
        actions: afterChange,
      });
    } else {
      this.post({
        type: 'notice',
        message: `${event.message} What is shown stays; open the file again for the rest: the process is started anew.`,
        actions: ['reopen', 'showLog'],
      });
    }
  }

  private async answer(message: Exclude<ViewRequest, { type: 'forget' }>): Promise<void> {
    const { request } = message;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.stopped.signal]);
    this.questions.set(request, controller);
    try {
      const question = this.questionFor(message);
      if (!question) throw new Error('The file is not open any more: open it again.');
      await this.process.ask(
        question,
        answer => {
          this.forward(request, answer);
        },
        signal,
      ).done;
    } catch (error) {
      if (!signal.aborted) this.post({ type: 'requestFailed', request, message: wordsOf(error) });
    } finally {
      this.questions.delete(request);
    }
  }

  private forward(request: number, answer: InspectorAnswer): void {
    if (answer.type === 'tile') this.post({ type: 'tile', request, tile: answer.tile });
    else if (answer.type === 'details') this.post({ type: 'details', request, details: answer.details });
    else if (answer.type === 'maskTile') this.post({ type: 'maskTile', request, tile: answer.tile });
    else if (answer.type === 'difference') this.post({ type: 'difference', request, found: answer.found });
  }
}

/** Of metadata and notes a page shows so many; more would only cost. */
const mostShown = 1_000;

export function openedFile(subject: Subject, answer: Extract<InspectorAnswer, { type: 'opened' }>): OpenedFile {
  const { format, bytes, metadata, notes } = answer.summary;
  return {
    name: subject.name,
    place: subject.place,
    format,
    bytes,
    tensorCount: answer.tensorCount,
    metadata: metadata.slice(0, mostShown),
    notes: notes.slice(0, mostShown),
  };
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One file on a page: its list, its statistics as they are counted, what the page asks of its tensors. */
import type { HostToInspectorView, InspectorAction } from '../../shared/inspectorView';
import { Batch } from './batch';
import { InspectorCrash, type InspectorProcess, type InspectorQuestion } from './inspectorProcess';
import { openedFile, Session, type Subject, type ViewRequest } from './session';

type Result = Extract<HostToInspectorView, { type: 'statistics' }>['results'][number];

export interface InspectedFile extends Subject {
  /** @param format as the reader calls it */
  readonly actions: (format: string) => readonly InspectorAction[];
}

export class InspectSession extends Session {
  private file: number | null = null;
  /** The request for statistics. */
  private counting: number | null = null;
  private readonly results = new Batch<Result>(results => {
    this.post({ type: 'statistics', results });
  });

  constructor(
    process: InspectorProcess,
    private readonly subject: InspectedFile,
    post: (message: HostToInspectorView) => void,
  ) {
    super(process, post);
  }

  override visible(tensors: readonly number[]): void {
    if (this.counting !== null) this.process.prefer(this.counting, tensors);
  }

  override stop(): void {
    super.stop();
    this.results.drop();
    this.file = null;
    this.counting = null;
  }

  protected override async run(signal: AbortSignal): Promise<void> {
    const { subject } = this;
    this.post({ type: 'opening', mode: 'inspect', name: subject.name, state: {} });
    let total = 0;
    this.file = await this.open(
      subject,
      answer => {
        if (answer.type === 'tensors') this.post(pageOf(answer.first, answer.tensors));
        else {
          total = answer.tensorCount;
          this.post({
            type: 'opened',
            file: openedFile(subject, answer),
            actions: subject.actions(answer.summary.format),
          });
          this.post(pageOf(0, answer.summary.tensors));
        }
      },
      signal,
    );
    const { id, done } = this.process.ask(
      { type: 'statistics', file: this.file, tensors: Array.from({ length: total }, (_, index) => index) },
      answer => {
        if (answer.type === 'statistics') this.results.add({ tensor: answer.tensor, result: answer.result });
      },
      signal,
    );
    this.counting = id;
    try {
      await done;
    } catch (error) {
      // what is shown stays, and what happened to the file has been told
      if (error instanceof InspectorCrash) return;
      throw error;
    } finally {
      if (!signal.aborted) this.results.flush();
    }
    this.post({ type: 'complete' });
  }

  protected override questionFor(message: Exclude<ViewRequest, { type: 'forget' }>): InspectorQuestion | null {
    const { file } = this;
    if (file === null) return null;
    if (message.type === 'details') return { type: 'details', file, tensor: message.tensor };
    if (message.type !== 'tile') return null;
    const { tensor, region, cells } = message;
    return { type: 'tile', file, tensor, region, cells };
  }
}

function pageOf(
  first: number,
  tensors: Extract<HostToInspectorView, { type: 'tensors' }>['tensors'],
): HostToInspectorView {
  return { type: 'tensors', first, tensors };
}

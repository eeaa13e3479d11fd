/** Two files on a page: which tensors stand for each other, how each pair compares, what the page asks of them. */
import type { TensorInfo } from '../../shared/inspection';
import type { TensorPair } from '../../shared/inspectorMessages';
import type { HostToInspectorView, OpenedFile } from '../../shared/inspectorView';
import { Batch } from './batch';
import { InspectorCrash, type InspectorProcess, type InspectorQuestion } from './inspectorProcess';
import { openedFile, Session, type Subject, type ViewRequest } from './session';

type Result = Extract<HostToInspectorView, { type: 'comparisons' }>['results'][number];

const pageSize = 1_000;
/** Of what has no like on the other side; a page shows fewer. */
const mostUnpaired = 10_000;

interface Listed {
  readonly file: number;
  readonly opened: OpenedFile;
  readonly tensors: readonly TensorInfo[];
}

export class CompareSession extends Session {
  private sides: { readonly left: number; readonly right: number } | null = null;
  private pairs: readonly TensorPair[] = [];
  private comparing: number | null = null;
  private readonly results = new Batch<Result>(results => {
    this.post({ type: 'comparisons', results });
  });

  constructor(
    process: InspectorProcess,
    private readonly left: Subject,
    private readonly right: Subject,
    /** For the page to keep, so that it comes back after a reload. */
    private readonly state: Readonly<Record<string, string>>,
    post: (message: HostToInspectorView) => void,
  ) {
    super(process, post);
  }

  override visible(pairs: readonly number[]): void {
    if (this.comparing !== null) this.process.prefer(this.comparing, pairs);
  }

  override stop(): void {
    super.stop();
    this.results.drop();
    this.sides = null;
    this.pairs = [];
    this.comparing = null;
  }

  protected override async run(signal: AbortSignal): Promise<void> {
    const name = `${this.left.name} ↔ ${this.right.name}`;
    this.post({ type: 'opening', mode: 'compare', name, state: this.state });
    const [left, right] = await Promise.all([this.list(this.left, signal), this.list(this.right, signal)]);
    this.sides = { left: left.file, right: right.file };
    this.post({ type: 'comparing', left: left.opened, right: right.opened });
    const problems: string[] = [];
    const { id, done } = this.process.ask(
      { type: 'compare', left: left.file, right: right.file },
      answer => {
        if (answer.type === 'comparison') this.results.add({ pair: answer.pair, result: answer.result });
        if (answer.type !== 'pairs') return;
        this.pairs = answer.pairs;
        if (!this.sendPairs(left.tensors, right.tensors)) problems.push('tensors that the files do not have');
        this.post({ type: 'unpaired', unpaired: answer.unpaired.slice(0, mostUnpaired) });
      },
      signal,
    );
    this.comparing = id;
    try {
      await done;
      if (problems.length > 0)
        throw new Error(`The inspector named ${problems.join()}: this is a fault of the extension.`);
    } catch (error) {
      if (error instanceof InspectorCrash) return;
      throw error;
    } finally {
      if (!signal.aborted) this.results.flush();
    }
    this.post({ type: 'complete' });
  }

  protected override questionFor(message: Exclude<ViewRequest, { type: 'forget' }>): InspectorQuestion | null {
    if (!this.sides || (message.type !== 'maskTile' && message.type !== 'nextDifference')) return null;
    const pair = this.pairs[message.pair];
    if (!pair) return null;
    const sides = {
      left: { file: this.sides.left, tensor: pair.left },
      right: { file: this.sides.right, tensor: pair.right },
    };
    if (message.type === 'nextDifference') return { type: 'nextDifference', ...sides, from: message.from };
    return { type: 'maskTile', ...sides, region: message.region, cells: message.cells };
  }

  private async list(subject: Subject, signal: AbortSignal): Promise<Listed> {
    const tensors: TensorInfo[] = [];
    const opened: OpenedFile[] = [];
    const file = await this.open(
      subject,
      answer => {
        if (answer.type === 'opened') opened.push(openedFile(subject, answer));
        for (const tensor of answer.type === 'opened' ? answer.summary.tensors : answer.tensors) tensors.push(tensor);
      },
      signal,
    );
    const [first] = opened;
    if (!first) throw new Error(`${subject.name}: the inspector did not say what it is. See the log.`);
    return { file, opened: first, tensors };
  }

  private sendPairs(left: readonly TensorInfo[], right: readonly TensorInfo[]): boolean {
    const whole = this.pairs.flatMap(pair => {
      const [a, b] = [left[pair.left], right[pair.right]];
      return a && b ? [{ name: pair.name, left: a, right: b }] : [];
    });
    if (whole.length < this.pairs.length) return false;
    // the first page goes even where it is empty: the page waits for it
    for (let first = 0; first === 0 || first < whole.length; first += pageSize) {
      this.post({ type: 'pairs', first, total: whole.length, pairs: whole.slice(first, first + pageSize) });
    }
    return true;
  }
}

/** The other side of an inspector: asks, and gathers what is answered. */
import type { HostToInspector, InspectorToHost } from '../../src/shared/inspectorMessages';

type Request = HostToInspector & { readonly id: number };
type Answer = Exclude<InspectorToHost, { readonly type: 'log' | 'changed' }>;
type Last = Extract<Answer, { readonly type: 'done' | 'failed' | 'cancelled' }>;

export interface Answered {
  readonly answers: readonly Answer[];
  readonly last: Last;
}

export class InspectorClient {
  /** All that was said, in order. */
  readonly heard: InspectorToHost[] = [];
  private readonly listeners = new Set<(message: InspectorToHost) => void>();

  constructor(private readonly post: (message: unknown) => void) {}

  hear(message: InspectorToHost): void {
    this.heard.push(message);
    for (const listener of [...this.listeners]) listener(message);
  }

  tell(message: unknown): void {
    this.post(message);
  }

  /** @param onAnswer may tell something more meanwhile */
  ask(request: Request, onAnswer: (answer: Answer) => void = () => undefined): Promise<Answered> {
    const answers: Answer[] = [];
    return new Promise(resolve => {
      const listener = (message: InspectorToHost): void => {
        if (message.type === 'log' || message.type === 'changed' || message.id !== request.id) return;
        onAnswer(message);
        if (message.type === 'done' || message.type === 'failed' || message.type === 'cancelled') {
          this.listeners.delete(listener);
          resolve({ answers, last: message });
        } else answers.push(message);
      };
      this.listeners.add(listener);
      this.post(request);
    });
  }

  /** The first message that fits, heard already or to come. */
  async until<T extends InspectorToHost['type']>(type: T): Promise<Extract<InspectorToHost, { readonly type: T }>> {
    type Wanted = Extract<InspectorToHost, { readonly type: T }>;
    const fits = (message: InspectorToHost): message is Wanted => message.type === type;
    const known = this.heard.find(fits);
    if (known) return known;
    return new Promise(resolve => {
      const listener = (message: InspectorToHost): void => {
        if (!fits(message)) return;
        this.listeners.delete(listener);
        resolve(message);
      };
      this.listeners.add(listener);
    });
  }
}

/** The answers of one kind. */
export function only<T extends Answer['type']>(type: T, answers: readonly Answer[]) {
  return answers.filter((answer): answer is Extract<Answer, { readonly type: T }> => answer.type === type);
}

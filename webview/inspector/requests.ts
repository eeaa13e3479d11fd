/** Questions to the host and their answers: numbered, answered once, or given up. */
import type { HostToInspectorView, InspectorViewToHost } from '../../src/shared/inspectorView';

type Answer = Extract<HostToInspectorView, { readonly request: number }>;
/** A question without its number. */
type Question =
  Extract<InspectorViewToHost, { readonly request: number }> extends infer Message
    ? Message extends { readonly type: 'forget' }
      ? never
      : Omit<Message, 'request'>
    : never;
type AnswerTo = {
  readonly tile: Extract<Answer, { type: 'tile' }>;
  readonly details: Extract<Answer, { type: 'details' }>;
  readonly maskTile: Extract<Answer, { type: 'maskTile' }>;
  readonly nextDifference: Extract<Answer, { type: 'difference' }>;
};

interface Waiting {
  readonly expected: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class Requests {
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly post: (message: InspectorViewToHost) => void) {}

  /** @throws Error with the host's words; the signal's reason where it is given up */
  ask<Q extends Question>(question: Q, signal: AbortSignal): Promise<AnswerTo[Q['type']]> {
    const request = this.next++;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const giveUp = (): void => {
        if (!this.waiting.delete(request)) return;
        this.post({ type: 'forget', request });
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const end = (): void => {
        signal.removeEventListener('abort', giveUp);
      };
      this.waiting.set(request, {
        expected: question.type === 'nextDifference' ? 'difference' : question.type,
        resolve: answer => {
          end();
          resolve(answer as AnswerTo[Q['type']]);
        },
        reject: error => {
          end();
          reject(error);
        },
      });
      this.post({ ...question, request });
    });
  }

  /** Whatever comes with a number that nobody waits for is late, and left out. */
  answer(answer: Answer): void {
    const waiting = this.waiting.get(answer.request);
    if (!waiting) return;
    this.waiting.delete(answer.request);
    if (answer.type === 'requestFailed') waiting.reject(new Error(answer.message));
    else if (answer.type === waiting.expected) waiting.resolve(answer);
    else waiting.reject(new Error(`The answer was ${answer.type} where ${waiting.expected} was asked for.`));
  }

  /** The host begins anew: nothing asked before will be answered. */
  reset(): void {
    for (const { reject } of this.waiting.values()) reject(new DOMException('The file is opened again.', 'AbortError'));
    this.waiting.clear();
  }
}

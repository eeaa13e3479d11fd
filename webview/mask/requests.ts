/** Questions to the host about masks, numbered, and their answers. */
import type { MaskPart, MaskRequest } from '../../src/shared/mask';
import type { HostToPanel } from '../../src/shared/messages';

export type MaskAnswer = Extract<HostToPanel, { readonly type: 'mask' | 'maskFailed' }>;

interface Waiting {
  readonly kind: MaskPart['kind'];
  readonly resolve: (part: MaskPart) => void;
  readonly reject: (error: Error) => void;
}

export class MaskRequests {
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly post: (request: MaskRequest) => void) {}

  /** @throws Error with the host's words */
  async weights(question: Omit<MaskRequest, 'request' | 'block'>): Promise<Extract<MaskPart, { kind: 'weights' }>> {
    return (await this.ask('weights', { ...question, block: null })) as Extract<MaskPart, { kind: 'weights' }>;
  }

  /** @throws Error with the host's words */
  async blocks(question: Omit<MaskRequest, 'request'>): Promise<Extract<MaskPart, { kind: 'blocks' }>> {
    return (await this.ask('blocks', question)) as Extract<MaskPart, { kind: 'blocks' }>;
  }

  /** What comes with a number that nobody waits for is left out. */
  answer(answer: MaskAnswer): void {
    const waiting = this.waiting.get(answer.request);
    if (!waiting) return;
    this.waiting.delete(answer.request);
    if (answer.type === 'maskFailed') waiting.reject(new Error(answer.message));
    else if (answer.part.kind !== waiting.kind) waiting.reject(new Error('The answer is not what was asked for.'));
    else waiting.resolve(answer.part);
  }

  private ask(kind: MaskPart['kind'], question: Omit<MaskRequest, 'request'>): Promise<MaskPart> {
    const request = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { kind, resolve, reject });
      this.post({ ...question, request });
    });
  }
}

/** Answers a page's requests for masks one after another, in their order, so that none holds the memory of many. */
import type { HostToPanel } from '../shared/messages';
import type { MaskRequest } from '../shared/mask';
import type { Report } from '../shared/report';
import { maskRefusal, readMask } from './maskReader';

type MaskAnswer = Extract<HostToPanel, { readonly type: 'mask' | 'maskFailed' }>;

/** More than a page ever has under way. */
const mostWaiting = 32;

export class MaskAnswers {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly store: string,
    private readonly report: () => Report | null,
  ) {}

  /** Never rejects: what is wrong is the answer. */
  async answer(request: MaskRequest): Promise<MaskAnswer> {
    const failed = (message: string): MaskAnswer => ({ type: 'maskFailed', request: request.request, message });
    if (this.waiting >= mostWaiting) return failed('Too many requests at once.');
    this.waiting++;
    const answer = this.last
      .then(() => this.read(request))
      .catch((error: unknown) => {
        return failed(error instanceof Error ? error.message : String(error));
      });
    this.last = answer;
    try {
      return await answer;
    } finally {
      this.waiting--;
    }
  }

  private async read(request: MaskRequest): Promise<MaskAnswer> {
    const report = this.report();
    const refusal = maskRefusal(report, request);
    if (refusal !== null) throw new Error(refusal);
    const { shape } = report!.layers.find(({ name }) => name === request.layer)!;
    return { type: 'mask', request: request.request, part: await readMask(this.store, shape, request) };
  }
}

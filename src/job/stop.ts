/** Why a job is told to stop: the reason of its abort signal. */

/**
 * - `cancelled`, `paused`: a person said so; the report says it too.
 * - `left`: whoever started the job is gone, or goes. The report stays at "running" with nothing at work, as after a
 *   power cut: whoever opens it next sees that it was interrupted.
 */
export type StopKind = 'cancelled' | 'paused' | 'left';

export class Stop extends Error {
  constructor(readonly kind: StopKind) {
    super(kind);
    this.name = 'Stop';
  }
}

/** Any other reason to stop counts as a person's. */
export function stopKindOf(reason: unknown): StopKind {
  return reason instanceof Stop ? reason.kind : 'cancelled';
}

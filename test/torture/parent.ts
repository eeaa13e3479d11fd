/** Stands for the extension host: forks the job as it does, hands over its words, and is killed with or without it. */
import { forkNode } from '../../src/host/nodeProcess';
import type { HostToJob, JobToHost } from '../../src/shared/messages';

/** Parent → torturer. */
export type FromParent = { readonly type: 'pid'; readonly pid: number } | JobToHost;

/** Torturer → parent, once. */
export interface ToParent {
  readonly script: string;
  readonly start: HostToJob;
}

function tell(message: FromParent): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

process.once('message', ({ script, start }: ToParent) => {
  const job = forkNode(script);
  tell({ type: 'pid', pid: job.pid! });
  job.on('message', message => {
    tell(message as JobToHost);
  });
  job.stderr!.pipe(process.stderr);
  job.on('close', code => {
    process.exit(code ?? 1);
  });
  job.send(start);
});

/** What runs are called that belong to no series. */
import { formatCount, methodNames } from './format';
import type { ReportRun, Study } from './report';

/**
 * "rewound to step 500, level 3", "stability from step 500, order 2", "transfer, random mask, level 3".
 * @param level left out where it is said otherwise
 */
export function studyName(
  study: Study,
  { method, level }: Pick<ReportRun, 'method'> & { readonly level?: number },
): string {
  const step = (at: number): string => `step ${formatCount(at)}`;
  const suffix = level === undefined ? '' : `, level ${level}`;
  switch (study.kind) {
    case 'sweep':
      return `rewound to ${step(study.rewind)}${suffix}`;
    case 'stability':
      return `stability from ${step(study.at)}, order ${study.branch + 1}${level === 0 ? '' : suffix}`;
    case 'transfer': {
      const isDense = method === 'iterative' && level === 0;
      return `transfer, ${method === 'iterative' ? (isDense ? 'dense' : 'ticket') : methodNames[method]}${isDense ? '' : suffix}`;
    }
  }
}

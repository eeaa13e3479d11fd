/** What child processes take from the host. */
import { checkRequest as checkDescribe } from '../../../src/describe/requests';
import { checkRequest as checkInspect } from '../../../src/inspection/requests';
import { checkRequest as checkJob } from '../../../src/job/requests';
import type { HostToDescriber } from '../../../src/shared/describeMessages';
import { inspectorLimits, type HostToInspector } from '../../../src/shared/inspectorMessages';
import type { HostToJob } from '../../../src/shared/messages';
import { demand, type Outcome } from '../target';
import { messageTarget, type MessageTarget } from '../values';

const jobRequests: readonly HostToJob[] = [
  { type: 'start', experimentPath: '/a/b.ticket.json', storeDirectory: '/a/.winning-ticket' },
  {
    type: 'start',
    experimentPath: 'b.ticket.json',
    storeDirectory: '.winning-ticket',
    executor: 'wasm',
    checkpointSeconds: 2.5,
    parallel: 2,
  },
  { type: 'cancel' },
  { type: 'pause' },
  { type: 'leave' },
];

const data = { inputShape: [28, 28, 1], classes: 10 };
const describeRequests: readonly HostToDescriber[] = [
  { type: 'model', id: 1, spec: 'model.json', folder: '/a', data },
  { type: 'model', id: 1, spec: 'builtin:lenet-300-100', folder: '/a', data: null },
  { type: 'builtins', id: 2, names: ['builtin:mlp:3'], data },
  {
    type: 'data',
    id: 3,
    config: { format: 'idx', directory: '../data' },
    folder: '/a',
    wanted: [28, 28, 1],
    sample: true,
  },
];

const region = { row: 0, column: 0, rows: 8, columns: 8 };
const cells = { rows: 4, columns: 4 };
const [left, right] = [
  { file: 1, tensor: 0 },
  { file: 2, tensor: 0 },
];
const inspectRequests: readonly HostToInspector[] = [
  { type: 'settings', cacheDirectory: '/a' },
  { type: 'open', id: 1, source: { path: '/a/b.pt' } },
  { type: 'open', id: 2, source: { name: 'b.pt', identity: 'git:b', bytes: new Uint8Array(8) } },
  { type: 'close', file: 1 },
  { type: 'statistics', id: 3, file: 1, tensors: [0, 1] },
  { type: 'prefer', id: 3, wanted: [1] },
  { type: 'tile', id: 4, file: 1, tensor: 0, region, cells },
  { type: 'details', id: 5, file: 1, tensor: 0 },
  { type: 'compare', id: 6, left: 1, right: 2 },
  { type: 'maskTile', id: 7, left, right, region, cells },
  { type: 'nextDifference', id: 8, left, right, from: 0 },
  { type: 'cancel', id: 8 },
];

type Check<T> = (value: unknown) => T | { readonly problem: string };

/** What is taken is taken again as it is. */
function target<T extends object>(
  name: string,
  requests: readonly T[],
  check: Check<T>,
  use: (request: T) => void,
): MessageTarget {
  return messageTarget(name, requests, (value): Outcome => {
    const checked = check(value);
    if ('problem' in checked) {
      demand(checked.problem.length > 0 && checked.problem.length < 10_000, 'a problem in words');
      return 'refused';
    }
    demand(!('problem' in check(checked)), 'a request that is as it was taken');
    use(checked);
    return 'valid';
  });
}

export const requestTargets: readonly MessageTarget[] = [
  target('request to the job', jobRequests, checkJob as Check<HostToJob>, request => {
    if (request.type !== 'start') return;
    const { parallel = 1, checkpointSeconds = 0 } = request;
    demand(Number.isInteger(parallel) && parallel > 0 && parallel <= 1024, 'a number of runs side by side');
    demand(checkpointSeconds >= 0 && checkpointSeconds <= 86_400, 'a time between checkpoints');
  }),
  target('request to the describing child', describeRequests, checkDescribe, request => {
    demand(Number.isSafeInteger(request.id) && request.id > 0, 'a number to answer to');
  }),
  target('request to the inspecting child', inspectRequests, checkInspect, request => {
    if (request.type !== 'tile' && request.type !== 'maskTile') return;
    demand(Math.max(request.cells.rows, request.cells.columns) <= inspectorLimits.cells, 'a number of cells in bounds');
  }),
];

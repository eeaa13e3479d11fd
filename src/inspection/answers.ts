/** What each request of the host is answered with. */
import {
  inspectorLimits,
  type ComparisonResult,
  type HostToInspector,
  type InspectorToHost,
  type TensorReference,
} from '../shared/inspectorMessages';
import { pairTensors } from '../sparsity/compare';
import type { OpenFile, OpenFiles } from './openFiles';
import type { StatisticsCache } from './statisticsCache';
import type { StatisticsEngine } from './statisticsEngine';
import { countAll, statisticsOf } from './statisticsRequest';
import { compareTensors, detailsOf, maskTileOf, nextDifference, tileOf, type TensorAt } from './views';
import { Wishes } from './wishes';

/** Messages that are answered. */
export type Request = Exclude<HostToInspector, { readonly type: 'settings' | 'close' | 'prefer' | 'cancel' }>;
type RequestOf<T extends Request['type']> = Extract<Request, { readonly type: T }>;

export interface Context {
  readonly files: OpenFiles;
  readonly engine: StatisticsEngine;
  readonly cache: StatisticsCache;
  readonly send: (message: InspectorToHost) => void;
  /** Of this request. */
  readonly signal: AbortSignal;
  /** Says in what order it works, so that later wishes can change it. */
  readonly onWishes: (wishes: Wishes) => void;
}

/** @throws whatever went wrong; the signal's reason */
export async function answer(request: Request, context: Context): Promise<void> {
  switch (request.type) {
    case 'open':
      return open(request, context);
    case 'statistics':
      return withFiles([request.file], context, ([file], signal) => statistics(request, file!, context, signal));
    case 'tile':
      return withFiles([request.file], context, async ([file], signal) => {
        const tile = await tileOf(tensorIn(file!, request.tensor), request.region, request.cells, signal);
        context.send({ type: 'tile', id: request.id, tile });
      });
    case 'details':
      return withFiles([request.file], context, ([file], signal) => details(request, file!, context, signal));
    case 'compare':
      return withFiles([request.left, request.right], context, ([left, right], signal) =>
        compare(request, left!, right!, context, signal),
      );
    case 'maskTile':
      return withTensors(request, context, async (left, right, signal) => {
        const tile = await maskTileOf(left, right, request.region, request.cells, signal);
        context.send({ type: 'maskTile', id: request.id, tile });
      });
    case 'nextDifference':
      return withTensors(request, context, async (left, right, signal) => {
        const found = await nextDifference(left, right, request.from, signal);
        context.send({ type: 'difference', id: request.id, found });
      });
  }
}

async function open({ id, source }: RequestOf<'open'>, { files, send, signal }: Context): Promise<void> {
  const { checkpoint, name, identity } = await files.open(id, source);
  if (signal.aborted) {
    await files.close(id);
    signal.throwIfAborted();
  }
  const { format, bytes, tensors, metadata, notes } = checkpoint;
  const { page } = inspectorLimits;
  const summary = { file: name, format, bytes, tensors: tensors.slice(0, page), metadata, notes };
  send({ type: 'opened', id, summary, tensorCount: tensors.length, identity });
  for (let first = page; first < tensors.length; first += page) {
    send({ type: 'tensors', id, first, tensors: tensors.slice(first, first + page) });
  }
}

async function statistics(
  { id, tensors }: RequestOf<'statistics'>,
  file: OpenFile,
  { engine, cache, send, onWishes }: Context,
  signal: AbortSignal,
): Promise<void> {
  const wishes = new Wishes(tensors.filter(index => index < file.checkpoint.tensors.length));
  onWishes(wishes);
  await countAll(file, wishes, engine, cache, signal, (tensor, result) => {
    send({ type: 'statistics', id, tensor, result });
  });
}

async function details(
  { id, tensor }: RequestOf<'details'>,
  file: OpenFile,
  { engine, cache, send }: Context,
  signal: AbortSignal,
): Promise<void> {
  const at = tensorIn(file, tensor);
  const known = await statisticsOf(file, tensor, engine, cache, signal);
  send({ type: 'details', id, details: await detailsOf(at, known, signal) });
}

async function compare(
  { id }: RequestOf<'compare'>,
  left: OpenFile,
  right: OpenFile,
  { send, onWishes }: Context,
  signal: AbortSignal,
): Promise<void> {
  const { pairs, unpaired } = pairTensors(left.checkpoint.tensors, right.checkpoint.tensors);
  send({ type: 'pairs', id, pairs, unpaired });
  const wishes = new Wishes([...pairs.keys()]);
  onWishes(wishes);
  for (let pair = wishes.next(); pair !== null; pair = wishes.next()) {
    const { left: leftIndex, right: rightIndex } = pairs[pair]!;
    let result: ComparisonResult;
    try {
      const comparison = await compareTensors(tensorIn(left, leftIndex), tensorIn(right, rightIndex), signal);
      result = { ok: true, comparison };
    } catch (error) {
      signal.throwIfAborted();
      result = { ok: false, error: messageOf(error) };
    }
    send({ type: 'comparison', id, pair, result });
  }
}

/** Work that ends when the request or one of its files is given up; no file is closed before it has ended. */
async function withFiles(
  ids: readonly number[],
  { files, signal }: Context,
  work: (files: readonly OpenFile[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const used = ids.map(id => files.get(id));
  const either = AbortSignal.any([signal, ...used.map(({ closed }) => closed)]);
  await used.reduceRight<() => Promise<void>>(
    (inner, file) => () => file.use(inner),
    () => work(used, either),
  )();
}

function withTensors(
  { left, right }: { readonly left: TensorReference; readonly right: TensorReference },
  context: Context,
  work: (left: TensorAt, right: TensorAt, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  return withFiles([left.file, right.file], context, ([a, b], signal) =>
    work(tensorIn(a!, left.tensor), tensorIn(b!, right.tensor), signal),
  );
}

/** @throws Error where the file has no such tensor */
function tensorIn({ checkpoint, name }: OpenFile, index: number): TensorAt {
  if (index >= checkpoint.tensors.length) {
    throw new Error(`${name}: there is no tensor ${index}, it has ${checkpoint.tensors.length}`);
  }
  return { checkpoint, index };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

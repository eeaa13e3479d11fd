/** `winning-ticket prune`: a pruned copy of a checkpoint. */
import type { Checkpoint } from '../../checkpoints/checkpoint';
import { pruneCopy, type PrunePhase, type PruneResult } from '../../checkpoints/write/pruneCopy';
import { PruneOptionError, type PruneRule } from '../../checkpoints/write/pruneRule';
import { StatisticsEngine } from '../../inspection/statisticsEngine';
import { formatCount, formatShare } from '../../shared/format';
import type { TensorInfo } from '../../shared/inspection';
import { countsInTotals } from '../../shared/totals';
import { exitCodes, type ExitCode } from '../outcome';
import { layOut, type Cell, type Column } from './columns';
import { shareOf, type TotalDocument } from './inspectDocument';
import { sparsityBar } from './inspectTable';
import { print, toJson } from './output';
import type { PruneCommand } from './pruneArguments';
import { printable, StatusLine, terminalOf, type Terminal } from './terminal';
import { UsageError } from './usageError';

const phases: Readonly<Record<PrunePhase, string>> = {
  counting: 'counting zeros',
  ranking: 'ranking weights',
  copying: 'copying',
  pruning: 'setting weights to 0',
  checking: 'checking the copy',
};

/** @throws UsageError where the options do not fit the file; CheckpointError; the signal's reason */
export async function runPrune(command: PruneCommand, signal: AbortSignal): Promise<ExitCode> {
  const engine = new StatisticsEngine();
  const status = new StatusLine(process.stderr);
  const { file, out, overwrite, rule, exclude, json } = command;
  try {
    const result = await pruneCopy({
      file,
      out,
      overwrite,
      rule,
      exclude,
      signal,
      countZeros: async (checkpoint: Checkpoint, index) => (await engine.statistics(checkpoint, index, signal)).zeros,
      onPhase: phase => {
        status.show(phases[phase]);
      },
    });
    status.clear();
    const document = documentOf(command, result);
    print(json ? toJson(document) : describePruned(document, terminalOf(process.stdout)));
    return exitCodes.done;
  } catch (error) {
    if (error instanceof PruneOptionError) throw new UsageError(error.message);
    throw error;
  } finally {
    status.clear();
    await engine.close();
  }
}

interface BeforeAfter {
  readonly before: TotalDocument;
  readonly after: TotalDocument;
}

export interface PruneDocument {
  readonly file: string;
  /** Of the copy, with its shards; the one asked for is the last. */
  readonly files: readonly string[];
  readonly format: string;
  readonly method: PruneRule['method'];
  /** Tensors that the rule was applied to. */
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly count: number;
    readonly zerosBefore: number;
    readonly zeros: number;
    readonly sparsity: number;
  }[];
  /** Over those tensors. */
  readonly pruned: BeforeAfter;
  readonly prunable: BeforeAfter;
  readonly total: BeforeAfter;
  readonly notes: readonly string[];
}

function documentOf({ file, rule }: PruneCommand, result: PruneResult): PruneDocument {
  const chosen = result.tensors.filter(tensor => tensor.chosen);
  const empty = chosen.filter(({ info, after }) => after === info.count).map(({ info }) => info.name);
  return {
    file,
    files: result.files,
    format: result.format,
    method: rule.method,
    tensors: chosen.map(({ info, before, after }) => ({
      name: info.name,
      shape: info.shape,
      count: info.count,
      zerosBefore: before ?? 0,
      zeros: after ?? 0,
      sparsity: shareOf({ zeros: after ?? 0, count: info.count }),
    })),
    pruned: beforeAfter({ ...result, tensors: chosen }, () => true),
    prunable: beforeAfter(result, ({ prunable }) => prunable),
    total: beforeAfter(result, () => true),
    notes: [
      ...result.notes,
      ...(rule.method === 'structured' ? ['Whole outputs are 0 now; shapes and biases stay as they were.'] : []),
      ...(empty.length > 0 ? [`Wholly zero now: ${empty.join(', ')}. Nothing passes such a layer.`] : []),
    ],
  };
}

function beforeAfter({ tensors }: Pick<PruneResult, 'tensors'>, include: (tensor: TensorInfo) => boolean): BeforeAfter {
  const counted = tensors.filter(({ info, after }) => countsInTotals(info) && include(info) && after !== null);
  const sum = (value: (tensor: (typeof counted)[number]) => number): number =>
    counted.reduce((total, tensor) => total + value(tensor), 0);
  const count = sum(({ info }) => info.count);
  const total = (zeros: number): TotalDocument => ({ count, zeros, sparsity: shareOf({ zeros, count }) });
  return { before: total(sum(({ before }) => before ?? 0)), after: total(sum(({ after }) => after ?? 0)) };
}

const columns: readonly Column[] = [
  { title: 'tensor', align: 'left', dropped: 0, minimum: 24 },
  { title: 'weights', align: 'right', dropped: 2 },
  { title: 'before', align: 'right', dropped: 1 },
  { title: '', align: 'left', dropped: 3 },
  { title: 'after', align: 'right', dropped: 0 },
];

function describePruned(document: PruneDocument, terminal: Terminal): string {
  const rows = document.tensors.map(({ name, count, zerosBefore, sparsity }): Cell[] => [
    { text: printable(name) },
    { text: formatCount(count) },
    { text: formatShare(shareOf({ zeros: zerosBefore, count })) },
    { text: sparsityBar(sparsity), style: sparsity === 1 ? 'yellow' : 'cyan' },
    { text: formatShare(sparsity) },
  ]);
  const line = (name: string, { before, after }: BeforeAfter): string =>
    `${name.padEnd(8)}  ${formatShare(before.sparsity)} → ${formatShare(after.sparsity)}: ` +
    `${formatCount(before.zeros)} → ${formatCount(after.zeros)} zeros of ${formatCount(after.count)}`;
  return [
    ...layOut(columns, rows, terminal).lines,
    '',
    line('pruned', document.pruned),
    line('prunable', document.prunable),
    line('total', document.total),
    ...document.notes.map(note => `note: ${printable(note)}`),
    `Written and checked: ${document.files.map(printable).join(', ')} (${printable(document.format)})`,
    '',
  ].join('\n');
}

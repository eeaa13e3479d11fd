/** What `inspect --json` prints of a file. Its fields are a contract: scripts read them. */
import type { LayerKind, TensorRole } from '../../shared/inspection';
import { totalsOf, type Total } from '../../shared/totals';
import type { Inspected, InspectedTensor } from './inspectRead';

export interface TensorDocument {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** Of the finite values, as are those below; null where the values cannot be read. */
  readonly zeros: number | null;
  readonly sparsity: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly std: number | null;
  readonly prunable: boolean;
  /** Only `weight` and `buffer` enter totals. */
  readonly role: TensorRole;
  readonly kind: LayerKind | null;
  /** Left out where there are none. */
  readonly nans?: number;
  readonly infinities?: number;
  /** The earlier tensor that is the very same memory: this one is in no total. */
  readonly tiedTo?: string;
  /** Why the values cannot be read. */
  readonly error?: string;
}

export interface TotalDocument {
  readonly count: number;
  readonly zeros: number;
  readonly sparsity: number;
  /** Tensors that could not be read and are not counted; left out where there are none. */
  readonly unreadable?: number;
}

export interface FileDocument {
  readonly file: string;
  readonly format: string;
  readonly bytes: number;
  readonly tensors: readonly TensorDocument[];
  /** Weights and buffers, tied memory once. */
  readonly total: TotalDocument;
  /** Of those, what pruning may touch. */
  readonly prunable: TotalDocument;
  readonly metadata: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

export function documentOf({ summary, tensors }: Inspected): FileDocument {
  const { all, prunable } = totalsOf(summary.tensors, index => tensors[index]!.statistics);
  return {
    file: summary.file,
    format: summary.format,
    bytes: summary.bytes,
    tensors: tensors.map(tensorDocument),
    total: totalDocument(all),
    prunable: totalDocument(prunable),
    metadata: Object.fromEntries(summary.metadata),
    notes: summary.notes,
  };
}

function tensorDocument({ info, statistics, error }: InspectedTensor): TensorDocument {
  const { name, dtype, shape, count, prunable, role, kind, tiedTo } = info;
  return {
    name,
    dtype,
    shape,
    count,
    zeros: statistics?.zeros ?? null,
    sparsity: statistics && shareOf(statistics),
    min: statistics?.minimum ?? null,
    max: statistics?.maximum ?? null,
    mean: statistics?.mean ?? null,
    std: statistics?.std ?? null,
    prunable,
    role,
    kind,
    ...(statistics && statistics.nans > 0 && { nans: statistics.nans }),
    ...(statistics && statistics.infinities > 0 && { infinities: statistics.infinities }),
    ...(tiedTo !== null && { tiedTo }),
    ...(error !== null && { error }),
  };
}

/** zeros / count; 0 of no values at all. */
export function shareOf({ zeros, count }: { readonly zeros: number; readonly count: number }): number {
  return count > 0 ? zeros / count : 0;
}

function totalDocument({ count, zeros, sparsity, missing }: Total): TotalDocument {
  return { count, zeros, sparsity, ...(missing > 0 && { unreadable: missing }) };
}

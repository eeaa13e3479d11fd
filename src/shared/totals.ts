/** Sums over the tensors of a checkpoint: what the inspector's summary, its groups and `inspect --json` show. */
import type { LayerKind, TensorInfo, TensorStatistics } from './inspection';

export interface Total {
  /** Weights, NaN and infinite ones too. */
  readonly count: number;
  readonly zeros: number;
  /** zeros / count; 0 of nothing is 0. */
  readonly sparsity: number;
  /** Tensors that were added up, and those left out because they could not be read or have not been yet. */
  readonly tensors: number;
  readonly missing: number;
}

/** Statistics of a tensor by its place in the list; null: not there (yet), or not readable. */
export type StatisticsOf = (index: number) => TensorStatistics | null;

/** What a checkpoint's network consists of: optimiser state and other baggage is no part of it, and tied memory counts once. */
export function countsInTotals(tensor: TensorInfo): boolean {
  return (tensor.role === 'weight' || tensor.role === 'buffer') && tensor.tiedTo === null;
}

/** @param include which tensors to add up, of those that count in totals */
export function totalOf(
  tensors: readonly TensorInfo[],
  statistics: StatisticsOf,
  include: (tensor: TensorInfo) => boolean = () => true,
): Total {
  const sum = new Sum();
  tensors.forEach((tensor, index) => {
    if (countsInTotals(tensor) && include(tensor)) sum.add(statistics(index));
  });
  return sum.total();
}

export interface CheckpointTotals {
  /** Weights and buffers. */
  readonly all: Total;
  /** Of those, what pruning may touch. */
  readonly prunable: Total;
}

export function totalsOf(tensors: readonly TensorInfo[], statistics: StatisticsOf): CheckpointTotals {
  return {
    all: totalOf(tensors, statistics),
    prunable: totalOf(tensors, statistics, tensor => tensor.prunable),
  };
}

/** A part of the network by its name's path: `layer1`, in it `layer1.0`, and so on. */
export interface ModuleGroup {
  /** Whole path; '' for the root. */
  readonly path: string;
  readonly modules: readonly ModuleGroup[];
  /** Indices of the tensors that lie directly in it, in the order of the file. */
  readonly tensors: readonly number[];
}

/** Deeper names end in one group: no network nests so far, and a hostile name must not overflow the stack. */
const deepestModule = 64;

/** Groups tensors by the parts of their names: those end at `.` (PyTorch) or `/` (Keras, TensorFlow, ONNX). */
export function groupByModule(tensors: readonly TensorInfo[]): ModuleGroup {
  const root = new Group('');
  tensors.forEach((tensor, index) => {
    let group = root;
    const separator = /[./]/g;
    for (let depth = 0; depth < deepestModule; depth++) {
      const end = separator.exec(tensor.name)?.index;
      if (end === undefined) break;
      if (end > 0) group = group.child(tensor.name.slice(0, end));
    }
    group.tensors.push(index);
  });
  return root.finished();
}

class Group {
  readonly tensors: number[] = [];
  private readonly children = new Map<string, Group>();

  constructor(private readonly path: string) {}

  child(path: string): Group {
    let child = this.children.get(path);
    if (!child) this.children.set(path, (child = new Group(path)));
    return child;
  }

  finished(): ModuleGroup {
    return {
      path: this.path,
      modules: [...this.children.values()].map(child => child.finished()),
      tensors: this.tensors,
    };
  }
}

/** Tensors of a group and all groups in it. */
export function tensorsIn(group: ModuleGroup): number[] {
  return [...group.tensors, ...group.modules.flatMap(tensorsIn)];
}

/** Parts of a transformer and the share of their weights that pruning is advised to remove (guideline of the project's seed). */
export const sparsityGuidelines = {
  embedding: { least: 0.2, most: 0.3 },
  attention: { least: 0.5, most: 0.6 },
  'feed-forward': { least: 0.7, most: 0.8 },
  head: { least: 0.2, most: 0.3 },
} as const satisfies Partial<Record<LayerKind, { least: number; most: number }>>;

export type GuidedKind = keyof typeof sparsityGuidelines;

export interface KindTotal {
  readonly kind: GuidedKind;
  readonly total: Total;
  readonly guideline: { readonly least: number; readonly most: number };
}

/**
 * Prunable weights by their part in a transformer, for the parts that the checkpoint has; empty where it has no
 * attention: the guideline is about transformers.
 */
export function totalsByKind(tensors: readonly TensorInfo[], statistics: StatisticsOf): KindTotal[] {
  if (!tensors.some(tensor => tensor.kind === 'attention' && tensor.prunable)) return [];
  const kinds = Object.keys(sparsityGuidelines) as GuidedKind[];
  return kinds
    .map(kind => ({
      kind,
      total: totalOf(tensors, statistics, tensor => tensor.prunable && tensor.kind === kind),
      guideline: sparsityGuidelines[kind],
    }))
    .filter(({ total }) => total.tensors + total.missing > 0);
}

/** Weights by the type they are stored in, most bytes first. Tied memory counts once. */
export function dtypeMix(tensors: readonly TensorInfo[]): { dtype: string; count: number; bytes: number }[] {
  const mix = new Map<string, { dtype: string; count: number; bytes: number }>();
  for (const tensor of tensors.filter(countsInTotals)) {
    const entry = mix.get(tensor.dtype) ?? { dtype: tensor.dtype, count: 0, bytes: 0 };
    entry.count += tensor.count;
    entry.bytes += tensor.bytes;
    mix.set(tensor.dtype, entry);
  }
  return [...mix.values()].sort((a, b) => b.bytes - a.bytes);
}

class Sum {
  private count = 0;
  private zeros = 0;
  private tensors = 0;
  private missing = 0;

  add(statistics: TensorStatistics | null): void {
    if (!statistics) {
      this.missing++;
      return;
    }
    this.tensors++;
    this.count += statistics.count;
    this.zeros += statistics.zeros;
  }

  total(): Total {
    const { count, zeros, tensors, missing } = this;
    return { count, zeros, sparsity: count > 0 ? zeros / count : 0, tensors, missing };
  }
}

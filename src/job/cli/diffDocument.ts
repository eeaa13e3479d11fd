/** What `diff --json` prints. */
import type { Checkpoint } from '../../checkpoints/checkpoint';
import type { TensorComparison } from '../../shared/comparison';
import type { TensorInfo } from '../../shared/inspection';
import { sumComparisons } from '../../sparsity/compare';
import type { Match } from '../../sparsity/pairing';
import type { Compared, ComparedPair } from './diffRead';

interface TensorSide {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export type PairDocument = {
  /** Of the left file. */
  readonly name: string;
  /** Left out where it is the same. */
  readonly rightName?: string;
  /** "prefix": but for a wrapper's prefix; "shape": names say nothing, and no other tensor has this shape. */
  readonly matchedBy: Match['by'];
  readonly shape: readonly number[];
  readonly prunable: boolean;
} & (TensorComparison | { readonly error: string });

export interface DiffDocument {
  readonly left: { readonly file: string; readonly format: string };
  readonly right: { readonly file: string; readonly format: string };
  /** The same structure, and equal values in all. */
  readonly identical: boolean;
  readonly structure: {
    readonly onlyLeft: readonly TensorSide[];
    readonly onlyRight: readonly TensorSide[];
    /** Of another shape or type. */
    readonly changed: readonly { readonly left: TensorSide; readonly right: TensorSide }[];
  };
  readonly tensors: readonly PairDocument[];
  /** Over all that could be compared, and over the prunable among them; null where there are none. */
  readonly total: TensorComparison | null;
  readonly prunable: TensorComparison | null;
  readonly notes: readonly string[];
}

interface Side {
  readonly file: string;
  readonly checkpoint: Pick<Checkpoint, 'format' | 'tensors' | 'notes'>;
}

export function diffDocumentOf(left: Side, right: Side, { matching, pairs }: Compared): DiffDocument {
  const a = (index: number): TensorInfo => left.checkpoint.tensors[index]!;
  const b = (index: number): TensorInfo => right.checkpoint.tensors[index]!;
  const retyped = matching.pairs.filter(match => {
    const readable = a(match.left).error === null && b(match.right).error === null;
    return readable && (a(match.left).dtype !== b(match.right).dtype || match.axes !== null);
  });
  const changed = [...matching.reshaped, ...retyped].sort((one, other) => one.left - other.left);
  const structure = {
    onlyLeft: matching.onlyLeft.map(index => sideOf(a(index))),
    onlyRight: matching.onlyRight.map(index => sideOf(b(index))),
    changed: changed.map(match => ({ left: sideOf(a(match.left)), right: sideOf(b(match.right)) })),
  };
  const compared = (include: (tensor: TensorInfo) => boolean): TensorComparison | null => {
    const parts = pairs.flatMap(({ match, comparison }) => (comparison && include(a(match.left)) ? [comparison] : []));
    return parts.length > 0 ? sumComparisons(parts) : null;
  };
  return {
    left: { file: left.file, format: left.checkpoint.format },
    right: { file: right.file, format: right.checkpoint.format },
    identical:
      Object.values(structure).every(list => list.length === 0) &&
      pairs.every(({ comparison }) => comparison?.different === 0),
    structure,
    tensors: pairs.map(pair => pairDocument(pair, a(pair.match.left), b(pair.match.right))),
    total: compared(() => true),
    prunable: compared(({ prunable }) => prunable),
    notes: [
      ...matchNotes(matching.pairs, matching.onlyLeft.length + matching.onlyRight.length),
      ...left.checkpoint.notes.map(note => `${left.file}: ${note}`),
      ...right.checkpoint.notes.map(note => `${right.file}: ${note}`),
    ],
  };
}

function sideOf({ name, dtype, shape }: TensorInfo): TensorSide {
  return { name, dtype, shape };
}

function pairDocument({ match, comparison, error }: ComparedPair, left: TensorInfo, right: TensorInfo): PairDocument {
  return {
    name: left.name,
    ...(right.name !== left.name && { rightName: right.name }),
    matchedBy: match.by,
    shape: left.shape,
    prunable: left.prunable,
    ...(comparison ?? { error: error ?? 'not compared' }),
  };
}

function matchNotes(pairs: readonly Match[], unmatched: number): string[] {
  const byShape = pairs.filter(({ by }) => by === 'shape').length;
  if (byShape === 0) return [];
  return [
    `The names of the two have nothing in common: ${byShape} tensors are matched because each has a shape of its own` +
      (unmatched > 0 ? `, and ${unmatched} stay unmatched because their shapes leave it open` : ''),
    'Kernels are compared with their axes in one order. A dense layer behind a flattened image takes its inputs in another ' +
      'order in Keras than in PyTorch; that is not undone.',
  ];
}

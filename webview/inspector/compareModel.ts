/** Two files compared: the pairs as they arrive, what is known of each, totals and words. Pure. */
import { formatBytes, formatCount, formatNumber, formatShare, plural } from '../../src/shared/format';
import type { TensorComparison, UnpairedTensor } from '../../src/shared/comparison';
import type { TensorInfo } from '../../src/shared/inspection';
import type { ComparisonResult } from '../../src/shared/inspectorMessages';
import type { ComparedTensors } from '../../src/shared/inspectorView';
import { formatShape } from '../../src/shared/tensorExport';
import type { Fact } from './summaryModel';

export class PairStore {
  readonly pairs: ComparedTensors[] = [];
  /** The tensors of the left file under the names of their pairs: what the table is made of. */
  readonly items: TensorInfo[] = [];
  unpaired: readonly UnpairedTensor[] = [];
  private readonly results: (ComparisonResult | undefined)[] = [];
  private known = 0;

  add(first: number, pairs: readonly ComparedTensors[]): void {
    if (first !== this.pairs.length) return;
    for (const pair of pairs) {
      this.pairs.push(pair);
      this.items.push({ ...pair.left, name: pair.name });
    }
  }

  setResult(index: number, result: ComparisonResult): void {
    if (index >= this.pairs.length) return;
    if (!this.results[index]) this.known++;
    this.results[index] = result;
  }

  comparison(index: number): TensorComparison | null {
    const result = this.results[index];
    return result?.ok === true ? result.comparison : null;
  }

  error(index: number): string | null {
    const result = this.results[index];
    return result?.ok === false ? result.error : null;
  }

  isPending(index: number): boolean {
    return this.results[index] === undefined;
  }

  get compared(): number {
    return this.known;
  }
}

export interface MaskTotal {
  readonly count: number;
  readonly both: number;
  readonly onlyLeft: number;
  readonly onlyRight: number;
  readonly signFlips: number;
  readonly different: number;
}

/** Null where nothing is known. */
export function maskTotal(store: PairStore, members: readonly number[]): MaskTotal | null {
  let known = false;
  const total = { count: 0, both: 0, onlyLeft: 0, onlyRight: 0, signFlips: 0, different: 0 };
  for (const index of members) {
    const one = store.comparison(index);
    if (!one) continue;
    known = true;
    total.count += one.count;
    total.both += one.keptInBoth;
    total.onlyLeft += one.onlyLeft;
    total.onlyRight += one.onlyRight;
    total.signFlips += one.signFlips;
    total.different += one.different;
  }
  return known ? total : null;
}

/** ‖left − right‖ / ‖left‖; null where the left side is 0 and the right is not. */
export function relativeDistance({ distance, leftNorm }: TensorComparison): number | null {
  if (distance === 0) return 0;
  return leftNorm > 0 ? distance / leftNorm : null;
}

/** |both| / |either|; null where neither keeps anything. */
export function iouOf({ both, onlyLeft, onlyRight }: MaskTotal): number | null {
  const either = both + onlyLeft + onlyRight;
  return either > 0 ? both / either : null;
}

export function compareFacts(store: PairStore, complete: boolean): readonly Fact[] {
  const prunable = store.items.flatMap((item, index) => (item.prunable ? [index] : []));
  const total = maskTotal(store, prunable);
  const all = maskTotal(
    store,
    store.items.map((_, index) => index),
  );
  const soFar = complete ? '' : ' so far';
  const share = (part: number): string => (total && total.count > 0 ? ` (${formatShare(part / total.count)})` : '');
  const fact = (label: string, value: string, title: string): Fact => ({ label, value, title });
  const facts = [fact('in both', plural(store.pairs.length, 'tensor'), 'Tensors of one name and one shape.')];
  if (store.unpaired.length > 0) {
    facts.push(
      fact(
        'not paired',
        plural(store.unpaired.length, 'tensor'),
        'Tensors that one file lacks, or that have another shape in the other.',
      ),
    );
  }
  if (!total || !all) return facts;
  const iou = iouOf(total);
  return [
    ...facts,
    fact(
      'kept in both',
      formatCount(total.both) + share(total.both) + soFar,
      `Prunable weights that are not 0 in either file, of ${formatCount(total.count)}${soFar}.`,
    ),
    fact(
      'only left',
      formatCount(total.onlyLeft) + share(total.onlyLeft),
      'Prunable weights that only the left file keeps.',
    ),
    fact(
      'only right',
      formatCount(total.onlyRight) + share(total.onlyRight),
      'Prunable weights that only the right file keeps.',
    ),
    fact(
      'mask overlap',
      iou === null ? '–' : iou.toFixed(3),
      'Intersection over union (IoU) of the masks of all prunable weights.',
    ),
    fact('sign flips', formatCount(total.signFlips), 'Prunable weights kept in both, of opposite sign.'),
    fact(
      'differing',
      `${formatCount(all.different)} of ${formatCount(all.count)}`,
      `Values that differ, of all paired tensors${soFar}.`,
    ),
  ];
}

/** "16×3×3×3 only left", "64×10 → 64×100" */
export function unpairedText({ left, right }: UnpairedTensor): string {
  if (left && right) return `${formatShape(left)} → ${formatShape(right)}`;
  return left ? `${formatShape(left)}, only left` : `${formatShape(right ?? [])}, only right`;
}

/** The facts of one pair, beside its heatmap. */
export function pairFacts(pair: ComparedTensors, known: TensorComparison | null): string {
  const { left, right } = pair;
  const dtype = left.dtype === right.dtype ? left.dtype : `${left.dtype} → ${right.dtype}`;
  const parts = [formatShape(left.shape), dtype];
  if (known) {
    const relative = relativeDistance(known);
    parts.push(
      `${formatCount(known.keptInBoth)} kept in both`,
      `${formatCount(known.onlyLeft)} only left`,
      `${formatCount(known.onlyRight)} only right`,
      plural(known.signFlips, 'sign flip'),
      `distance ${formatNumber(known.distance)}${relative === null ? '' : ` (${formatShare(relative)} of ‖left‖)`}`,
    );
    if (known.notFinite > 0) parts.push(`${formatCount(known.notFinite)} not finite, left out of the distance`);
  }
  return parts.join(' · ');
}

/** For a spreadsheet or an issue: one row a pair. */
export function compareCells(store: PairStore, index: number): readonly (string | number | null)[] {
  const { name, left, right } = store.pairs[index]!;
  const known = store.comparison(index);
  return [
    name,
    formatShape(left.shape),
    left.dtype,
    right.dtype,
    known?.keptInBoth ?? null,
    known?.onlyLeft ?? null,
    known?.onlyRight ?? null,
    known?.neither ?? null,
    known?.signFlips ?? null,
    known?.different ?? null,
    known?.distance ?? null,
    known?.maskIou ?? null,
    known?.chanceIou ?? null,
    store.error(index),
  ];
}

export const compareHeads = [
  'tensor',
  'shape',
  'left dtype',
  'right dtype',
  'kept in both',
  'only left',
  'only right',
  'neither',
  'sign flips',
  'different',
  'distance',
  'IoU',
  'IoU by chance',
  'error',
] as const;

/** "1.1 MiB, safetensors" */
export function sideFacts(format: string, bytes: number): string {
  return `${format}, ${formatBytes(bytes)}`;
}

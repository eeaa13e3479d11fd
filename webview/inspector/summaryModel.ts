/** The totals at the top of the inspector. Pure. */
import { formatBytes, formatCount, formatShare, plural } from '../../src/shared/format';
import type { TensorInfo } from '../../src/shared/inspection';
import {
  countsInTotals,
  dtypeMix,
  totalsByKind,
  totalsOf,
  type KindTotal,
  type StatisticsOf,
} from '../../src/shared/totals';

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** What it means, or its digits. */
  readonly title: string;
  /** The answer that people come for: larger, with a bar of this share; null before it is known. */
  readonly lead?: { readonly share: number | null };
}

export interface SummaryModel {
  readonly facts: readonly Fact[];
  readonly kinds: readonly KindTotal[];
  /** Tensors with a number, of those that count. */
  readonly counted: number;
  readonly total: number;
}

/** @param complete whether no more statistics come: until then zeros are "so far" */
export function summaryModel(
  tensors: readonly TensorInfo[],
  statistics: StatisticsOf,
  complete: boolean,
): SummaryModel {
  const network = tensors.filter(countsInTotals);
  const weights = sum(network, tensor => tensor.count);
  const prunable = sum(network, tensor => (tensor.prunable ? tensor.count : 0));
  const bytes = sum(network, tensor => tensor.bytes);
  const totals = totalsOf(tensors, statistics);
  const tied = tensors.filter(tensor => tensor.tiedTo !== null);
  const apart = tensors.filter(tensor => tensor.role === 'optimizer' || tensor.role === 'other');
  const soFar = complete ? '' : ' so far';
  const { all, prunable: ofPrunable } = totals;
  const known = all.tensors > 0;
  const missing = complete && all.missing > 0 ? `; ${plural(all.missing, 'tensor')} could not be counted` : '';
  const facts: Fact[] = [
    {
      label: 'sparsity',
      value: known ? formatShare(ofPrunable.sparsity) : '…',
      title: `Prunable weights that are exactly 0: ${formatCount(ofPrunable.zeros)} of ${formatCount(ofPrunable.count)}${soFar}${missing}. Of all parameters: ${formatShare(all.sparsity)}.`,
      lead: { share: known ? ofPrunable.sparsity : null },
    },
    {
      label: 'parameters',
      value: formatCount(weights),
      title: `Weights and buffers of the network${tied.length > 0 ? '; tied memory counts once' : ''}.`,
    },
    {
      label: 'prunable',
      value: `${formatCount(prunable)}${weights > 0 ? ` (${formatShare(prunable / weights)})` : ''}`,
      title: 'Kernels, embeddings and projections. Biases and normalisation never count as prunable.',
    },
    {
      label: 'zeros',
      value: known ? `${formatCount(ofPrunable.zeros)}${soFar}` : '…',
      title: `Prunable weights that are exactly 0${soFar}${missing}. Of all parameters: ${formatCount(all.zeros)}.`,
    },
    {
      label: 'effective size',
      value:
        complete && known
          ? `${formatBytes(effectiveBytes(tensors, statistics))} of ${formatBytes(bytes)}`
          : `… of ${formatBytes(bytes)}`,
      title: 'Bytes of the weights that are not 0, without the index that a sparse format needs.',
    },
    { label: 'dtypes', value: mixText(tensors), title: 'By bytes.' },
  ];
  if (tied.length > 0) {
    facts.push({
      label: 'tied',
      value: plural(tied.length, 'tensor'),
      title: `They share the memory of an earlier tensor, which counts once:\n${tiedText(tied)}`,
    });
  }
  if (apart.length > 0) {
    facts.push({
      label: 'not counted',
      value: `${plural(apart.length, 'tensor')}, ${formatBytes(sum(apart, tensor => tensor.bytes))}`,
      title: 'Optimiser state and others, which are no part of the network.',
    });
  }
  return { facts, kinds: totalsByKind(tensors, statistics), counted: all.tensors, total: all.tensors + all.missing };
}

const mostTied = 8;

function tiedText(tied: readonly TensorInfo[]): string {
  const lines = tied.slice(0, mostTied).map(({ name, tiedTo }) => `${name} = ${tiedTo ?? ''}`);
  return [...lines, ...(tied.length > mostTied ? [`and ${tied.length - mostTied} more`] : [])].join('\n');
}

function effectiveBytes(tensors: readonly TensorInfo[], statistics: StatisticsOf): number {
  let total = 0;
  tensors.forEach((tensor, index) => {
    if (!countsInTotals(tensor)) return;
    const known = statistics(index);
    const density = known && known.count > 0 ? 1 - known.zeros / known.count : 1;
    total += tensor.bytes * density;
  });
  return total;
}

function mixText(tensors: readonly TensorInfo[]): string {
  const mix = dtypeMix(tensors);
  const shown = mix
    .slice(0, 3)
    .map(({ dtype, bytes }) => (mix.length === 1 ? dtype : `${dtype} ${formatBytes(bytes)}`));
  return shown.join(', ') + (mix.length > 3 ? ` and ${mix.length - 3} more` : '') || '–';
}

/** "58 % · guideline 50 to 60 %", and whether the part lies in it. */
export function guidelineText({ total, guideline }: KindTotal): {
  readonly text: string;
  readonly where: 'below' | 'within' | 'above';
} {
  const where = total.sparsity < guideline.least ? 'below' : total.sparsity > guideline.most ? 'above' : 'within';
  const range = `${(guideline.least * 100).toFixed(0)} to ${(guideline.most * 100).toFixed(0)} %`;
  return { text: `${where} the guideline of ${range}`, where };
}

function sum(tensors: readonly TensorInfo[], of: (tensor: TensorInfo) => number): number {
  return tensors.reduce((total, tensor) => total + of(tensor), 0);
}

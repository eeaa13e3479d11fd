/** Two compared checkpoints for a person at a terminal. */
import type { TensorComparison } from '../../shared/comparison';
import { formatCount, formatNumber, formatShare, plural } from '../../shared/format';
import { formatShape } from '../../shared/tensorExport';
import { layOut, type Cell, type Column } from './columns';
import type { DiffDocument, PairDocument } from './diffDocument';
import { printable, styled, type Terminal } from './terminal';

const columns: readonly Column[] = [
  { title: 'tensor', align: 'left', dropped: 0, minimum: 24 },
  { title: 'shape', align: 'left', dropped: 4 },
  { title: 'kept in both', align: 'right', dropped: 3 },
  { title: 'only A', align: 'right', dropped: 0 },
  { title: 'only B', align: 'right', dropped: 0 },
  { title: 'sign flips', align: 'right', dropped: 2 },
  { title: '‖A−B‖', align: 'right', dropped: 5 },
  { title: 'IoU', align: 'right', dropped: 0 },
  { title: 'by chance', align: 'right', dropped: 1 },
];

export function describeDiff(diff: DiffDocument, terminal: Terminal): string {
  const { left, right, structure, tensors } = diff;
  const same = tensors.filter(tensor => 'different' in tensor && tensor.different === 0);
  const other = tensors.filter(tensor => !('different' in tensor) || tensor.different > 0);
  return [
    `A ${styled(printable(left.file), 'bold', terminal)}: ${printable(left.format)}`,
    `B ${styled(printable(right.file), 'bold', terminal)}: ${printable(right.format)}`,
    '',
    ...(diff.identical ? ['The same tensors with equal values.', ''] : []),
    ...section('only in A', structure.onlyLeft.map(describeSide), terminal),
    ...section('only in B', structure.onlyRight.map(describeSide), terminal),
    ...section(
      'in both, but not alike',
      structure.changed.map(({ left: a, right: b }) => {
        const name = a.name === b.name ? a.name : `${a.name} ↔ ${b.name}`;
        return `${name}: ${formatShape(a.shape)} ${a.dtype} → ${formatShape(b.shape)} ${b.dtype}`;
      }),
      terminal,
    ),
    ...(other.length > 0 ? [...layOut(columns, other.map(row), terminal).lines, ''] : []),
    ...(same.length > 0 && !diff.identical ? [`${plural(same.length, 'tensor')} with equal values`, ''] : []),
    ...(diff.total ? summary('total', diff.total) : ['No tensor could be compared.']),
    ...(diff.prunable ? summary('prunable', diff.prunable) : []),
    ...diff.notes.map(note => `note: ${printable(note)}`),
    ...tensors.flatMap(tensor => ('error' in tensor ? [`note: ${printable(`${tensor.name}: ${tensor.error}`)}`] : [])),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[], terminal: Terminal): string[] {
  if (lines.length === 0) return [];
  return [
    styled(`${title} (${formatCount(lines.length)})`, 'dim', terminal),
    ...lines.map(line => `  ${printable(line)}`),
    '',
  ];
}

function describeSide({ name, shape, dtype }: DiffDocument['structure']['onlyLeft'][number]): string {
  return `${name}  ${formatShape(shape)} ${dtype}`;
}

function row(tensor: PairDocument): Cell[] {
  const name = printable(tensor.rightName === undefined ? tensor.name : `${tensor.name} ↔ ${tensor.rightName}`);
  const start = [{ text: name }, { text: formatShape(tensor.shape) }];
  if ('error' in tensor)
    return [...start, { text: 'unreadable', style: 'red' }, ...Array.from({ length: 6 }, () => ({ text: '' }))];
  const { keptInBoth, onlyLeft, onlyRight, signFlips, distance, maskIou, chanceIou } = tensor;
  return [
    ...start,
    ...[keptInBoth, onlyLeft, onlyRight, signFlips].map(count => ({ text: formatCount(count) })),
    { text: formatNumber(distance) },
    { text: formatIou(maskIou) },
    { text: formatIou(chanceIou) },
  ];
}

function formatIou(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function summary(name: string, comparison: TensorComparison): string[] {
  const { count, keptInBoth, onlyLeft, onlyRight, neither, signFlips, different, distance, leftNorm } = comparison;
  const indent = ' '.repeat(10);
  const relative = leftNorm > 0 ? ` (${formatShare(distance / leftNorm)} of ‖A‖)` : '';
  return [
    `${name.padEnd(8)}  ${formatCount(count)} weights: ${formatCount(keptInBoth)} kept in both, ` +
      `${formatCount(onlyLeft)} only in A, ${formatCount(onlyRight)} only in B, ${formatCount(neither)} in neither`,
    `${indent}${plural(different, 'value')} differ, ${plural(signFlips, 'sign flip')}, distance ${formatNumber(distance)}${relative}`,
    `${indent}overlap of the masks ${formatIou(comparison.maskIou)}, by chance ${formatIou(comparison.chanceIou)}` +
      (comparison.notFinite > 0 ? `; ${formatCount(comparison.notFinite)} NaN or infinite, not in the distance` : ''),
  ];
}

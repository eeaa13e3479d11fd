/** An inspected checkpoint for a person at a terminal. */
import { formatBytes, formatCount, formatNumber, formatShare, plural } from '../../shared/format';
import { formatShape } from '../../shared/tensorExport';
import { countsInTotals, dtypeMix, totalsByKind, totalsOf, type Total } from '../../shared/totals';
import { layOut, type Cell, type Column } from './columns';
import { shareOf } from './inspectDocument';
import type { Inspected, InspectedTensor } from './inspectRead';
import { printable, styled, type Terminal } from './terminal';

const columns: readonly Column[] = [
  { title: 'tensor', align: 'left', dropped: 0, minimum: 24 },
  { title: 'shape', align: 'left', dropped: 2 },
  { title: 'dtype', align: 'left', dropped: 4 },
  { title: '', align: 'left', dropped: 3 },
  { title: 'sparsity', align: 'right', dropped: 0 },
  { title: 'min', align: 'right', dropped: 7 },
  { title: 'max', align: 'right', dropped: 6 },
  { title: 'mean', align: 'right', dropped: 8 },
  { title: 'std', align: 'right', dropped: 5 },
];
/** Names that a note lists at most. */
const namesShown = 12;

export function describeInspected(inspected: Inspected, terminal: Terminal): string {
  const { summary, tensors } = inspected;
  const network = tensors.filter(({ info }) => info.role === 'weight' || info.role === 'buffer');
  const apart = tensors.filter(({ info }) => info.role === 'optimizer' || info.role === 'other');
  const about = `${summary.format}, ${formatBytes(summary.bytes)}, ${plural(tensors.length, 'tensor')}`;
  return [
    `${styled(printable(summary.file), 'bold', terminal)}: ${printable(about)}`,
    '',
    ...table(network, terminal),
    ...(apart.length > 0
      ? ['', `Optimiser state and others, in no total: ${plural(apart.length, 'tensor')}`, ...table(apart, terminal)]
      : []),
    '',
    ...totals(inspected),
    ...notes(inspected).map(note => `note: ${printable(note)}`),
    '',
  ].join('\n');
}

function table(tensors: readonly InspectedTensor[], terminal: Terminal): readonly string[] {
  if (tensors.length === 0) return ['No tensors.'];
  return layOut(columns, tensors.map(row), terminal).lines;
}

function row({ info, statistics, error }: InspectedTensor): Cell[] {
  const name = printable(info.tiedTo === null ? info.name : `${info.name} = ${info.tiedTo}`);
  const start: Cell[] = [
    { text: name, ...(error === null ? {} : { style: 'red' as const }) },
    { text: formatShape(info.shape) },
    { text: printable(info.dtype) },
  ];
  if (!statistics) return [...start, { text: '' }, { text: 'unreadable', style: 'red' }, ...four()];
  const sparsity = shareOf(statistics);
  const wholly = sparsity === 1 && info.prunable;
  return [
    ...start,
    { text: sparsityBar(sparsity), style: wholly ? 'yellow' : 'cyan' },
    { text: formatShare(sparsity), ...(wholly && { style: 'yellow' as const }) },
    ...[statistics.minimum, statistics.maximum, statistics.mean, statistics.std].map(value => ({
      text: value === null ? '–' : formatNumber(value),
    })),
  ];
}

const four = (): Cell[] => Array.from({ length: 4 }, () => ({ text: '' }));

const barCells = 10;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** Ten characters, each in eighths; neither empty nor full before it is. */
export function sparsityBar(fraction: number): string {
  const steps = barCells * 8;
  const filled =
    fraction <= 0 ? 0 : fraction >= 1 ? steps : Math.min(steps - 1, Math.max(1, Math.round(fraction * steps)));
  return `▕${('█'.repeat(Math.floor(filled / 8)) + eighths[filled % 8]!).padEnd(barCells)}▏`;
}

function totals({ summary, tensors }: Inspected): string[] {
  const statisticsOf = (index: number) => tensors[index]!.statistics;
  const { all, prunable } = totalsOf(summary.tensors, statisticsOf);
  const mix = dtypeMix(summary.tensors).map(({ dtype, count }) => `${formatCount(count)} ${printable(dtype)}`);
  return [
    `total     ${sentence(all)}`,
    `prunable  ${sentence(prunable)}`,
    ...(mix.length > 1 ? [`types     ${mix.join(', ')}`] : []),
    ...totalsByKind(summary.tensors, statisticsOf).map(
      ({ kind, total, guideline }) =>
        `${kind.padEnd(8)}  ${sentence(total)}; pruning guideline ${formatShare(guideline.least)} to ${formatShare(guideline.most)}`,
    ),
  ];
}

function sentence({ count, zeros, sparsity, missing }: Total): string {
  const left = missing > 0 ? `; ${plural(missing, 'tensor')} unreadable, not counted` : '';
  return `${formatCount(zeros)} zeros of ${formatCount(count)}: ${formatShare(sparsity)}${left}`;
}

function notes({ summary, tensors }: Inspected): string[] {
  const empty = tensors.filter(
    ({ info, statistics }) =>
      info.prunable &&
      countsInTotals(info) &&
      statistics &&
      statistics.count > 0 &&
      statistics.zeros === statistics.count,
  );
  const tied = tensors.filter(({ info }) => info.tiedTo !== null).length;
  const odd = tensors.filter(({ statistics }) => statistics && statistics.nans + statistics.infinities > 0);
  const values = (count: number, name: string): string[] => (count > 0 ? [`${formatCount(count)} ${name}`] : []);
  return [
    ...(empty.length > 0 ? [`wholly zero: ${names(empty)}`] : []),
    ...(tied > 0 ? [`${plural(tied, 'tensor')} share the memory of an earlier one (=), which counts once`] : []),
    ...odd.slice(0, namesShown).map(({ info, statistics }) => {
      const what = [...values(statistics!.nans, 'NaN'), ...values(statistics!.infinities, 'infinite')].join(' and ');
      return `${info.name} holds ${what} values: left out of min, max, mean and std`;
    }),
    ...(odd.length > namesShown
      ? [`${formatCount(odd.length - namesShown)} more tensors hold NaN or infinite values`]
      : []),
    ...summary.notes,
    ...tensors.flatMap(({ info, error }) => (error === null ? [] : [`${info.name}: ${error}`])),
  ];
}

function names(tensors: readonly InspectedTensor[]): string {
  const shown = tensors.slice(0, namesShown).map(({ info }) => info.name);
  const more = tensors.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${formatCount(more)} more` : '');
}

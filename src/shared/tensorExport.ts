/** Tables of tensors for other programs: CSV and Markdown. The same from the command line and from the editor. */
import { formatCount, formatNumber, formatShare } from './format';
import type { TensorInfo, TensorStatistics } from './inspection';
import { totalsOf, type Total } from './totals';

export interface TensorTable {
  readonly file: string;
  readonly format: string;
  readonly tensors: readonly {
    readonly info: TensorInfo;
    /** null: not readable, or not read yet. */
    readonly statistics: TensorStatistics | null;
    readonly error: string | null;
  }[];
}

const csvColumns = [
  'file',
  'name',
  'dtype',
  'shape',
  'count',
  'zeros',
  'sparsity',
  'min',
  'max',
  'mean',
  'std',
  'role',
  'prunable',
  'tiedTo',
  'error',
] as const;

/** RFC 4180: lines end with CR LF; numbers as they are; what is not known is empty. Shapes as "16x3x3x3". */
export function tensorsAsCsv(tables: readonly TensorTable[]): string {
  const rows = tables.flatMap(({ file, tensors }) =>
    tensors.map(({ info, statistics, error }): readonly (string | number | boolean | null)[] => [
      file,
      info.name,
      info.dtype,
      info.shape.join('x'),
      info.count,
      statistics?.zeros ?? null,
      statistics && sparsityOf(statistics),
      statistics?.minimum ?? null,
      statistics?.maximum ?? null,
      statistics?.mean ?? null,
      statistics?.std ?? null,
      info.role,
      info.prunable,
      info.tiedTo,
      error,
    ]),
  );
  return [csvColumns, ...rows].map(row => `${row.map(csvField).join(',')}\r\n`).join('');
}

export function csvField(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  // a name that a spreadsheet would take for a formula stays text
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A heading, a table and the totals of each file. */
export function tensorsAsMarkdown(tables: readonly TensorTable[]): string {
  return tables.map(markdownOf).join('\n');
}

function markdownOf({ file, format, tensors }: TensorTable): string {
  const infos = tensors.map(({ info }) => info);
  const { all, prunable } = totalsOf(infos, index => tensors[index]!.statistics);
  const apart = tensors.filter(({ info }) => info.role === 'optimizer' || info.role === 'other');
  const network = tensors.filter(({ info }) => info.role === 'weight' || info.role === 'buffer');
  return [
    `### ${escaped(file)} (${escaped(format)})`,
    '',
    ...markdownTable(network),
    '',
    `${sentence('All', all)} ${sentence('Prunable', prunable)}`,
    '',
    ...(apart.length > 0 ? ['Optimiser state and others, in no total:', '', ...markdownTable(apart), ''] : []),
  ].join('\n');
}

function markdownTable(tensors: TensorTable['tensors']): string[] {
  return [
    '| tensor | shape | dtype | sparsity | zeros | min | max | mean | std |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...tensors.map(({ info, statistics, error }) => {
      const name = escaped(info.name) + (info.tiedTo === null ? '' : ` (same memory as ${escaped(info.tiedTo)})`);
      const cells = statistics
        ? [
            formatShare(sparsityOf(statistics)),
            formatCount(statistics.zeros),
            ...[statistics.minimum, statistics.maximum, statistics.mean, statistics.std].map(value =>
              value === null ? '–' : formatNumber(value),
            ),
          ]
        : [escaped(error ?? '–'), '', '', '', '', ''];
      return `| ${[name, formatShape(info.shape), escaped(info.dtype), ...cells].join(' | ')} |`;
    }),
  ];
}

function sentence(name: string, { count, zeros, sparsity, missing }: Total): string {
  const left = missing > 0 ? ` (${formatCount(missing)} unreadable, not counted)` : '';
  return `${name}: ${formatCount(zeros)} zeros of ${formatCount(count)}, ${formatShare(sparsity)}${left}.`;
}

/** [16, 3, 3, 3] → "16×3×3×3"; [] → "scalar" */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}

/** Names come from files: nothing in them ends a cell, a line or the text, or becomes markup. */
export function escaped(text: string): string {
  return text
    .replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
    .replace(/[\\`*_{}[\]<>|~&]/g, character =>
      character === '<' ? '&lt;' : character === '&' ? '&amp;' : `\\${character}`,
    );
}

function sparsityOf({ zeros, count }: TensorStatistics): number {
  return count > 0 ? zeros / count : 0;
}

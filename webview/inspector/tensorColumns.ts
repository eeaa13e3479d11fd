/** The columns of the inspector's table, over the tensors of one file. */
import { formatCount, formatFigure, formatShare, plural } from '../../src/shared/format';
import type { TensorStatistics } from '../../src/shared/inspection';
import { formatShape } from '../../src/shared/tensorExport';
import { totalOf } from '../../src/shared/totals';
import { h, setChildren } from '../ui/dom';
import { icon } from '../ui/icons';
import { fillDead, fillHistogram, fillPending, fillShare, fillText } from './cells';
import type { TableColumn } from './column';
import type { SortValue } from './rowsModel';
import { sparsityOf, type TensorStore } from './tensorStore';

const kindNames: Readonly<Record<string, string>> = { 'feed-forward': 'feed-forward', none: 'not known' };
export const kindName = (kind: string): string => kindNames[kind] ?? kind;

export function tensorColumns(store: TensorStore): readonly TableColumn[] {
  const { statistics } = store;
  /** A column of one number or text of the statistics: a dot before it is there, a dash where there is none. */
  const measured = (
    column: Omit<TableColumn, 'fill' | 'align' | 'numeric' | 'sort'> & {
      readonly value: (known: TensorStatistics) => SortValue;
      readonly show: (cell: HTMLElement, known: TensorStatistics) => void;
      readonly sortable?: boolean;
    },
  ): TableColumn => {
    const { value, show, sortable = true, ...rest } = column;
    return {
      align: 'right',
      numeric: true,
      ...rest,
      ...(sortable && {
        sort: (index: number) => {
          const known = statistics(index);
          return known && value(known);
        },
      }),
      fill: (cell, index) => {
        const known = statistics(index);
        if (known) show(cell, known);
        else if (store.isPending(index)) fillPending(cell);
        else fillText(cell, '–', store.error(index) ?? '');
      },
    };
  };
  const number = (
    id: string,
    label: string,
    title: string,
    of: (known: TensorStatistics) => number | null,
  ): TableColumn =>
    measured({
      id,
      label,
      title,
      width: 78,
      rank: 8,
      value: of,
      show: (cell, known) => {
        const value = of(known);
        fillText(cell, value === null ? '–' : formatFigure(value), value === null ? 'no finite value' : String(value));
      },
    });
  const pattern = (n: number, m: number): TableColumn => {
    const of = (known: TensorStatistics) => known.patterns.find(one => one.n === n && one.m === m);
    return measured({
      id: `${n}:${m}`,
      label: `${n}:${m}`,
      title: `Groups of ${m} neighbours along the inputs that hold at most ${n} weights: what ${n}:${m} sparse kernels need.`,
      width: 68,
      rank: 7,
      value: known => {
        const found = of(known);
        return found && found.groups > 0 ? found.compliant / found.groups : null;
      },
      show: (cell, known) => {
        const found = of(known);
        if (!found || found.groups === 0) fillText(cell, '–', `its inputs are no multiple of ${m}, or not known`);
        else if (found.compliant === found.groups)
          fillText(cell, `${n}:${m} ✓`, `all ${formatCount(found.groups)} groups comply`);
        else {
          const words = `${formatCount(found.compliant)} of ${formatCount(found.groups)} groups comply`;
          fillText(cell, formatShare(found.compliant / found.groups), words);
        }
      },
    });
  };
  return [
    {
      id: 'tensor',
      label: 'tensor',
      title: 'Name in the file.',
      width: 0,
      align: 'left',
      numeric: false,
      rank: 0,
      sort: index => store.tensors[index]!.name,
      sortGroup: members => store.tensors[members[0]!]?.name ?? null,
      fill: (cell, index) => {
        fillName(cell, store, index);
      },
    },
    {
      id: 'shape',
      label: 'shape',
      title: 'Sizes of the axes, slowest first.',
      width: 108,
      align: 'left',
      numeric: false,
      rank: 3,
      sort: index => formatShape(store.tensors[index]!.shape),
      fill: (cell, index) => {
        const { shape, outputAxis, inputAxis } = store.tensors[index]!;
        const axes =
          outputAxis === null || inputAxis === null
            ? ''
            : `; outputs along axis ${outputAxis}, inputs along ${inputAxis}`;
        fillText(cell, formatShape(shape), formatShape(shape) + axes);
      },
      fillGroup: (cell, members) => {
        fillText(cell, plural(members.length, 'tensor'));
      },
    },
    {
      id: 'dtype',
      label: 'dtype',
      title: 'Type of the values in the file.',
      width: 62,
      align: 'left',
      numeric: false,
      rank: 4,
      sort: index => store.tensors[index]!.dtype,
      fill: (cell, index) => {
        fillText(cell, store.tensors[index]!.dtype, store.tensors[index]!.dtype);
      },
    },
    {
      id: 'count',
      label: 'count',
      title: 'Values in the tensor.',
      width: 92,
      align: 'right',
      numeric: true,
      rank: 5,
      sort: index => store.tensors[index]!.count,
      sortGroup: members => members.reduce((sum, index) => sum + store.tensors[index]!.count, 0),
      fill: (cell, index) => {
        fillText(cell, formatCount(store.tensors[index]!.count));
      },
      fillGroup: (cell, members) => {
        fillText(cell, formatCount(members.reduce((sum, index) => sum + store.tensors[index]!.count, 0)));
      },
    },
    {
      ...measured({
        id: 'sparsity',
        label: 'sparsity',
        title:
          'Share of the weights that are exactly 0. Of a module: of its prunable weights, or of all where it has none.',
        width: 146,
        rank: 1,
        value: known => sparsityOf(known),
        show: () => undefined,
      }),
      grows: true,
      align: 'left',
      fill: (cell, index) => {
        const known = statistics(index);
        if (known) {
          const words = `${formatCount(known.zeros)} of ${formatCount(known.count)} are 0`;
          fillShare(cell, sparsityOf(known) ?? 0, words, { bar: store.tensors[index]!.prunable });
        } else if (store.isPending(index)) fillPending(cell);
        else fillText(cell, '–', store.error(index) ?? '');
      },
      sortGroup: members => groupSparsity(store, members)?.sparsity ?? null,
      fillGroup: (cell, members) => {
        const total = groupSparsity(store, members);
        if (!total) fillPending(cell);
        else {
          const waiting = members.some(index => store.isPending(index));
          const words = `${formatCount(total.zeros)} of ${formatCount(total.count)} weights are 0${waiting ? ', so far' : ''}`;
          fillShare(cell, total.sparsity, words, { bar: total.prunable, note: waiting ? ' …' : '' });
        }
      },
    },
    {
      ...measured({
        id: 'histogram',
        label: '|w| histogram',
        title:
          'Weights by the power of two of their magnitude, from 2⁻²⁰ to 2⁴, the same axis in every row; heights are square roots.',
        width: 96,
        rank: 2,
        sortable: false,
        value: () => null,
        show: (cell, known) => {
          fillHistogram(cell, known.histogram);
        },
      }),
      align: 'left',
    },
    number('min', 'min', 'Smallest finite value.', known => known.minimum),
    number('max', 'max', 'Largest finite value.', known => known.maximum),
    number('mean', 'mean', 'Of the finite values, zeros too.', known => known.mean),
    number('std', 'std', 'Standard deviation of the finite values, zeros too (population).', known => known.std),
    measured({
      id: 'deadOut',
      label: 'dead out',
      title: 'Outputs (rows, filters) whose weights are all 0, of all outputs.',
      width: 104,
      rank: 5,
      value: known => deadShare(known.deadOutputs),
      show: (cell, known) => {
        fillDead(cell, known.deadOutputs, 'outputs');
      },
    }),
    measured({
      id: 'deadIn',
      label: 'dead in',
      title: 'Inputs (columns, channels) whose weights are all 0, of all inputs.',
      width: 104,
      rank: 6,
      value: known => deadShare(known.deadInputs),
      show: (cell, known) => {
        fillDead(cell, known.deadInputs, 'inputs');
      },
    }),
    pattern(2, 4),
    pattern(4, 8),
    measured({
      id: 'blocks',
      label: 'blocks',
      title: 'Share of the 4 × 4 blocks (outputs × inputs) that are wholly 0.',
      width: 72,
      rank: 9,
      value: known => blockShare(known),
      show: (cell, known) => {
        const { emptyBlocks } = known;
        if (!emptyBlocks) fillText(cell, '–', 'no matrix of whole 4 × 4 blocks');
        else {
          const words = `${formatCount(emptyBlocks.empty)} of ${formatCount(emptyBlocks.total)} blocks are wholly 0`;
          fillText(cell, formatShare(blockShare(known) ?? 0), words);
        }
      },
    }),
  ];
}

function deadShare(dead: { readonly dead: number; readonly total: number } | null): number | null {
  return dead && dead.total > 0 ? dead.dead / dead.total : null;
}

function blockShare({ emptyBlocks }: TensorStatistics): number | null {
  return emptyBlocks && emptyBlocks.total > 0 ? emptyBlocks.empty / emptyBlocks.total : null;
}

/** Null where nothing of the group is known yet. */
function groupSparsity(
  store: TensorStore,
  members: readonly number[],
): { sparsity: number; zeros: number; count: number; prunable: boolean } | null {
  const infos = members.map(index => store.tensors[index]!);
  const of = (place: number): TensorStatistics | null => store.statistics(members[place]!);
  const prunable = totalOf(infos, of, tensor => tensor.prunable);
  const some = prunable.tensors + prunable.missing > 0;
  const total = some ? prunable : totalOf(infos, of);
  return total.count > 0 ? { ...total, prunable: some } : null;
}

function fillName(cell: HTMLElement, store: TensorStore, index: number): void {
  const tensor = store.tensors[index]!;
  const known = store.statistics(index);
  const error = store.error(index);
  const odd = known && known.nans + known.infinities > 0;
  const marks = [
    tensor.tiedTo !== null &&
      h('span', { class: 'mark', text: '=', title: `the same memory as ${tensor.tiedTo}: counts once` }),
    odd &&
      warning(
        `${plural(known.nans, 'NaN', 'NaN')} and ${plural(known.infinities, 'infinite value')}: left out of min, max, mean and std`,
      ),
    error !== null &&
      h(
        'span',
        { class: 'mark error-mark', title: error },
        icon('error'),
        h('span', { class: 'visually-hidden', text: error }),
      ),
  ];
  setChildren(
    cell,
    h('span', {
      class: tensor.prunable ? 'cell-text name' : 'cell-text name quiet',
      text: tensor.name,
      title: nameTitle(store, index),
    }),
    ...marks,
  );
}

function warning(text: string): HTMLElement {
  return h(
    'span',
    { class: 'mark warning-mark', title: text },
    icon('warning'),
    h('span', { class: 'visually-hidden', text }),
  );
}

function nameTitle(store: TensorStore, index: number): string {
  const { name, role, kind, prunable } = store.tensors[index]!;
  return [name, kind === null ? role : `${role}, ${kindName(kind)}`, prunable ? 'prunable' : 'not prunable'].join('\n');
}

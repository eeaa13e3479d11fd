/** The columns of the comparison's table, over pairs of tensors. */
import { formatCount, formatNumber, formatShare, plural } from '../../src/shared/format';
import type { TensorComparison } from '../../src/shared/comparison';
import { formatShape } from '../../src/shared/tensorExport';
import { h, setChildren } from '../ui/dom';
import { icon } from '../ui/icons';
import { bar, fillPending, fillText } from './cells';
import type { TableColumn } from './column';
import { maskTotal, relativeDistance, type MaskTotal, type PairStore } from './compareModel';

export function compareColumns(store: PairStore): readonly TableColumn[] {
  const known = (index: number): TensorComparison | null => store.comparison(index);
  const measured = (
    column: Pick<TableColumn, 'id' | 'label' | 'title' | 'width' | 'rank'> & Partial<TableColumn>,
    value: (comparison: TensorComparison) => number | null,
    show: (cell: HTMLElement, comparison: TensorComparison, index: number) => void,
  ): TableColumn => ({
    align: 'right',
    numeric: true,
    sort: index => {
      const comparison = known(index);
      return comparison && value(comparison);
    },
    fill: (cell, index) => {
      const comparison = known(index);
      if (comparison) show(cell, comparison, index);
      else if (store.isPending(index)) fillPending(cell);
      else fillText(cell, '–', store.error(index) ?? '');
    },
    ...column,
  });
  const counted = (
    id: string,
    label: string,
    title: string,
    value: (comparison: TensorComparison) => number,
    ofTotal: (total: MaskTotal) => number,
  ): TableColumn =>
    measured(
      {
        id,
        label,
        title,
        width: 92,
        rank: 4,
        sortGroup: members => {
          const total = maskTotal(store, members);
          return total && ofTotal(total);
        },
        fillGroup: (cell, members) => {
          const total = maskTotal(store, members);
          if (total) fillText(cell, formatCount(ofTotal(total)));
          else fillPending(cell);
        },
      },
      value,
      (cell, comparison) => {
        fillText(
          cell,
          formatCount(value(comparison)),
          `${formatShare(value(comparison) / Math.max(1, comparison.count))} of ${formatCount(comparison.count)}`,
        );
      },
    );
  return [
    {
      id: 'tensor',
      label: 'tensor',
      title: 'Name in the left file.',
      width: 0,
      align: 'left',
      numeric: false,
      rank: 0,
      sort: index => store.pairs[index]!.name,
      sortGroup: members => store.pairs[members[0]!]?.name ?? null,
      fill: (cell, index) => {
        const { name, left, right } = store.pairs[index]!;
        const error = store.error(index);
        setChildren(
          cell,
          h('span', {
            class: left.prunable ? 'cell-text name' : 'cell-text name quiet',
            text: name,
            title: right.name === left.name ? name : `${left.name} ↔ ${right.name}`,
          }),
          error !== null &&
            h(
              'span',
              { class: 'mark error-mark', title: error },
              icon('error'),
              h('span', { class: 'visually-hidden', text: error }),
            ),
        );
      },
    },
    {
      id: 'shape',
      label: 'shape',
      title: 'Sizes of the axes.',
      width: 108,
      align: 'left',
      numeric: false,
      rank: 5,
      sort: index => formatShape(store.pairs[index]!.left.shape),
      fill: (cell, index) => {
        fillText(cell, formatShape(store.pairs[index]!.left.shape));
      },
      fillGroup: (cell, members) => {
        fillText(cell, plural(members.length, 'tensor'));
      },
    },
    {
      id: 'dtype',
      label: 'dtype',
      title: 'Type of the values, left and right.',
      width: 84,
      align: 'left',
      numeric: false,
      rank: 6,
      sort: index => store.pairs[index]!.left.dtype,
      fill: (cell, index) => {
        const { left, right } = store.pairs[index]!;
        fillText(cell, left.dtype === right.dtype ? left.dtype : `${left.dtype} → ${right.dtype}`);
      },
    },
    measured(
      {
        id: 'kept',
        label: 'kept',
        title:
          'Share of the weights that is not 0 in either file; the bar goes on with what only left and only right keep.',
        width: 150,
        rank: 1,
        align: 'left',
        grows: true,
        fillGroup: (cell, members) => {
          const total = maskTotal(store, members);
          if (total)
            fillKept(
              cell,
              total,
              members.some(index => store.items[index]!.prunable),
            );
          else fillPending(cell);
        },
      },
      comparison => comparison.keptInBoth / Math.max(1, comparison.count),
      (cell, { count, keptInBoth, onlyLeft, onlyRight, signFlips, different }, index) => {
        const total = { count, both: keptInBoth, onlyLeft, onlyRight, signFlips, different };
        fillKept(cell, total, store.items[index]!.prunable);
      },
    ),
    counted(
      'both',
      'in both',
      'Weights kept in both files.',
      one => one.keptInBoth,
      total => total.both,
    ),
    counted(
      'left',
      'only left',
      'Weights that only the left file keeps.',
      one => one.onlyLeft,
      total => total.onlyLeft,
    ),
    counted(
      'right',
      'only right',
      'Weights that only the right file keeps.',
      one => one.onlyRight,
      total => total.onlyRight,
    ),
    counted(
      'flips',
      'sign flips',
      'Weights kept in both, of opposite sign.',
      one => one.signFlips,
      total => total.signFlips,
    ),
    measured(
      {
        id: 'distance',
        label: 'distance',
        title: '‖left − right‖₂ over ‖left‖₂.',
        width: 92,
        rank: 3,
      },
      relativeDistance,
      (cell, comparison) => {
        const relative = relativeDistance(comparison);
        const title = `‖left − right‖ = ${formatNumber(comparison.distance)}, ‖left‖ = ${formatNumber(comparison.leftNorm)}, ‖right‖ = ${formatNumber(comparison.rightNorm)}`;
        if (comparison.distance === 0 && comparison.different === 0) fillText(cell, 'equal', 'every value is the same');
        else fillText(cell, relative === null ? formatNumber(comparison.distance) : formatShare(relative), title);
      },
    ),
    measured(
      {
        id: 'iou',
        label: 'IoU (chance)',
        title: 'Overlap of the masks, both / either, and what two random masks of these densities would reach.',
        width: 116,
        rank: 2,
      },
      comparison => comparison.maskIou,
      (cell, { maskIou, chanceIou }) => {
        if (maskIou === null) fillText(cell, '–', 'neither side keeps anything');
        else fillText(cell, `${maskIou.toFixed(3)} (${chanceIou === null ? '–' : chanceIou.toFixed(3)})`);
      },
    ),
  ];
}

/** @param prunable what pruning leaves alone has no bar to look at */
function fillKept(cell: HTMLElement, { count, both, onlyLeft, onlyRight }: MaskTotal, prunable: boolean): void {
  const whole = Math.max(1, count);
  const words = `${formatCount(both)} in both, ${formatCount(onlyLeft)} only left, ${formatCount(onlyRight)} only right, of ${formatCount(count)}`;
  setChildren(
    cell,
    prunable
      ? bar([
          { share: both / whole, className: 'part-both' },
          { share: onlyLeft / whole, className: 'part-left' },
          { share: onlyRight / whole, className: 'part-right' },
        ])
      : h('span', { class: 'no-bar' }),
    h('span', {
      class: prunable ? 'cell-text share-text' : 'cell-text share-text quiet',
      text: formatShare(both / whole),
      title: words,
    }),
  );
}

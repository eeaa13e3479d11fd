/** How many examples there are of each class: an uneven set shows. */
import type { DataDescription } from '../../src/shared/describeMessages';
import { formatCount, plural } from '../../src/shared/format';
import { card } from '../ui/card';
import { h } from '../ui/dom';

/** More rows than these say no more. */
const mostRows = 20;

export function classesCard(data: DataDescription): HTMLElement | null {
  const { classCounts, classNames, counted, training, task } = data;
  if (task === 'regression') {
    const names = (classNames ?? []).join(', ');
    return card('classes', 'To predict', [], h('p', { text: names || plural(data.data.classes, 'number') })).element;
  }
  const largest = Math.max(1, ...classCounts);
  const rows = classCounts.slice(0, mostRows).map((count, i) => {
    const fill = h('span', { class: 'bar-fill', style: { width: `${(100 * count) / largest}%` } });
    return h(
      'tr',
      {},
      h('th', { text: classNames?.[i] ?? String(i), attributes: { scope: 'row' } }),
      h('td', { class: 'bar', attributes: { 'aria-hidden': 'true' } }, fill),
      h('td', { class: 'number', text: formatCount(count) }),
    );
  });
  const table = h(
    'table',
    { class: 'classes' },
    h('caption', { class: 'visually-hidden', text: 'Examples of each class' }),
    h('tbody', {}, ...rows),
  );
  const more = classCounts.length - rows.length;
  const remarks = [
    more > 0 ? `and ${plural(more, 'more class', 'more classes')}, ${range(classCounts.slice(mostRows))}` : '',
    counted < training ? `among the first ${formatCount(counted)} examples` : '',
  ].filter(Boolean);
  return card(
    'classes',
    plural(classCounts.length, 'class', 'classes'),
    [],
    table,
    remarks.length > 0 && h('p', { class: 'quiet', text: remarks.join('; ') }),
  ).element;
}

function range(counts: readonly number[]): string {
  const [least, largest] = [Math.min(...counts), Math.max(...counts)];
  return least === largest ? `${formatCount(least)} each` : `${formatCount(least)} to ${formatCount(largest)} each`;
}

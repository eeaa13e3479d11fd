/** A few examples: pictures with their classes, or the first columns of a table. */
import type { DataDescription, DataSample } from '../../src/shared/describeMessages';
import { plural } from '../../src/shared/format';
import { card } from '../ui/card';
import { h } from '../ui/dom';

export function sampleCard({ sample, task }: DataDescription): HTMLElement | null {
  if (!sample) return null;
  return card('sample', 'Sample', [], sample.kind === 'images' ? pictures(sample) : table(sample, task)).element;
}

function pictures({ images }: Extract<DataSample, { kind: 'images' }>): HTMLElement {
  return h(
    'ul',
    { class: 'pictures', attributes: { 'aria-label': plural(images.length, 'example') } },
    ...images.map(({ label, picture }) =>
      h(
        'li',
        {},
        h(
          'figure',
          {},
          h('img', { attributes: { src: picture, alt: `example of ${label}` } }),
          h('figcaption', { text: label, title: label }),
        ),
      ),
    ),
  );
}

function table(
  { columns, rows, columnCount }: Extract<DataSample, { kind: 'table' }>,
  task: DataDescription['task'],
): HTMLElement {
  const more = columnCount - columns.length;
  const target = task === 'regression' ? 'to predict' : 'class';
  return h(
    'div',
    { class: 'table-scroll', attributes: { tabindex: 0, role: 'region', 'aria-label': 'First columns of some lines' } },
    h(
      'table',
      { class: 'rows' },
      h('caption', { class: 'visually-hidden', text: 'Some lines of the table' }),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { text: target, attributes: { scope: 'col' } }),
          ...columns.map(text => h('th', { text, title: text, attributes: { scope: 'col' } })),
          more > 0 &&
            h('th', { class: 'quiet', text: `and ${plural(more, 'more column')}`, attributes: { scope: 'col' } }),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map(({ label, values }) =>
          h(
            'tr',
            {},
            h('th', { text: label, attributes: { scope: 'row' } }),
            ...values.map(text => h('td', { class: 'number', text })),
            more > 0 && h('td', { class: 'quiet', text: '…' }),
          ),
        ),
      ),
    ),
  );
}

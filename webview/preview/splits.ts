/** How many examples are trained on, validated on and tested on. */
import type { DataDescription } from '../../src/shared/describeMessages';
import { formatCount, formatShare } from '../../src/shared/format';
import { card } from '../ui/card';
import { h } from '../ui/dom';

export function splitsCard({ splits, test, exact }: DataDescription): HTMLElement {
  const total = splits.training + splits.validation + splits.test;
  const rows = [
    { kind: 'training', name: 'trained on', count: splits.training, why: '' },
    { kind: 'validation', name: 'validated on', count: splits.validation, why: 'tells when to stop' },
    { kind: 'test', name: 'tested on', count: splits.test, why: test === null ? 'held out' : 'from the files' },
  ];
  const list = h(
    'dl',
    { class: 'splits' },
    ...rows.map(({ kind, name, count, why }) =>
      h(
        'div',
        { class: 'split' },
        h('dt', {}, h('span', { class: `swatch ${kind}`, attributes: { 'aria-hidden': 'true' } }), name),
        h(
          'dd',
          {},
          `${exact ? '' : 'about '}${formatCount(count)}`,
          h('span', { class: 'quiet', text: ` ${[formatShare(count / total), why].filter(Boolean).join(', ')}` }),
        ),
      ),
    ),
  );
  const parts = rows.map(({ kind, count }) =>
    h('span', { class: `part ${kind}`, style: { 'flex-grow': String(count) } }),
  );
  return card(
    'splits',
    'Splits',
    [],
    h('div', { class: 'stack', attributes: { 'aria-hidden': 'true' } }, ...parts),
    list,
  ).element;
}

/** Which classes pay for the sparsity: recall of each, dense and pruned, the one that loses most first. */
import type { ClassificationEvaluation } from '../../src/shared/evaluation';
import { formatAccuracy, formatCount, formatPoints, plural } from '../../src/shared/format';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import type { Report } from '../../src/shared/report';
import { classRows, labelText, type ClassRow } from './evaluationModel';

/** More rows than this help nobody: those between the most that is lost and gained stay out. */
const mostRows = 200;

const columns = [
  { id: 'class', label: 'class', title: 'Number of the class, and its name where the data has one.' },
  { id: 'examples', label: 'examples', title: 'Examples of the class in the test split.' },
  {
    id: 'dense',
    label: 'dense',
    title: 'Recall: of the class’s examples, the share that the dense network finds. Mean over replicates.',
  },
  { id: 'ticket', label: 'ticket', title: 'The same of the pruned network; ± one standard deviation over replicates.' },
  { id: 'change', label: 'Δ, pp', title: 'Recall of the pruned network minus dense, in percentage points.' },
  {
    id: 'precision',
    label: 'precision',
    title: 'Of the examples taken for the class by the pruned network, the share that is of it.',
  },
] as const;

export class Classes {
  private readonly rows = h('tbody');
  private readonly more = h('p', { class: 'quiet hint' });
  private readonly card = card(
    'classes',
    'Classes',
    [],
    h(
      'div',
      { class: 'table-scroll', attributes: { tabindex: 0, role: 'region', 'aria-label': 'Recall of each class' } },
      h(
        'table',
        { class: 'data-table classes-table' },
        h('caption', { class: 'visually-hidden', text: 'Recall of each class, the one that loses most first' }),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...columns.map(({ id, label, title }) =>
              h('th', { class: `col-${id}`, text: label, title, attributes: { scope: 'col' } }),
            ),
          ),
        ),
        this.rows,
      ),
    ),
    this.more,
    h('p', {
      class: 'quiet hint',
      text:
        'Which classes pay for the sparsity: pruning can leave the accuracy as it is and cost a few classes dearly ' +
        '(Hooker et al. 2019). One example of a class with 100 is one point.',
    }),
  );
  readonly element = this.card.element;

  show(
    report: Report,
    dense: readonly ClassificationEvaluation[],
    ticket: readonly ClassificationEvaluation[],
    level: number,
  ): void {
    const all = classRows(dense, ticket);
    const shown = all.slice(0, mostRows);
    const most = all.reduce((widest, { change }) => Math.max(widest, Math.abs(change)), 0.001);
    const worse = all.filter(({ change }) => change < 0).length;
    setText(
      this.card.aside,
      level === 0 ? '' : `${formatCount(worse)} of ${plural(all.length, 'class', 'classes')} lose`,
    );
    setChildren(this.rows, ...shown.map(row => rowElement(row, labelText(report, row.label), most)));
    setText(
      this.more,
      shown.length < all.length ? `The ${formatCount(mostRows)} that lose most, of ${formatCount(all.length)}.` : '',
    );
  }
}

function rowElement(
  { support, dense, ticket, ticketPrecision, change, spread }: ClassRow,
  name: string,
  most: number,
): HTMLElement {
  const recall = (value: number | null): string => (value === null ? '–' : formatAccuracy(value));
  const [mean, unit] = ticket === null ? ['–', ''] : [(ticket * 100).toFixed(2), ' %'];
  const deviation = spread !== null && h('span', { class: 'deviation', text: ` ± ${(spread * 100).toFixed(2)}` });
  const sign = Math.abs(change) < 0.00005 ? 0 : Math.sign(change);
  const bar = h('span', {
    class: 'change-bar',
    attributes: { 'data-sign': sign, 'aria-hidden': 'true' },
    style: { width: `${(Math.abs(change) / most) * 28}%` },
  });
  return h(
    'tr',
    {},
    h('th', { text: name, title: name, attributes: { scope: 'row' } }),
    h('td', { class: 'col-examples', text: formatCount(support) }),
    h('td', { text: recall(dense) }),
    h('td', {}, mean, deviation, unit),
    h(
      'td',
      { class: 'change', attributes: { 'data-sign': sign } },
      bar,
      h('span', { text: dense === null || ticket === null ? '–' : formatPoints(change) }),
    ),
    h('td', { class: 'col-precision', text: recall(ticketPrecision) }),
  );
}

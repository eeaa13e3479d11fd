/** Totals of the file, parts of a transformer against the guideline, and what the reader of the file had to say. */
import { formatCount, formatShare } from '../../src/shared/format';
import type { OpenedFile } from '../../src/shared/inspectorView';
import { h, setChildren } from '../ui/dom';
import { icon } from '../ui/icons';
import { bar } from './cells';
import { guidelineText, type Fact, type SummaryModel } from './summaryModel';
import { kindName } from './tensorColumns';

export class Summary {
  private readonly facts = h('dl', { class: 'totals' });
  private readonly kinds = h('div', { class: 'kinds' });
  private readonly about = h('div', { class: 'about' });
  readonly element = h(
    'section',
    { class: 'summary', attributes: { 'aria-label': 'Summary' } },
    this.facts,
    this.kinds,
    this.about,
  );

  show(model: SummaryModel): void {
    setChildren(this.facts, ...model.facts.map(factElement));
    this.kinds.hidden = model.kinds.length === 0;
    setChildren(
      this.kinds,
      ...model.kinds.map(one => {
        const { text, where } = guidelineText(one);
        const { least, most } = one.guideline;
        const known = one.total.tensors > 0;
        return h(
          'div',
          {
            class: 'kind',
            title: `${kindName(one.kind)}: ${formatCount(one.total.zeros)} of ${formatCount(one.total.count)} prunable weights are 0. Guideline for transformers: ${text.replace(/^\w+ the guideline of /, '')}.`,
          },
          h('span', { class: 'kind-name', text: kindName(one.kind) }),
          h(
            'span',
            { class: 'guided' },
            bar([{ share: known ? one.total.sparsity : 0, className: 'part-zeros' }]),
            h('span', {
              class: 'guide',
              style: { left: `${least * 100}%`, width: `${(most - least) * 100}%` },
              attributes: { 'aria-hidden': 'true' },
            }),
          ),
          h('span', { class: 'kind-share', text: known ? formatShare(one.total.sparsity) : '…' }),
          h('span', { class: 'quiet kind-note', text: known ? text : '', attributes: { 'data-where': where } }),
        );
      }),
    );
  }

  /** Metadata and notes, folded away: they can be long. */
  showAbout({ notes, metadata }: OpenedFile): void {
    setChildren(
      this.about,
      ...(notes.length > 0
        ? [h('ul', { class: 'notes' }, ...notes.slice(0, 3).map(note), notes.length > 3 && more(notes.slice(3)))]
        : []),
      metadata.length > 0 &&
        h(
          'details',
          { class: 'metadata' },
          h('summary', { text: `metadata (${formatCount(metadata.length)})` }),
          h(
            'dl',
            {},
            ...metadata
              .slice(0, mostShown)
              .map(([key, value]) => h('div', {}, h('dt', { text: key }), h('dd', { text: cut(value) }))),
          ),
        ),
    );
  }
}

export function factElement({ label, value, title, lead }: Fact): HTMLElement {
  return h(
    'div',
    { class: lead ? 'total lead' : 'total', title },
    h('dt', { text: label }),
    h('dd', { text: value }),
    lead && bar([{ share: lead.share ?? 0, className: 'part-zeros' }]),
  );
}

const mostShown = 200;
const mostCharacters = 2_000;

function cut(text: string): string {
  return text.length > mostCharacters
    ? `${text.slice(0, mostCharacters)} … (${formatCount(text.length)} characters)`
    : text;
}

function note(text: string): HTMLElement {
  return h('li', { class: 'note' }, icon('warning'), h('span', { text }));
}

function more(notes: readonly string[]): HTMLElement {
  return h(
    'li',
    {},
    h(
      'details',
      {},
      h('summary', { text: `${formatCount(notes.length)} more notes` }),
      h('ul', {}, ...notes.slice(0, mostShown).map(note)),
    ),
  );
}

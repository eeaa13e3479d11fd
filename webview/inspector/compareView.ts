/** The page while it shows two files side by side. */
import type { UnpairedTensor } from '../../src/shared/comparison';
import { formatCount } from '../../src/shared/format';
import type { ComparisonResult } from '../../src/shared/inspectorMessages';
import { mostVisible, type ComparedTensors, type CopyFormat, type OpenedFile } from '../../src/shared/inspectorView';
import { h, setChildren } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { compareColumns } from './compareColumns';
import { compareFacts, PairStore, sideFacts, unpairedText } from './compareModel';
import { compareText } from './compareText';
import { countingText } from './fileHeader';
import type { ViewServices } from './inspectView';
import { ListView } from './listView';
import { factElement } from './summary';
import { PairDetail } from './pairDetail';

const totalsMilliseconds = 200;
/** Of what has no like on the other side; more are counted. */
const mostUnpaired = 500;

export class CompareView {
  private readonly store = new PairStore();
  private readonly list: ListView;
  private readonly totals = h('dl', { class: 'totals' });
  private readonly unpaired = h('div', { class: 'about' });
  readonly element: HTMLElement;
  private total = 0;
  private complete = false;
  private timer: number | undefined;

  constructor(
    private readonly left: OpenedFile,
    private readonly right: OpenedFile,
    private readonly services: ViewServices,
  ) {
    const { header, requests, post, view, onChange, theme } = services;
    header.showFacts('');
    this.list = new ListView({
      label: `Tensors of ${left.name} and ${right.name}`,
      noun: 'pair',
      items: this.store.items,
      columns: compareColumns(this.store),
      errorOf: index => this.store.error(index),
      view,
      onChange,
      onVisible: indices => {
        const missing = indices.filter(index => this.store.isPending(index)).slice(0, mostVisible);
        if (missing.length > 0) post({ type: 'visible', tensors: missing });
      },
      detail: (index, close) => new PairDetail(index, this.store, requests, theme(), close),
    });
    this.element = h(
      'main',
      { class: 'content' },
      h(
        'section',
        { class: 'summary', attributes: { 'aria-label': 'Summary' } },
        h('div', { class: 'sides' }, side('left', left), side('right', right)),
        this.totals,
        this.unpaired,
      ),
      this.list.element,
    );
  }

  pairs(first: number, total: number, pairs: readonly ComparedTensors[]): void {
    this.total = total;
    this.store.add(first, pairs);
    if (first === 0 || this.store.pairs.length >= total) this.list.listed();
    if (this.store.pairs.length >= total) this.list.restore();
    this.showTotals();
  }

  setUnpaired(unpaired: readonly UnpairedTensor[]): void {
    this.store.unpaired = unpaired;
    setChildren(
      this.unpaired,
      unpaired.length > 0 &&
        h(
          'details',
          { class: 'metadata' },
          h('summary', { text: `${formatCount(unpaired.length)} without a like on the other side` }),
          h(
            'dl',
            {},
            ...unpaired
              .slice(0, mostUnpaired)
              .map(one => h('div', {}, h('dt', { text: one.name }), h('dd', { text: unpairedText(one) }))),
          ),
        ),
    );
    this.showTotals();
  }

  results(results: readonly { readonly pair: number; readonly result: ComparisonResult }[]): void {
    for (const { pair, result } of results) this.store.setResult(pair, result);
    this.list.refresh();
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.showTotals();
    }, totalsMilliseconds);
  }

  finish(): void {
    this.complete = true;
    if (this.total === 0) this.list.listed();
    this.showTotals();
    this.list.refresh();
    say('All tensors are compared.');
  }

  halt(): void {
    this.services.header.showProgress('', null);
  }

  copy(format: CopyFormat): void {
    const order = this.list.order();
    const text = compareText(this.store, order, format, `${this.left.name} ↔ ${this.right.name}`);
    this.services.post({ type: 'copy', format, text, rows: order.length });
  }

  focusFilter(): void {
    this.list.focusFilter();
  }

  repaint(theme: Theme): void {
    this.list.repaint(theme);
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.list.close();
  }

  private showTotals(): void {
    setChildren(this.totals, ...compareFacts(this.store, this.complete).map(factElement));
    const { header } = this.services;
    if (this.complete) header.showProgress('', null);
    else
      header.showProgress(
        this.total > 0 ? countingText(this.store.compared, this.total, 'pair') : 'pairing',
        this.total > 0 ? this.store.compared / this.total : 0,
      );
  }
}

function side(name: 'left' | 'right', file: OpenedFile): HTMLElement {
  return h(
    'div',
    { class: `side side-${name}`, title: file.place },
    h('span', { class: `swatch part-${name}`, attributes: { 'aria-hidden': 'true' } }),
    h('span', { class: 'side-name', text: `${name}: ${file.place}` }),
    h('span', { class: 'quiet', text: sideFacts(file.format, file.bytes) }),
  );
}

/** The page while it shows one file. */
import type { InspectorViewToHost, OpenedFile } from '../../src/shared/inspectorView';
import type { StatisticsResult } from '../../src/shared/inspectorMessages';
import type { TensorInfo } from '../../src/shared/inspection';
import { tensorsAsCsv, tensorsAsMarkdown, type TensorTable } from '../../src/shared/tensorExport';
import { totalsOf } from '../../src/shared/totals';
import { mostVisible, type CopyFormat } from '../../src/shared/inspectorView';
import { h } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { countingText, factsOf, type FileHeader } from './fileHeader';
import { ListView } from './listView';
import type { Requests } from './requests';
import { Summary } from './summary';
import { summaryModel } from './summaryModel';
import { tensorColumns } from './tensorColumns';
import { TensorDetail } from './tensorDetail';
import { TensorStore } from './tensorStore';
import type { ViewState } from './viewState';

/** Totals over all tensors are made anew so often while numbers arrive. */
const totalsMilliseconds = 200;

export interface ViewServices {
  readonly header: FileHeader;
  readonly requests: Requests;
  readonly post: (message: InspectorViewToHost) => void;
  readonly view: ViewState;
  readonly onChange: (changes: Partial<ViewState>) => void;
  readonly theme: () => Theme;
}

export class InspectView {
  private readonly store = new TensorStore();
  private readonly summary = new Summary();
  private readonly list: ListView;
  readonly element: HTMLElement;
  private complete = false;
  private timer: number | undefined;

  constructor(
    private readonly file: OpenedFile,
    private readonly services: ViewServices,
  ) {
    const { header, requests, post, view, onChange, theme } = services;
    header.showFacts(factsOf(file));
    this.summary.showAbout(file);
    this.list = new ListView({
      label: `Tensors of ${file.name}`,
      noun: 'tensor',
      items: this.store.tensors,
      columns: tensorColumns(this.store),
      errorOf: index => this.store.error(index),
      view,
      onChange,
      onVisible: indices => {
        const missing = indices.filter(index => this.store.isPending(index)).slice(0, mostVisible);
        if (missing.length > 0) post({ type: 'visible', tensors: missing });
      },
      detail: (index, close) => new TensorDetail(index, this.store, requests, theme(), close),
    });
    this.element = h('main', { class: 'content' }, this.summary.element, this.list.element);
  }

  tensors(first: number, tensors: readonly TensorInfo[]): void {
    this.store.add(first, tensors);
    const whole = this.store.tensors.length >= this.file.tensorCount;
    // the first page at once, the rest when all are there: rows of a tree would move
    if (first === 0 || whole) this.list.listed();
    if (whole) this.list.restore();
    if (first === 0 || whole) this.showTotals();
  }

  results(results: readonly { readonly tensor: number; readonly result: StatisticsResult }[]): void {
    for (const { tensor, result } of results) this.store.setResult(tensor, result);
    this.list.refresh();
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.showTotals();
    }, totalsMilliseconds);
  }

  finish(): void {
    this.complete = true;
    // an empty file is listed too
    if (this.file.tensorCount === 0) this.list.listed();
    this.showTotals();
    this.list.refresh();
    const { prunable } = totalsOf(this.store.tensors, this.store.statistics);
    if (prunable.missing === 0) {
      this.services.post({ type: 'counted', prunable: prunable.count, zeros: prunable.zeros });
    }
    say('All tensors are counted.');
  }

  /** The numbers stop here: what is missing stays missing. */
  halt(): void {
    this.services.header.showProgress('', null);
  }

  copy(format: CopyFormat): void {
    const order = this.list.order();
    const table: TensorTable = {
      file: this.file.name,
      format: this.file.format,
      tensors: order.map(index => ({
        info: this.store.tensors[index]!,
        statistics: this.store.statistics(index),
        error: this.store.error(index),
      })),
    };
    const text = format === 'csv' ? tensorsAsCsv([table]) : tensorsAsMarkdown([table]);
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
    const { tensors, statistics, counted } = this.store;
    this.summary.show(summaryModel(tensors, statistics, this.complete));
    const { header } = this.services;
    const total = this.file.tensorCount;
    if (this.complete) header.showProgress('', null);
    else header.showProgress(countingText(counted, total), total > 0 ? counted / total : null);
  }
}

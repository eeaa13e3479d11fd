/** A card with a line chart and all that belongs to one: legend with readings, table, menu. What it draws comes as a model. */
import { card, type Card } from '../ui/card';
import { h, setText, type Child } from '../ui/dom';
import { readTheme } from '../ui/theme';
import { checkbox } from '../ui/toolkit';
import { chartMenu } from './chartMenu';
import { DataTable } from './dataTable';
import { plotCsv } from './export/csv';
import { plotSvg } from './export/plotSvg';
import { Legend, type LegendItem } from './legend';
import type { PlotModel, TableModel } from './model';
import { Plot } from './plot';

export interface ChartCardOptions {
  /** For the style sheet. */
  readonly name: string;
  readonly title: string;
  /** What to know to read it; a line under the chart. */
  readonly hint?: string;
  readonly controls?: readonly Child[];
}

export interface ChartContent {
  /** Of files and for screen readers: names the experiment too. */
  readonly title: string;
  /** Without the series that are hidden. */
  readonly model: (hidden: ReadonlySet<string>) => PlotModel;
  readonly table: TableModel;
  /** The stop whose readings are shown while none is pointed at; null where there is none. */
  readonly resting: number | null;
  /** Readings at a stop. */
  readonly legend: (stop: number | null) => readonly LegendItem[];
  /** One stop in words; with the id of a series, of that one only. */
  readonly describe: (stop: number, series?: string) => string;
  /** Beside the title. */
  readonly aside: (stop: number | null) => string;
}

export class ChartCard {
  private readonly plot: Plot;
  private readonly legend: Legend;
  private readonly table = new DataTable();
  private readonly card: Card;
  private content: ChartContent | null = null;
  private model: PlotModel | null = null;
  private hidden: ReadonlySet<string> = new Set();
  private asTable = false;
  private hovered: number | null = null;
  private pinned: number | null = null;

  constructor({ name, title, hint, controls = [] }: ChartCardOptions) {
    this.plot = new Plot({
      label: title,
      onHover: stop => {
        this.hovered = stop;
        this.showCursor();
      },
      onPick: stop => {
        this.pinned = this.pinned === stop ? null : stop;
        this.showCursor();
      },
      onEmphasis: series => {
        this.legend.setEmphasis(series);
      },
      describe: (stop, series) => this.content?.describe(stop, series?.id) ?? '',
    });
    this.legend = new Legend(
      series => {
        this.toggle(series);
      },
      series => {
        this.plot.setEmphasis(series);
      },
    );
    const toggle = checkbox('Show as table', false, asTable => {
      this.asTable = asTable;
      this.draw();
    });
    const menu = chartMenu({
      title: () => this.content?.title ?? title,
      svg: text => this.model && plotSvg(this.model, readTheme(), text),
      csv: () => this.model && plotCsv(this.model),
    });
    this.card = card(
      name,
      title,
      [...controls, toggle, menu],
      this.legend.element,
      h('div', { class: 'chart-box' }, this.plot.element, this.table.element),
      hint !== undefined && h('p', { class: 'quiet hint', text: hint }),
    );
    this.draw();
  }

  get element(): HTMLElement {
    return this.card.element;
  }

  show(content: ChartContent): void {
    this.content = content;
    this.plot.setLabel(content.title);
    this.draw();
  }

  setTitle(title: string): void {
    this.card.setTitle(title);
  }

  themeChanged(): void {
    this.plot.themeChanged();
  }

  private toggle(series: string): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(series)) hidden.add(series);
    this.hidden = hidden;
    this.draw();
  }

  private draw(): void {
    this.plot.element.hidden = this.asTable;
    this.table.element.hidden = !this.asTable;
    if (!this.content) return;
    this.model = this.content.model(this.hidden);
    const { stops } = this.model;
    const isThere = (stop: number | null): boolean => stops.some(({ id }) => id === stop);
    if (!isThere(this.hovered)) this.hovered = null;
    if (!isThere(this.pinned)) this.pinned = null;
    if (this.asTable) this.table.show(this.content.table);
    else this.plot.show(this.model, { hovered: this.hovered, pinned: this.pinned });
    this.showCursor();
  }

  private showCursor(): void {
    if (!this.content) return;
    const stop = this.hovered ?? this.pinned ?? this.content.resting;
    setText(this.card.aside, this.content.aside(stop));
    this.legend.show(this.content.legend(stop), this.hidden);
    this.plot.setCursor({ hovered: this.hovered, pinned: this.pinned });
  }
}

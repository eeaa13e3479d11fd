/** Accuracy, or R², against weights remaining, for every method, with the dense network as a band. */
import { capitalised } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { Report } from '../../src/shared/report';
import { DataTable } from '../charts/dataTable';
import { Legend, type LegendItem } from '../charts/legend';
import type { PlotModel } from '../charts/model';
import { Plot } from '../charts/plot';
import type { Range } from '../charts/scales';
import { plotCsv } from '../charts/export/csv';
import { plotSvg } from '../charts/export/plotSvg';
import { chartMenu } from '../charts/chartMenu';
import { styles } from '../charts/styles';
import { card, type Card } from '../ui/card';
import { h, setText } from '../ui/dom';
import { readTheme } from '../ui/theme';
import { checkbox } from '../ui/toolkit';
import type { LevelCursor } from './cursor';
import { densePoint, describeLevel, levelLabel, overviewModel, overviewTable } from './overviewModel';
import { methodsOf, placeOf, pointAt } from './places';

export interface OverviewOptions {
  readonly cursor: LevelCursor;
  readonly asTable: boolean;
  readonly onToggle: (id: string) => void;
  readonly onAsTable: (asTable: boolean) => void;
}

export class Overview {
  private readonly legend: Legend;
  private readonly plot: Plot;
  private readonly table = new DataTable();
  private readonly card: Card;
  private report: Report | undefined;
  private hidden: ReadonlySet<string> = new Set();
  private restingLevel = 0;
  private asTable: boolean;
  private range: Range | undefined;
  private model: PlotModel | null = null;
  private title = '';

  constructor(private readonly options: OverviewOptions) {
    const { cursor } = options;
    this.asTable = options.asTable;
    this.legend = new Legend(options.onToggle, series => {
      this.plot.setEmphasis(series);
    });
    this.plot = new Plot({
      label: 'Test accuracy against weights remaining',
      onHover: cursor.hover,
      onPick: cursor.pick,
      onEmphasis: series => {
        this.legend.setEmphasis(series);
      },
      describe: (level, series) => (this.report ? describeLevel(this.report, level, series?.id) : ''),
    });
    const toggle = checkbox('Show as table', options.asTable, asTable => {
      this.asTable = asTable;
      options.onAsTable(asTable);
      this.showForm();
    });
    const menu = chartMenu({
      title: () => this.title,
      svg: title => this.model && plotSvg(this.model, readTheme(), title),
      csv: () => this.model && plotCsv(this.model),
    });
    this.card = card(
      'overview',
      'Test accuracy against weights remaining',
      [toggle, menu],
      this.legend.element,
      h('div', { class: 'chart-box' }, this.plot.element, this.table.element),
    );
    cursor.onChange(() => {
      this.showCursor();
    });
    this.showForm();
  }

  get element(): HTMLElement {
    return this.card.element;
  }

  /** `restingLevel`: whose values the legend shows while no level is hovered or pinned. */
  show(report: Report, hidden: ReadonlySet<string>, restingLevel: number): void {
    const { name } = qualityOf(report);
    const title = `${capitalised(name)} against weights remaining`;
    this.title = `${report.experiment.name}: ${name} against weights remaining`;
    this.card.setTitle(title);
    this.plot.setLabel(title);
    this.report = report;
    this.hidden = hidden;
    this.restingLevel = restingLevel;
    if (this.asTable) this.table.show(overviewTable(report));
    const { hovered, pinned } = this.options.cursor;
    const model = overviewModel(report, hidden, this.range);
    // with no point yet the range says nothing
    this.range = densePoint(report) && model.y.range;
    this.model = model;
    this.plot.show(model, { hovered, pinned });
    this.showCursor();
  }

  themeChanged(): void {
    this.plot.themeChanged();
  }

  private showForm(): void {
    this.plot.element.hidden = this.asTable;
    this.table.element.hidden = !this.asTable;
    if (this.report) this.show(this.report, this.hidden, this.restingLevel);
  }

  private showCursor(): void {
    const { report, options } = this;
    if (!report) return;
    const level = options.cursor.active ?? this.restingLevel;
    setText(this.card.aside, levelLabel(report, level));
    this.legend.show(legendItems(report, level), this.hidden);
    this.plot.setCursor({ hovered: options.cursor.hovered, pinned: options.cursor.pinned });
  }
}

function legendItems(report: Report, level: number): readonly LegendItem[] {
  const quality = qualityOf(report);
  const { full } = quality.differenceUnit;
  const dense = densePoint(report);
  const place = placeOf(report, level);
  return [
    {
      id: 'dense',
      look: 'dense',
      label: dense && quality.of(dense).values.length > 1 ? 'dense ± σ' : 'dense',
      value: dense ? quality.formatStatistic(quality.of(dense)) : '–',
    },
    ...methodsOf(report).map((method): LegendItem => {
      const point = place && pointAt(report, method, place);
      const difference =
        point && dense && level !== 0 ? quality.formatDifference(quality.of(point).mean - quality.of(dense).mean) : '';
      return {
        id: method,
        look: method,
        label: styles[method].label,
        value: point ? quality.formatStatistic(quality.of(point)) : '–',
        difference,
        title: `${styles[method].explanation} Beside the ${quality.name}: the difference from dense${full === '' ? '' : ` in ${full}`}.`,
      };
    }),
  ];
}

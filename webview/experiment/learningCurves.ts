/** Learning curves: dense, the ticket at one level, and what it is compared with there. */
import { formatCount } from '../../src/shared/format';
import type { Report } from '../../src/shared/report';
import { DataTable } from '../charts/dataTable';
import { Legend } from '../charts/legend';
import { Plot } from '../charts/plot';
import type { PlotModel } from '../charts/model';
import { chartMenu } from '../charts/chartMenu';
import { plotCsv } from '../charts/export/csv';
import { plotSvg } from '../charts/export/plotSvg';
import { styles } from '../charts/styles';
import { card, type Card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { readTheme } from '../ui/theme';
import { checkbox, dropdown } from '../ui/toolkit';
import {
  curveGroups,
  curvesModel,
  curvesTable,
  formatMetricPoint,
  metricLabels,
  metricsOf,
  speedNotes,
  type CurveGroup,
  type Curves,
  type Metric,
} from './curvesModel';
import { levelLabel } from './overviewModel';

export interface LearningCurvesOptions {
  readonly metric: Metric;
  readonly asTable: boolean;
  readonly onMetric: (metric: Metric) => void;
  readonly onToggle: (id: string) => void;
  readonly onAsTable: (asTable: boolean) => void;
  /** Asks the host for curves that are not here yet. */
  readonly need: (runs: readonly string[]) => void;
}

interface Shown {
  readonly report: Report;
  readonly level: number;
  readonly curves: Curves;
  readonly hidden: ReadonlySet<string>;
}

export class LearningCurves {
  private readonly legend: Legend;
  private readonly plot: Plot;
  private readonly table = new DataTable();
  private readonly card: Card;
  private readonly choice = h('div');
  private chosen: Metric;
  private offered = '';
  private asTable: boolean;
  private shown: Shown | undefined;
  private model: PlotModel | null = null;
  /** Quantity and level of the model. */
  private drawn = '';
  private groups: readonly CurveGroup[] = [];
  private step: number | null = null;
  private pinnedStep: number | null = null;

  constructor(private readonly options: LearningCurvesOptions) {
    this.chosen = options.metric;
    this.asTable = options.asTable;
    this.legend = new Legend(options.onToggle, series => {
      this.plot.setEmphasis(series);
    });
    this.plot = new Plot({
      label: 'Learning curves by training step',
      onHover: step => {
        this.step = step;
        this.showCursor();
      },
      onPick: step => {
        this.pinnedStep = this.pinnedStep === step ? null : step;
        this.showCursor();
      },
      onEmphasis: series => {
        this.legend.setEmphasis(series);
      },
      describe: (step, only) => this.describe(step, only?.id),
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
      'curves',
      'Learning curves',
      [this.choice, toggle, menu],
      this.legend.element,
      h('div', { class: 'chart-box' }, this.plot.element, this.table.element),
      h('p', { class: 'quiet hint', text: 'A short stroke marks the early-stop step: the lowest validation loss.' }),
    );
    this.showForm();
  }

  get element(): HTMLElement {
    return this.card.element;
  }

  show(report: Report, level: number, curves: Curves, hidden: ReadonlySet<string>): void {
    this.shown = { report, level, curves, hidden };
    this.refresh();
  }

  themeChanged(): void {
    this.plot.themeChanged();
  }

  private get title(): string {
    const { report, level } = this.shown ?? {};
    return report ? `${report.experiment.name}: ${metricLabels[this.metric]}, ${levelLabel(report, level ?? 0)}` : '';
  }

  /** What was chosen, where the runs of the report have it. */
  private get metric(): Metric {
    const all = metricsOf(this.shown?.report ?? {});
    return all.find(metric => metric === this.chosen) ?? all[0]!;
  }

  private offer(report: Report): void {
    const all = metricsOf(report);
    if (all.join() === this.offered) return;
    this.offered = all.join();
    const choose = dropdown(
      'Quantity',
      all.map(metric => ({ value: metric, label: metricLabels[metric] })),
      this.metric,
      metric => {
        this.chosen = metric;
        this.options.onMetric(metric);
        this.refresh();
      },
    );
    setChildren(this.choice, choose);
  }

  private refresh(): void {
    if (!this.shown) return;
    const { report, level, curves, hidden } = this.shown;
    this.offer(report);
    this.groups = curveGroups(report, level);
    this.options.need(this.groups.flatMap(group => group.runs));
    const drawn = `${this.metric} ${level}`;
    const before = drawn === this.drawn && this.model?.stops.length ? this.model.y.range : undefined;
    this.drawn = drawn;
    this.model = curvesModel(report, this.groups, curves, this.metric, hidden, before);
    if (this.asTable) this.table.show(curvesTable(this.model, this.metric));
    this.plot.show(this.model, { hovered: this.step, pinned: this.pinnedStep });
    this.showCursor();
  }

  private showForm(): void {
    this.plot.element.hidden = this.asTable;
    this.table.element.hidden = !this.asTable;
    this.refresh();
  }

  private showCursor(): void {
    const { shown, model } = this;
    if (!shown || !model) return;
    const step = this.step ?? this.pinnedStep;
    setText(
      this.card.aside,
      [levelLabel(shown.report, shown.level), step === null ? '' : `step ${formatCount(step)}`]
        .filter(Boolean)
        .join(' · '),
    );
    this.legend.show(
      this.groups.map(group => {
        const points = model.series.find(series => series.id === group.id)?.points ?? [];
        const point = step === null ? points.at(-1) : points.find(one => one.x === step);
        return {
          id: group.id,
          look: group.id,
          label: group.label,
          value: point ? formatMetricPoint(point, this.metric) : '–',
          notes: speedNotes(shown.report, group, shown.curves),
          title: `${styles[group.id].explanation} Below: the step of lowest validation loss, and the first step at which it is as good as the dense network at its end.`,
        };
      }),
      shown.hidden,
    );
    this.plot.setCursor({ hovered: this.step, pinned: this.pinnedStep });
  }

  private describe(step: number, only: string | undefined): string {
    const values = (this.model?.series ?? [])
      .filter(series => only === undefined || series.id === only)
      .flatMap(series => {
        const point = series.points.find(one => one.x === step);
        return point ? [`${series.label} ${formatMetricPoint(point, this.metric)}`] : [];
      });
    return `step ${formatCount(step)}: ${values.join('; ') || 'nothing measured'}`;
  }
}

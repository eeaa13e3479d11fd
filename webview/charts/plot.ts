/**
 * A line chart with bands, markers and a cursor that stands at stops: uPlot draws axes and lines, this class adds what
 * it lacks here: method markers, the reference band, the shared cursor, the keyboard and speech.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './plot.css';
import { h, setAttribute, setText } from '../ui/dom';
import { say } from '../ui/live';
import { readTheme, type Theme } from '../ui/theme';
import { drawCursor, drawDiagonal, drawMarkers, drawReference, drawTopTitle, faint } from './drawing';
import { alignedData, nearestStop, type PlotModel, type PlotSeries, type Stop } from './model';
import { nearestSeries } from './nearest';
import { thin } from './scales';
import { styles } from './styles';

export interface PlotOptions {
  /** Name of the chart for screen readers. */
  readonly label: string;
  /** Without axis titles, for little room. */
  readonly compact?: boolean;
  readonly onHover: (stop: number | null) => void;
  readonly onPick: (stop: number) => void;
  /** The series that the pointer or the keyboard is at; null: none in particular. */
  readonly onEmphasis?: (series: string | null) => void;
  /** One stop in words; the series where the keyboard stands, if it stands on one. */
  readonly describe: (stop: number, series: PlotSeries | undefined) => string;
}

/** Ids of stops. */
export interface PlotCursor {
  readonly hovered: number | null;
  readonly pinned: number | null;
}

const rightPadding = 20;
/** What is left of the colour of lines while another one is looked at. */
const fadedShare = 0.22;
/** With more lines their bands would cover each other: only the one that is looked at keeps its band. */
const mostBands = 6;

export class Plot {
  readonly element: HTMLElement;
  private readonly canvasHost = h('div', { class: 'plot-canvas' });
  private readonly yTitle = h('div', { class: 'plot-y-title', attributes: { 'aria-hidden': 'true' } });
  private chart: uPlot | undefined;
  private model: PlotModel | undefined;
  private theme: Theme;
  private cursor: PlotCursor = { hovered: null, pinned: null };
  /** Which series and theme the present uPlot was made for. */
  private signature = '';
  /** Index of the series the keyboard walks along; −1: all. */
  private walked = -1;
  /** Id of the series that stands out. */
  private emphasised: string | null = null;

  constructor(private readonly options: PlotOptions) {
    this.theme = readTheme();
    this.element = h(
      'div',
      {
        class: options.compact ? 'plot compact' : 'plot',
        attributes: {
          tabindex: 0,
          role: 'application',
          'aria-roledescription': 'chart',
        },
        on: {
          keydown: event => {
            this.onKey(event as KeyboardEvent);
          },
          blur: () => {
            this.options.onHover(null);
            this.walked = -1;
            this.emphasise(null);
          },
        },
      },
      options.compact ? null : this.yTitle,
      this.canvasHost,
    );
    this.setLabel(options.label);
    new ResizeObserver(() => {
      this.resize();
    }).observe(this.canvasHost);
  }

  /** What the chart is of, where that changes. */
  setLabel(label: string): void {
    const keys = 'Left and right go from point to point, up and down from line to line, Enter pins, Escape lets go.';
    setAttribute(this.element, 'aria-label', `${label}. ${keys}`);
  }

  show(model: PlotModel, cursor: PlotCursor): void {
    this.model = model;
    this.cursor = cursor;
    setText(this.yTitle, model.y.title);
    const { clientWidth: width, clientHeight: height } = this.canvasHost;
    if (width === 0 || height === 0) return;
    const lines = model.series.map(one => [one.id, one.look]);
    const signature = JSON.stringify([lines, model.top !== undefined, this.theme]);
    if (this.chart && signature === this.signature) {
      this.chart.setData(alignedData(model.series, model.y.range) as uPlot.AlignedData);
      return;
    }
    this.signature = signature;
    this.chart?.destroy();
    this.chart = this.create(model, width, height);
  }

  setCursor(cursor: PlotCursor): void {
    if (cursor.hovered === this.cursor.hovered && cursor.pinned === this.cursor.pinned) return;
    this.cursor = cursor;
    this.chart?.redraw(false);
  }

  /** Lets one series stand out; null: none. */
  setEmphasis(series: string | null): void {
    if (series === this.emphasised) return;
    this.emphasised = series;
    this.chart?.redraw(false);
  }

  themeChanged(): void {
    this.theme = readTheme();
    if (this.model) this.show(this.model, this.cursor);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvasHost;
    if (width === 0 || height === 0 || !this.model) return;
    if (!this.chart) this.show(this.model, this.cursor);
    else if (this.chart.width !== width || this.chart.height !== height) this.chart.setSize({ width, height });
  }

  private create(model: PlotModel, width: number, height: number): uPlot {
    const { theme, options } = this;
    const now = (): PlotModel => this.model ?? model;
    const axis = {
      stroke: theme.muted,
      font: theme.font,
      labelFont: theme.font,
      ticks: { stroke: theme.line, width: 1, size: 4 },
      grid: { stroke: theme.grid, width: 1 },
    };
    const plotWidth = (u: uPlot): number => Math.max(60, u.width - 50 - rightPadding);
    const labels = (ticks: readonly { at: number; label: string }[], splits: number[]): string[] =>
      splits.map(split => ticks.find(tick => tick.at === split)?.label ?? '');
    const xTicks = (u: uPlot) => now().x.ticks(plotWidth(u));
    const yTicks = (u: uPlot) => now().y.ticks(Math.max(60, u.height - (options.compact ? 34 : 70)));
    const topTicks = (u: uPlot) => {
      const { min, max } = now().x.range;
      return thin(now().top?.ticks(plotWidth(u)) ?? [], ((max - min) / plotWidth(u)) * 22);
    };
    const axes: uPlot.Axis[] = [
      {
        ...axis,
        scale: 'x',
        size: 26,
        gap: 4,
        ...(options.compact ? {} : { label: model.x.title, labelSize: 18, labelGap: 0 }),
        splits: u => xTicks(u).map(tick => tick.at),
        values: (u, splits) => labels(xTicks(u), splits),
      },
      {
        ...axis,
        scale: 'y',
        gap: 4,
        size: (_, values) => Math.max(44, ...((values as string[] | null) ?? []).map(value => value.length * 6.6 + 14)),
        splits: u => yTicks(u).map(tick => tick.at),
        // the top of the axis belongs to the title of the scale above
        values: (u, splits) =>
          labels(yTicks(u), splits).map((label, index) =>
            now().top && !options.compact && (splits[index] ?? 0) >= now().y.range.max ? '' : label,
          ),
      },
    ];
    if (model.top && !options.compact) {
      axes.push({
        ...axis,
        scale: 'x',
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- Side is a const enum, out of reach of isolated modules
        side: 0,
        size: 26,
        gap: 5,
        grid: { show: false },
        splits: u => topTicks(u).map(tick => tick.at),
        values: (u, splits) => labels(topTicks(u), splits),
      });
    }
    const chart = new uPlot(
      {
        width,
        height,
        padding: [model.top && !options.compact ? 0 : 8, rightPadding, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: false, range: () => [now().x.range.min, now().x.range.max] },
          y: { range: () => [now().y.range.min, now().y.range.max] },
        },
        axes,
        series: [{}, ...model.series.flatMap(one => this.lines(one))],
        bands: model.series.map((one, index) => ({
          series: [1 + 3 * index, 2 + 3 * index],
          fill: () => (this.hasBand(one) ? faint(theme.colors[one.look], 0.2) : 'transparent'),
        })),
        hooks: {
          drawClear: [
            u => {
              drawReference(u, now(), theme);
              if (now().diagonal) drawDiagonal(u, theme);
            },
          ],
          drawSeries: [
            (u, index) => {
              const series = now().series[index / 3 - 1];
              if (series) drawMarkers(u, now(), series, theme, this.share(series));
            },
          ],
          draw: [
            u => {
              drawCursor(u, now(), this.cursor, theme);
              if (model.top && !options.compact) drawTopTitle(u, model.top.title, theme);
            },
          ],
        },
      },
      alignedData(model.series, model.y.range) as uPlot.AlignedData,
      this.canvasHost,
    );
    setAttribute(chart.root, 'aria-hidden', 'true');
    this.listen(chart);
    return chart;
  }

  /** Upper edge, lower edge, line of one series. */
  private lines(series: PlotSeries): uPlot.Series[] {
    const color = this.theme.colors[series.look];
    const edge: uPlot.Series = {
      points: { show: false },
      ...(this.theme.highContrast ? { stroke: () => (this.hasBand(series) ? color : 'transparent'), width: 0.5 } : {}),
    };
    const { dash, width } = styles[series.look];
    const line: uPlot.Series = {
      points: { show: false },
      stroke: () => faint(color, this.share(series)),
      width,
      ...(dash.length > 0 ? { dash: [...dash] } : {}),
    };
    return [edge, edge, line];
  }

  /** Null where no series stands out, or one that is hidden. */
  private get standingOut(): string | null {
    const { emphasised } = this;
    return this.model?.series.some(({ id }) => id === emphasised) ? emphasised : null;
  }

  private share({ id }: PlotSeries): number {
    const { standingOut } = this;
    return standingOut === null || standingOut === id ? 1 : fadedShare;
  }

  private hasBand({ id }: PlotSeries): boolean {
    const { standingOut } = this;
    return standingOut === null ? (this.model?.series.length ?? 0) <= mostBands : standingOut === id;
  }

  private emphasise(series: string | null): void {
    if (series === this.emphasised) return;
    this.setEmphasis(series);
    this.options.onEmphasis?.(series);
  }

  private listen(chart: uPlot): void {
    const stopAt = (event: MouseEvent): Stop | undefined =>
      nearestStop(this.model?.stops ?? [], chart.posToVal(event.offsetX, 'x'));
    chart.over.addEventListener('pointermove', event => {
      this.options.onHover(stopAt(event)?.id ?? null);
      const toPixels = (x: number, y: number): readonly [number, number] => [
        chart.valToPos(x, 'x'),
        chart.valToPos(y, 'y'),
      ];
      this.emphasise(nearestSeries(this.model?.series ?? [], event.offsetX, event.offsetY, toPixels)?.id ?? null);
    });
    chart.over.addEventListener('pointerleave', () => {
      this.options.onHover(null);
      this.emphasise(null);
    });
    chart.over.addEventListener('click', event => {
      const stop = stopAt(event);
      if (stop) this.options.onPick(stop.id);
    });
  }

  private onKey(event: KeyboardEvent): void {
    const { model } = this;
    if (!model || model.stops.length === 0) return;
    const { stops, series } = model;
    const current = stops.findIndex(stop => stop.id === (this.cursor.hovered ?? this.cursor.pinned));
    const last = stops.length - 1;
    let next = current;
    switch (event.key) {
      case 'ArrowLeft':
        next = current < 0 ? last : Math.max(0, current - 1);
        break;
      case 'ArrowRight':
        next = current < 0 ? 0 : Math.min(last, current + 1);
        break;
      case 'Home':
        next = 0;
        break;
      case 'End':
        next = last;
        break;
      case 'ArrowUp':
        this.walked = Math.max(-1, this.walked - 1);
        next = Math.max(0, current);
        break;
      case 'ArrowDown':
        this.walked = Math.min(series.length - 1, this.walked + 1);
        next = Math.max(0, current);
        break;
      case 'Enter':
      case ' ':
        if (current >= 0) this.options.onPick(stops[current]!.id);
        event.preventDefault();
        return;
      case 'Escape':
        if (this.cursor.pinned !== null) this.options.onPick(this.cursor.pinned);
        this.options.onHover(null);
        this.walked = -1;
        this.emphasise(null);
        return;
      default:
        return;
    }
    event.preventDefault();
    const stop = stops[next]!;
    this.emphasise(series[this.walked]?.id ?? null);
    this.options.onHover(stop.id);
    say(this.options.describe(stop.id, series[this.walked]));
  }
}

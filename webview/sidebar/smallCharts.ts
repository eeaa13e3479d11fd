/** Two small charts: accuracy against weights remaining, and the learning curve of the run at work. */
import { capitalised } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { HostToSidebar } from '../../src/shared/messages';
import type { CurvePoint, Method } from '../../src/shared/report';
import { sample } from '../charts/legend';
import type { PlotModel } from '../charts/model';
import { Plot } from '../charts/plot';
import { countTick, linearTicks, lossTick, niceRange, percentTick, type Range } from '../charts/scales';
import { styles, type StyleId } from '../charts/styles';
import { formatMetric, meanCurve, metricLabels, metricsOf, type Metric } from '../experiment/curvesModel';
import { describeLevel, overviewModel } from '../experiment/overviewModel';
import { methodsOf } from '../experiment/places';
import { h, setChildren, setText } from '../ui/dom';

const nothingHidden: ReadonlySet<string> = new Set();

export class SmallCharts {
  private readonly overviewTitle = h('h2');
  private readonly key = h('div', { class: 'key' });
  private readonly curveTitle = h('h2');
  private readonly overview: Plot;
  private readonly curve: Plot;
  private readonly curveBox: HTMLElement;
  readonly element: HTMLElement;
  private state: HostToSidebar | undefined;
  private range: Range | undefined;
  private hoveredLevel: number | null = null;
  private hoveredStep: number | null = null;

  constructor(open: () => void) {
    this.overview = new Plot({
      label: 'Test accuracy against weights remaining',
      compact: true,
      onHover: level => {
        this.hoveredLevel = level;
        this.showReadout();
      },
      onPick: open,
      describe: level => (this.state?.report ? describeLevel(this.state.report, level) : ''),
    });
    this.curve = new Plot({
      label: 'Learning curve of the run at work',
      compact: true,
      onHover: step => {
        this.hoveredStep = step;
        this.curve.setCursor({ hovered: step, pinned: null });
      },
      onPick: open,
      describe: step => {
        const point = this.state?.curve.find(one => one.step === step);
        const metric = metricsOf(this.state?.report ?? {})[0]!;
        const value = point?.[metric];
        return typeof value === 'number' ? `step ${step}: ${formatMetric(value, metric)}` : '';
      },
    });
    this.curveBox = h('div', {}, this.curveTitle, this.curve.element);
    this.element = h(
      'div',
      { class: 'charts' },
      h('div', {}, this.overviewTitle, this.overview.element, this.key),
      this.curveBox,
    );
  }

  show(state: HostToSidebar): void {
    if (state.name !== this.state?.name) this.range = undefined;
    this.state = state;
    const { report, progress, running, curve } = state;
    this.element.hidden = report === null;
    if (!report) return;
    const model = overviewModel(report, nothingHidden, this.range);
    this.range = report.series[0]?.points.length ? model.y.range : undefined;
    this.showKey(methodsOf(report));
    this.showReadout();
    this.overview.show({ ...model, markers: 'sparse' }, { hovered: this.hoveredLevel, pinned: null });
    const run = running ? progress?.run : undefined;
    this.curveBox.hidden = run === undefined;
    if (!run) return;
    const id = run.level === 0 ? 'dense' : run.method;
    setText(this.curveTitle, `${styles[id].label}, level ${run.level} · by step`);
    this.curve.show(curveModel(id, curve, run.steps, metricsOf(report)[0]!), {
      hovered: this.hoveredStep,
      pinned: null,
    });
  }

  themeChanged(): void {
    this.overview.themeChanged();
    this.curve.themeChanged();
  }

  private showKey(methods: readonly Method[]): void {
    const shown = methods.join();
    if (this.key.dataset['methods'] === shown) return;
    this.key.dataset['methods'] = shown;
    setChildren(
      this.key,
      ...methods.map(id => h('span', { title: styles[id].explanation }, sample(id), styles[id].label)),
    );
  }

  private showReadout(): void {
    const { report } = this.state ?? {};
    if (!report) return;
    const level = this.hoveredLevel;
    const { name } = qualityOf(report);
    this.overview.setLabel(`${capitalised(name)} against weights remaining`);
    const text = level === null ? `${name} · weights remaining` : describeLevel(report, level, 'iterative');
    setText(this.overviewTitle, text);
    this.overview.setCursor({ hovered: level, pinned: null });
  }
}

function curveModel(id: StyleId, curve: readonly CurvePoint[], steps: number, metric: Metric): PlotModel {
  const isShare = metric === 'testAccuracy';
  const points = meanCurve([curve], metric);
  const settled = points.filter(point => point.x >= steps * 0.1);
  const range = niceRange(
    (settled.length > 0 ? settled : points).map(point => point.y),
    0.01,
    { min: 0, max: isShare ? 1 : Number.POSITIVE_INFINITY },
  );
  return {
    series: [{ id, look: id, label: styles[id].label, points }],
    x: {
      range: { min: 0, max: Math.max(1, steps) },
      title: 'step',
      ticks: pixels => linearTicks({ min: 0, max: Math.max(1, steps) }, pixels / 70, countTick),
    },
    y: {
      range,
      title: metricLabels[metric],
      ticks: pixels => linearTicks(range, pixels / 26, isShare ? percentTick : lossTick),
    },
    stops: points.map(point => ({ id: point.x, x: point.x })),
    markers: 'sparse',
  };
}

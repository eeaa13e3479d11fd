/** The mask of a layer, in place of the panel's page: opened from a cell of the heatmap, left by Escape or its button. */
import './mask.css';
import { formatCount } from '../../src/shared/format';
import { kernelAxes, maskWeights, type MaskRequest, type MaskWeights } from '../../src/shared/mask';
import type { Report, ReportLayer } from '../../src/shared/report';
import { h, setChildren, setText } from '../ui/dom';
import { say } from '../ui/live';
import { readTheme } from '../ui/theme';
import { button } from '../ui/toolkit';
import { byOtherMethod, resolve, type MaskChoice, type Resolved } from './choices';
import { maskModes, type MaskMode } from './colors';
import { Controls } from './controls';
import { InputView } from './inputView';
import { hasMargins } from './layout';
import { drawLegend } from './legend';
import { MaskLoader, type LoadedMask } from './loader';
import { MaskStage, paletteOf } from './maskStage';
import { NearWeights } from './nearWeights';
import { layoutOf } from './pieces';
import { imageOf, pixelCounts } from './pixels';
import { MaskRequests, type MaskAnswer } from './requests';
import { emptyRanges, keptWords } from './words';

export interface MaskViewOptions {
  readonly ask: (request: MaskRequest) => void;
  /** Opened, or closed again: what is looked at, to be found again after a reload. */
  readonly onChange: (shown: MaskViewState | null) => void;
}

/** What is looked at, and how. */
export interface MaskViewState extends MaskChoice {
  readonly layer: string;
  readonly mode: MaskMode;
  readonly weights: MaskWeights;
}

/** Ranges of empty outputs and inputs that are listed. */
const mostRanges = 40;

export class MaskView {
  private readonly title = h('h2');
  private readonly facts = h('p', { class: 'mask-facts' });
  private readonly empty = h('div', { class: 'mask-empty' });
  private readonly legend = h('p', { class: 'mask-legend quiet' });
  private readonly notice = h('p', { class: 'quiet' });
  private readonly stagePlace = h('div', { class: 'mask-stage' });
  private readonly inputs = new InputView();
  private readonly controls: Controls;
  private readonly back: HTMLElement;
  readonly element: HTMLElement;
  private readonly requests: MaskRequests;
  private readonly loader: MaskLoader;
  private theme = readTheme();
  private report: Report | null = null;
  private state: MaskViewState | null = null;
  private stage: MaskStage | null = null;
  private shown: LoadedMask | null = null;
  private loading: AbortController | null = null;

  constructor(private readonly options: MaskViewOptions) {
    this.requests = new MaskRequests(options.ask);
    this.loader = new MaskLoader(this.requests);
    this.controls = new Controls({
      onMethod: method => {
        const resolved = this.resolved();
        if (resolved && this.report) this.change(byOtherMethod(this.report, resolved, method));
      },
      onReplicate: replicate => {
        this.change({ replicate });
      },
      onStop: at => {
        this.change({ level: this.resolved()?.stops[at]?.level ?? 0 });
      },
      onMode: mode => {
        this.change({ mode });
      },
      onWeights: weights => {
        this.change({ weights });
      },
    });
    this.back = button(
      '← Back',
      () => {
        this.close();
      },
      { title: 'Back to the report (Escape)' },
    );
    this.element = h(
      'main',
      { class: 'mask-view', attributes: { 'aria-label': 'Mask of a layer' } },
      h('div', { class: 'mask-head' }, this.back, this.title, this.facts),
      this.controls.element,
      h(
        'div',
        { class: 'mask-body' },
        h('div', { class: 'mask-main' }, this.stagePlace, this.legend, this.notice),
        h('div', { class: 'mask-side' }, this.inputs.element, this.empty),
      ),
    );
    this.element.hidden = true;
    this.element.addEventListener('keydown', event => {
      this.onKey(event);
    });
  }

  get isOpen(): boolean {
    return this.state !== null;
  }

  open(report: Report, state: MaskViewState): void {
    this.report = report;
    this.element.hidden = false;
    this.state = state;
    this.inputs.element.hidden = report.layers[0]?.name !== state.layer;
    this.newStage();
    this.change({});
    this.stage?.focus();
  }

  /** The report has grown: more levels may be there. */
  update(report: Report): void {
    if (!this.state) return;
    this.report = report;
    const resolved = this.resolved();
    if (resolved) this.controls.show(report, resolved, this.state.mode, this.state.weights);
  }

  answer(answer: MaskAnswer): void {
    this.requests.answer(answer);
  }

  themeChanged(): void {
    this.theme = readTheme();
    this.stage?.setTheme(this.theme);
    if (this.shown) this.describe(this.shown);
  }

  close(): void {
    this.loading?.abort();
    this.stage?.close();
    this.stage = this.shown = this.state = null;
    this.element.hidden = true;
    setChildren(this.stagePlace);
    this.options.onChange(null);
  }

  private layer(): ReportLayer | undefined {
    return this.report?.layers.find(({ name }) => name === this.state?.layer);
  }

  private resolved(): Resolved | null {
    return this.report && this.state ? resolve(this.report, this.state) : null;
  }

  private newStage(): void {
    const layer = this.layer();
    if (!this.report || !layer || !this.state) return;
    this.stage?.close();
    const image = imageOf(this.report, layer.name);
    this.stage = new MaskStage(
      layoutOf(kernelAxes(layer.shape)),
      {
        label: `Weights of ${layer.name}`,
        image: typeof image === 'string' ? null : image,
        near: new NearWeights(this.loader),
      },
      this.state.mode,
      this.theme,
    );
    setChildren(this.stagePlace, this.stage.element);
  }

  private change(changes: Partial<MaskViewState>): void {
    if (!this.state || !this.report) return;
    this.state = { ...this.state, ...changes };
    const resolved = this.resolved();
    const layer = this.layer();
    if (!resolved || !layer) {
      this.close();
      return;
    }
    this.state = { ...this.state, ...resolved.choice };
    const { mode, weights } = this.state;
    setText(this.title, `${layer.name} · ${layer.shape.join(' × ')}`);
    this.controls.show(this.report, resolved, mode, weights);
    this.stage?.setMode(mode);
    this.options.onChange(this.state);
    void this.load(layer, resolved, weights);
  }

  private async load(layer: ReportLayer, { run, stops, at }: Resolved, weights: MaskWeights): Promise<void> {
    this.loading?.abort();
    const { signal } = (this.loading = new AbortController());
    this.stage?.setBusy(true);
    try {
      const progress = (share: number): void => {
        if (!signal.aborted && share < 1) setText(this.facts, `Reading: ${Math.round(share * 100)} %`);
      };
      const loaded = await this.loader.load({ run, layer, weights }, signal, progress);
      if (signal.aborted) return;
      this.stage?.setProblem(null);
      this.stage?.show(loaded);
      if (loaded !== this.shown) say(`${stops[at]!.label}: ${keptWords(loaded.counts)}`);
      this.shown = loaded;
      this.describe(loaded);
    } catch (error) {
      if (signal.aborted) return;
      // what was shown is of another mask: it would pass for this one
      this.shown = null;
      this.stage?.show(null);
      this.stage?.setProblem(error instanceof Error ? error.message : String(error));
      setText(this.facts, 'This mask cannot be shown.');
      setChildren(this.empty);
    } finally {
      if (!signal.aborted) this.stage?.setBusy(false);
    }
  }

  /** In numbers and words what the picture shows. */
  private describe({ counts, picture, layout, source }: LoadedMask): void {
    if (!this.report || !this.state) return;
    const { kept, positive, largest, outputs, inputs } = counts;
    const convolution = layout.axes.height * layout.axes.width > 1;
    setText(this.facts, `${keptWords(counts)}: ${formatCount(positive)} +, ${formatCount(kept - positive)} −`);
    const palette = paletteOf(this.theme);
    drawLegend(this.legend, palette, { mode: this.state.mode, limit: largest, margins: hasMargins(layout) });
    setText(
      this.notice,
      picture
        ? ''
        : `${formatCount(counts.total)} weights are too many to hold at once: from afar these are counts of blocks, single weights come as you zoom in.`,
    );
    const line = (one: string, lines: Uint32Array): HTMLElement => {
      const { count, text } = emptyRanges(lines, mostRanges);
      const all = `${formatCount(count)} of ${formatCount(lines.length)} ${one}s are empty`;
      if (count === 0) return h('p', {}, `${all}.`);
      return h('details', {}, h('summary', { text: all }), h('p', { class: 'quiet', text }));
    };
    setChildren(
      this.empty,
      h('h3', { text: 'What is cut off' }),
      line(convolution ? 'filter' : 'output', outputs),
      line(convolution ? 'channel' : 'input', inputs),
    );
    const image = imageOf(this.report, source.layer.name);
    const pixels = typeof image === 'string' ? image : pixelCounts(image, inputs, layout.axes.outputs);
    this.inputs.show(pixels, palette, this.theme);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') this.close();
    else if (event.key === '[') this.controls.step(-1);
    else if (event.key === ']') this.controls.step(1);
    else return;
    event.preventDefault();
  }
}

/** What was saved, perhaps by an older version; null: no mask was open. */
export function readMaskState(saved: unknown): MaskViewState | null {
  if (typeof saved !== 'object' || saved === null) return null;
  const { layer, method, level, replicate, mode, weights } = saved as Readonly<Record<string, unknown>>;
  if (typeof layer !== 'string' || typeof level !== 'number' || typeof replicate !== 'number') return null;
  return {
    layer,
    // what the report does not have is replaced by what it has, when it is opened
    method: method as MaskViewState['method'],
    level,
    replicate,
    mode: maskModes.find(one => one === mode) ?? 'sign',
    weights: maskWeights.find(one => one === weights) ?? 'final',
  };
}

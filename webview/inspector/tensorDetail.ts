/** One tensor in full: heatmap down to single weights, histogram, norm of each output channel. */
import { formatNumber } from '../../src/shared/format';
import { inspectorLimits, type TensorDetails, type Tile } from '../../src/shared/inspectorMessages';
import { diverging } from '../charts/diverging';
import { ramp } from '../charts/ramp';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import type { Theme } from '../ui/theme';
import { dropdown, progressRing } from '../ui/toolkit';
import { Bars } from './bars';
import { detailBox, failed, rampLegend, type DetailBox } from './detailBox';
import { axesWords, histogramBars, magnitudeLimit, normBars, placeWords, tensorFacts } from './detailModel';
import { measureNames, measures, tilePainter, type Measure } from './matrixPaint';
import { MatrixView } from './matrixView';
import { paletteOf } from './palette';
import type { Requests } from './requests';
import type { TensorStore } from './tensorStore';

export class TensorDetail {
  private readonly box: DetailBox;
  private readonly stopped = new AbortController();
  private readonly legend = h('div');
  private matrix: MatrixView<Tile> | undefined;
  private bars: Bars[] = [];
  private limit = 0;
  private measure: Measure = 'maximum';

  constructor(
    readonly index: number,
    private readonly store: TensorStore,
    private readonly requests: Requests,
    private theme: Theme,
    onClose: () => void,
  ) {
    const tensor = store.tensors[index]!;
    this.box = detailBox(tensor.name, onClose);
    this.refresh();
    const error = store.error(index);
    if (error !== null) failed(this.box.body, new Error(error));
    else if (tensor.count === 0) failed(this.box.body, new Error('It holds no values: one of its sizes is 0.'));
    else void this.load();
  }

  get element(): HTMLElement {
    return this.box.element;
  }

  /** Its statistics may have come. */
  refresh(): void {
    setText(this.box.facts, tensorFacts(this.store.tensors[this.index]!, this.store.statistics(this.index)));
  }

  repaint(theme: Theme): void {
    this.theme = theme;
    this.showLegend();
    this.matrix?.repaint(theme);
    for (const bars of this.bars) bars.repaint(theme);
  }

  close(): void {
    this.stopped.abort(new DOMException('Closed.', 'AbortError'));
    this.matrix?.close();
    for (const bars of this.bars) bars.close();
  }

  private async load(): Promise<void> {
    const { signal } = this.stopped;
    setChildren(this.box.body, progressRing('Reading the tensor'));
    try {
      const { details } = await this.requests.ask({ type: 'details', tensor: this.index }, signal);
      this.show(details);
    } catch (error) {
      if (!signal.aborted) failed(this.box.body, error);
    }
  }

  private show(details: TensorDetails): void {
    const tensor = this.store.tensors[this.index]!;
    setText(this.box.facts, tensorFacts(tensor, details.statistics));
    this.limit = magnitudeLimit(details.statistics);
    const matrix = (this.matrix = new MatrixView<Tile>(
      details.matrix,
      {
        label: `Heatmap of ${tensor.name}, ${details.matrix.rows} by ${details.matrix.columns}`,
        axes: axesWords(details.matrix, tensor),
        most: inspectorLimits.cells,
        load: async ({ region, cells }, signal) =>
          (await this.requests.ask({ type: 'tile', tensor: this.index, region, cells }, signal)).tile,
        painter: tile => tilePainter(tile, this.measure, this.limit, paletteOf(this.theme)),
        place: (row, column) => placeWords(row, column, details.matrix, tensor),
      },
      this.theme,
    ));
    const choose = dropdown(
      'What a cell shows',
      measures.map(value => ({ value, label: measureNames[value] })),
      this.measure,
      measure => {
        this.measure = measure;
        this.showLegend();
        matrix.repaint(this.theme);
      },
    );
    this.showLegend();
    this.bars = [histogramBars(details), normBars(details, tensor)].flatMap(model =>
      model ? [new Bars(model, this.theme)] : [],
    );
    setChildren(
      this.box.body,
      card('heatmap', 'Heatmap', [choose], matrix.element, this.legend).element,
      ...this.bars.map(bars => bars.element),
    );
    matrix.start();
  }

  private showLegend(): void {
    const { dark, background } = paletteOf(this.theme);
    const limit = formatNumber(this.limit);
    const legends: Readonly<Record<Measure, () => HTMLElement>> = {
      maximum: () =>
        rampLegend(
          '0',
          limit,
          share => ramp(share, dark),
          'largest |w| in a cell, square-root scale; exactly 0: background',
        ),
      mean: () =>
        rampLegend(
          `−${limit}`,
          `+${limit}`,
          share => diverging(share * 2 - 1, dark, background),
          'mean of a cell, square-root scale',
        ),
      zeroFraction: () => rampLegend('100 %', '0 %', share => ramp(share, dark), 'zeros in a cell'),
    };
    setChildren(this.legend, legends[this.measure]());
  }
}

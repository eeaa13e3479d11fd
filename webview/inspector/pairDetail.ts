/** One pair of tensors: where each side keeps weights, and the way from difference to difference. */
import { formatCount } from '../../src/shared/format';
import { inspectorLimits, type MaskTile, type MatrixShape } from '../../src/shared/inspectorMessages';
import { ramp } from '../charts/ramp';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { button, dropdown, progressRing } from '../ui/toolkit';
import { pairFacts, type PairStore } from './compareModel';
import { detailBox, failed, rampLegend, swatches, type DetailBox } from './detailBox';
import { axesWords, placeWords } from './detailModel';
import { maskMeasureNames, maskMeasures, maskPainter, type MaskMeasure } from './matrixPaint';
import { MatrixView } from './matrixView';
import { paletteOf } from './palette';
import type { Requests } from './requests';

export class PairDetail {
  private readonly box: DetailBox;
  private readonly stopped = new AbortController();
  private readonly legend = h('div');
  private readonly found = h('p', { class: 'reading quiet' });
  private view: MatrixView<MaskTile> | undefined;
  private measure: MaskMeasure = 'difference';
  /** Where the next search begins, row-major. */
  private from = 0;

  constructor(
    readonly index: number,
    private readonly store: PairStore,
    private readonly requests: Requests,
    private theme: Theme,
    onClose: () => void,
  ) {
    this.box = detailBox(store.pairs[index]!.name, onClose);
    this.refresh();
    const error = store.error(index);
    if (error !== null) failed(this.box.body, new Error(error));
    else void this.load();
  }

  get element(): HTMLElement {
    return this.box.element;
  }

  refresh(): void {
    setText(this.box.facts, pairFacts(this.store.pairs[this.index]!, this.store.comparison(this.index)));
  }

  repaint(theme: Theme): void {
    this.theme = theme;
    this.showLegend();
    this.view?.repaint(theme);
  }

  close(): void {
    this.stopped.abort(new DOMException('Closed.', 'AbortError'));
    this.view?.close();
  }

  /** The first tile tells how the tensor lies as a matrix. */
  private async load(): Promise<void> {
    const { signal } = this.stopped;
    setChildren(this.box.body, progressRing('Reading both tensors'));
    try {
      const one = { rows: 1, columns: 1 };
      const { tile } = await this.ask({ row: 0, column: 0, ...one }, one, signal);
      this.show(tile.matrix);
    } catch (error) {
      if (!signal.aborted) failed(this.box.body, error);
    }
  }

  private ask(region: MaskTile['region'], cells: { rows: number; columns: number }, signal: AbortSignal) {
    return this.requests.ask({ type: 'maskTile', pair: this.index, region, cells }, signal);
  }

  private show(matrix: MatrixShape): void {
    const { name, left } = this.store.pairs[this.index]!;
    const view = (this.view = new MatrixView<MaskTile>(
      matrix,
      {
        label: `Masks of ${name}, ${matrix.rows} by ${matrix.columns}`,
        axes: axesWords(matrix, left),
        most: inspectorLimits.cells,
        load: async ({ region, cells }, signal) => (await this.ask(region, cells, signal)).tile,
        painter: tile => maskPainter(tile, this.measure, paletteOf(this.theme)),
        place: (row, column) => placeWords(row, column, matrix, left),
      },
      this.theme,
    ));
    const choose = dropdown(
      'What a cell shows from far',
      maskMeasures.map(value => ({ value, label: maskMeasureNames[value] })),
      this.measure,
      measure => {
        this.measure = measure;
        this.showLegend();
        view.repaint(this.theme);
      },
    );
    const next = button('Next difference', () => void this.next(), {
      title: 'Go to the next weight that only one side keeps.',
    });
    this.showLegend();
    setChildren(this.box.body, card('masks', 'Masks', [next, choose], view.element, this.found, this.legend).element);
    view.start();
  }

  private async next(): Promise<void> {
    const { signal } = this.stopped;
    setText(this.found, 'searching …');
    try {
      const { found } = await this.requests.ask({ type: 'nextDifference', pair: this.index, from: this.from }, signal);
      if (found) {
        this.from = found.position + 1;
        setText(this.found, `difference at position ${formatCount(found.position)}`);
        this.view?.goTo(found.row, found.column);
        return;
      }
      const words =
        this.from === 0
          ? 'Both sides keep the same weights.'
          : 'No further difference: the next search begins at the start.';
      this.from = 0;
      setText(this.found, words);
      say(words);
    } catch (error) {
      if (!signal.aborted) setText(this.found, error instanceof Error ? error.message : String(error));
    }
  }

  private showLegend(): void {
    const { dark, foreground, left, right, background } = paletteOf(this.theme);
    setChildren(
      this.legend,
      rampLegend(
        '0 %',
        '100 %',
        share => (share === 0 ? background : ramp(Math.sqrt(share), dark)),
        `from far: weights ${maskMeasureNames[this.measure]}`,
      ),
      swatches([
        [foreground, 'kept in both'],
        [left, 'only left'],
        [right, 'only right'],
        [background, 'pruned in both'],
      ]),
    );
  }
}

/** The input images as the first layer sees them: how many weights each pixel still has. */
import { formatCount, formatShare } from '../../src/shared/format';
import { cssColor, textOn } from '../charts/color';
import { readable, type View } from '../charts/matrixModel';
import { MatrixStage } from '../charts/matrixStage';
import { h, setChildren, setText } from '../ui/dom';
import type { Theme } from '../ui/theme';
import type { MaskPalette } from './colors';
import { rampStrip } from './legend';
import type { PixelCounts } from './pixels';

export class InputView {
  private readonly facts = h('p', { class: 'quiet' });
  private readonly place = h('div');
  private readonly legend = h('p', { class: 'mask-legend quiet' });
  readonly element = h(
    'section',
    { class: 'mask-pixels' },
    h('h3', { text: 'Which pixels survive' }),
    this.facts,
    this.place,
    this.legend,
  );
  private stage: MatrixStage | null = null;
  private pixels: PixelCounts | null = null;
  private palette: MaskPalette | null = null;

  /** @param pixels or why there are none */
  show(pixels: PixelCounts | string, palette: MaskPalette, theme: Theme): void {
    this.palette = palette;
    if (typeof pixels === 'string') {
      setText(this.facts, pixels);
      this.stage?.close();
      this.stage = this.pixels = null;
      setChildren(this.place);
      setChildren(this.legend);
      return;
    }
    const { height, width, most, dead } = pixels;
    this.pixels = pixels;
    setText(
      this.facts,
      `${formatCount(dead)} of ${formatCount(height * width)} pixels have no weight left; a whole one has ${formatCount(most)}.`,
    );
    const fullest = pixels.kept.reduce((largest, one) => Math.max(largest, one), 0);
    setChildren(this.legend, rampStrip(palette, '0', `${formatCount(fullest)} weights`));
    if (this.stage) this.stage.setTheme(theme);
    else this.build(pixels, theme);
  }

  private build({ height, width }: PixelCounts, theme: Theme): void {
    this.stage = new MatrixStage(
      { rows: height, columns: width, square: true },
      {
        label: 'Kept weights of each pixel of the input',
        axes: 'A dot: no weight left.',
        wheel: 'page',
        draw: (context, view) => {
          this.draw(context, view);
        },
        cellAt: (row, column) => ({ row, column, rows: 1, columns: 1 }),
        words: ({ row, column }) => this.words(row, column),
        moved: () => undefined,
      },
      theme,
    );
    setChildren(this.place, this.stage.element);
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    const { pixels, palette } = this;
    if (!pixels || !palette) return;
    const { pixelsPerRow: size } = view;
    const most = pixels.kept.reduce((largest, one) => Math.max(largest, one), 1);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (let row = Math.floor(view.top); row < view.top + view.rows; row++) {
      for (let column = Math.floor(view.left); column < view.left + view.columns; column++) {
        const kept = pixels.kept[row * pixels.width + column]!;
        const color = kept === 0 ? palette.pruned : palette.ramp[Math.round((255 * kept) / most)]!;
        const [x, y] = [(column - view.left) * size, (row - view.top) * size];
        context.fillStyle = cssColor(color);
        // neighbours of one colour leave no seam
        context.fillRect(x, y, size + 0.5, size + 0.5);
        context.fillStyle = textOn(color);
        if (kept === 0 && size >= 6) context.fillRect(x + size / 2 - 1, y + size / 2 - 1, 2, 2);
        else if (size >= readable) context.fillText(formatCount(kept), x + size / 2, y + size / 2);
      }
    }
  }

  private words(row: number, column: number): string {
    const { pixels } = this;
    if (!pixels) return '';
    const kept = pixels.kept[row * pixels.width + column] ?? 0;
    const share = formatShare(kept / Math.max(1, pixels.most));
    return `pixel row ${row}, column ${column}: ${formatCount(kept)} of ${formatCount(pixels.most)} weights kept (${share})`;
  }

  close(): void {
    this.stage?.close();
  }
}

/** Beside the picture, how much each output keeps; under it, each input: bars that move with the view. */
import type { Size, View } from '../charts/matrixModel';
import { h } from '../ui/dom';
import type { Theme } from '../ui/theme';
import type { MaskLayout } from './layout';
import type { MaskCounts } from './picture';

/** Share of the longest bar on each CSS pixel along a side, null beyond the matrix; 0 where everything is empty. */
export function barShares(
  counts: Uint32Array,
  positions: number,
  first: number,
  perPosition: number,
  length: number,
): (number | null)[] {
  const most = counts.reduce((largest, one) => Math.max(largest, one), 0);
  const step = 1 / perPosition;
  return Array.from({ length: Math.ceil(length) }, (_, pixel) => {
    const from = Math.floor((first + pixel * step) / positions);
    const to = Math.max(from + 1, Math.ceil((first + (pixel + 1) * step) / positions));
    if (from >= counts.length) return null;
    let sum = 0;
    const end = Math.min(counts.length, to);
    for (let index = from; index < end; index++) sum += counts[index]!;
    return most === 0 ? 0 : sum / (end - from) / most;
  });
}

export class Margins {
  readonly right = h('canvas', { class: 'mask-margin mask-outputs', attributes: { 'aria-hidden': true } });
  readonly bottom = h('canvas', { class: 'mask-margin mask-inputs', attributes: { 'aria-hidden': true } });

  draw(layout: MaskLayout, counts: MaskCounts, view: View, box: Size, theme: Theme, bad: string): void {
    const { height, width } = layout.axes;
    const rows = barShares(counts.outputs, height, view.top, view.pixelsPerRow, view.rows * view.pixelsPerRow);
    const columns = barShares(
      counts.inputs,
      width,
      view.left,
      view.pixelsPerColumn,
      view.columns * view.pixelsPerColumn,
    );
    const down = prepare(this.right, box.height, false);
    rows.slice(0, box.height).forEach((share, pixel) => {
      bar(down, share, theme.muted, bad, (length, thickness) => [0, pixel, length * thickness, 1]);
    });
    const across = prepare(this.bottom, box.width, true);
    columns.slice(0, box.width).forEach((share, pixel) => {
      bar(across, share, theme.muted, bad, (length, thickness) => [pixel, 0, 1, length * thickness]);
    });
  }
}

/** CSS pixels of the longest bar. */
const longest = 24;

function bar(
  context: CanvasRenderingContext2D | null,
  share: number | null,
  color: string,
  bad: string,
  box: (length: number, thickness: number) => readonly [number, number, number, number],
): void {
  if (share === null || !context) return;
  context.fillStyle = share === 0 ? bad : color;
  context.fillRect(...box(share === 0 ? 1 : Math.max(0.06, share), longest));
}

function prepare(canvas: HTMLCanvasElement, length: number, across: boolean): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio;
  const [width, height] = across ? [length, longest] : [longest, length];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

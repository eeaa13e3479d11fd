/** What the colours of a mask mean. */
import { formatNumber } from '../../src/shared/format';
import type { Rgb } from '../charts/color';
import { cssColor } from '../charts/color';
import { h, setChildren } from '../ui/dom';
import type { MaskMode, MaskPalette } from './colors';

const stops = 16;

/** A colour ramp between what its ends stand for. */
export function rampStrip(palette: MaskPalette, from: string, to: string): HTMLElement {
  const colors = Array.from({ length: stops + 1 }, (_, at) => cssColor(palette.ramp[Math.round((255 * at) / stops)]!));
  const bar = h('span', {
    class: 'mask-ramp',
    style: { background: `linear-gradient(to right, ${colors.join(', ')})` },
  });
  return h('span', { class: 'mask-entry' }, from, bar, to);
}

export interface LegendOptions {
  readonly mode: MaskMode;
  /** |w| at the end of the ramp. */
  readonly limit: number;
  /** Whether outputs and inputs have bars. */
  readonly margins: boolean;
}

export function drawLegend(element: HTMLElement, palette: MaskPalette, { mode, limit, margins }: LegendOptions): void {
  const entry = (color: Rgb, label: string): HTMLElement =>
    h(
      'span',
      { class: 'mask-entry' },
      h('span', { class: 'mask-swatch', style: { background: cssColor(color) } }),
      label,
    );
  const far = 'From afar a cell stands for many weights.';
  const entries = {
    sign: [
      entry(palette.positive, 'kept, +'),
      entry(palette.negative, 'kept, −'),
      entry(palette.pruned, 'pruned'),
      `${far} The more of them are kept, the stronger its colour.`,
    ],
    state: [
      entry(palette.pruned, 'pruned'),
      rampStrip(palette, 'few kept', 'all kept'),
      `${far} The scale is the root of the share.`,
    ],
    magnitude: [
      entry(palette.pruned, 'pruned'),
      rampStrip(palette, '|w| = 0', formatNumber(limit)),
      `${far} It shows the mean |w|, pruned ones as 0. The scale is its root.`,
    ],
  }[mode];
  const bars = 'Bars beside and under the picture: what each output and each input keeps; red: nothing.';
  setChildren(
    element,
    ...entries.map(one => (typeof one === 'string' ? h('span', { text: one }) : one)),
    margins && h('span', { text: bars }),
  );
}

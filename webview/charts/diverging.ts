/**
 * Colours of signed values, in Oklab: blue below zero, orange above, two hues that every common kind of colour blindness
 * keeps apart; the further from zero, the further from the background in lightness, so that zero and near zero recede.
 */
import { fromOklch, toOklch, type Rgb } from './color';

const hues = { negative: 255, positive: 55 } as const;

/** sRGB, 0 to 255, of −1 to 1; 0 is the background itself. */
export function diverging(share: number, dark: boolean, background: Rgb): Rgb {
  if (share === 0 || Number.isNaN(share)) return background;
  const t = Math.min(1, Math.abs(share));
  const from = toOklch(background).lightness;
  // a step away from the background at once: a small weight is not a zero
  const near = dark ? Math.max(0.32, from + 0.08) : Math.min(0.93, from - 0.05);
  const far = dark ? 0.86 : 0.4;
  return fromOklch({
    lightness: near + (far - near) * t,
    chroma: 0.04 + 0.1 * t,
    hue: share < 0 ? hues.negative : hues.positive,
  });
}

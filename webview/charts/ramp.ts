/**
 * The colour ramp of the heatmaps, computed in Oklab (Ottosson 2020), where equal distances look equally large:
 * lightness changes evenly from end to end, so that it reads in grey and with any colour blindness; the hue turns
 * evenly from violet over teal to yellow, ends which every common kind of colour blindness keeps apart.
 */
import { fromOklch, type Oklch, type Rgb } from './color';

/** From density 0 to 1: away from the background. Dark themes end in light yellow, light themes in dark blue. */
const darkEnds: readonly [Oklch, Oklch] = [
  { lightness: 0.29, chroma: 0.1, hue: 288 },
  { lightness: 0.9, chroma: 0.13, hue: 100 },
];
const lightEnds: readonly [Oklch, Oklch] = [
  { lightness: 0.965, chroma: 0.05, hue: 104 },
  { lightness: 0.33, chroma: 0.12, hue: 284 },
];

/** sRGB, 0 to 255, of a share 0 to 1. */
export function ramp(share: number, dark: boolean): Rgb {
  const t = Math.min(1, Math.max(0, share));
  const [from, to] = dark ? darkEnds : lightEnds;
  return fromOklch({
    lightness: mix(from.lightness, to.lightness, t),
    chroma: mix(from.chroma, to.chroma, t),
    hue: mix(from.hue, to.hue, t),
  });
}

function mix(from: number, to: number, t: number): number {
  return from + (to - from) * t;
}

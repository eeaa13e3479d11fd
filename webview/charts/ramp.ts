/**
 * The colour ramp of the heatmaps, computed in Oklab (Ottosson 2020), where equal distances look equally large:
 * lightness changes evenly from end to end, so that it reads in grey and with any colour blindness; the hue turns
 * evenly from violet over teal to yellow, ends which every common kind of colour blindness keeps apart.
 */
export type Rgb = readonly [red: number, green: number, blue: number];
type Lab = readonly [lightness: number, a: number, b: number];

interface Stop {
  readonly lightness: number;
  readonly chroma: number;
  /** Degrees. */
  readonly hue: number;
}

/** From density 0 to 1: away from the background. Dark themes end in light yellow, light themes in dark blue. */
const darkEnds: readonly [Stop, Stop] = [
  { lightness: 0.29, chroma: 0.1, hue: 288 },
  { lightness: 0.9, chroma: 0.13, hue: 100 },
];
const lightEnds: readonly [Stop, Stop] = [
  { lightness: 0.965, chroma: 0.05, hue: 104 },
  { lightness: 0.33, chroma: 0.12, hue: 284 },
];

/** sRGB, 0 to 255, of a share 0 to 1. */
export function ramp(share: number, dark: boolean): Rgb {
  const t = Math.min(1, Math.max(0, share));
  const [from, to] = dark ? darkEnds : lightEnds;
  const chroma = mix(from.chroma, to.chroma, t);
  const angle = (mix(from.hue, to.hue, t) * Math.PI) / 180;
  return toRgb([mix(from.lightness, to.lightness, t), chroma * Math.cos(angle), chroma * Math.sin(angle)]);
}

function mix(from: number, to: number, t: number): number {
  return from + (to - from) * t;
}

function toRgb([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function encode(linear: number): number {
  const clipped = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055));
}

function decode(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Relative luminance (WCAG 2). */
export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * decode(red) + 0.7152 * decode(green) + 0.0722 * decode(blue);
}

/** Contrast of two luminances (WCAG 2), 1 to 21. */
export function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** Black or white, whichever reads better on the colour. */
export function textOn(color: Rgb): '#000000' | '#ffffff' {
  const light = luminance(color);
  return contrast(light, 0) >= contrast(light, 1) ? '#000000' : '#ffffff';
}

export function cssColor([red, green, blue]: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`;
}

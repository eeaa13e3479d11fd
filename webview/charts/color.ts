/** Colours as numbers: read from CSS, mixed, measured, and moved in lightness until they can be seen. Pure. */

/** sRGB, 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

export interface Translucent {
  readonly rgb: Rgb;
  /** 0 to 1. */
  readonly alpha: number;
}

/** Lightness 0 to 1, chroma from 0, hue in degrees: Oklab (Ottosson 2020) in polar form, where equal steps look equal. */
export interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

/** A colour as VS Code writes it into its variables: #rgb, #rgba, #rrggbb, #rrggbbaa, rgb() and rgba(); else undefined. */
export function parseColor(text: string): Translucent | undefined {
  const hex = /^#([\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const pairs = (hex.length < 6 ? hex.replace(/./g, '$&$&') : hex).match(/../g) ?? [];
    const [red = 0, green = 0, blue = 0, alpha = 255] = pairs.map(pair => parseInt(pair, 16));
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  }
  const parts = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+)(%?))?\s*\)$/i.exec(text.trim());
  if (!parts) return undefined;
  const [, red, green, blue, alpha = '1', percent = ''] = parts;
  return { rgb: [Number(red), Number(green), Number(blue)], alpha: Number(alpha) / (percent === '' ? 1 : 100) };
}

export function cssColor([red, green, blue]: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`;
}

function decode(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function encode(linear: number): number {
  const clipped = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055));
}

type Triple = readonly [number, number, number];

function oklab([red, green, blue]: Rgb): Triple {
  const [r, g, b] = [decode(red), decode(green), decode(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Linear sRGB; outside 0 to 1 where the screen cannot show the colour. */
function linear({ lightness, chroma, hue }: Oklch): Triple {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

export function toOklch(rgb: Rgb): Oklch {
  const [lightness, a, b] = oklab(rgb);
  return { lightness, chroma: Math.hypot(a, b), hue: ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360 };
}

/** The nearest colour of the same lightness and hue that a screen can show: less chroma where there is too much. */
export function fromOklch(color: Oklch): Rgb {
  const shown = (chroma: number): boolean =>
    linear({ ...color, chroma }).every(channel => channel >= -0.0005 && channel <= 1.0005);
  let { chroma } = color;
  if (!shown(chroma)) {
    let least = 0;
    for (let i = 0; i < 16; i++) {
      const middle = (least + chroma) / 2;
      if (shown(middle)) least = middle;
      else chroma = middle;
    }
    chroma = least;
  }
  const [red, green, blue] = linear({ ...color, chroma });
  return [encode(red), encode(green), encode(blue)];
}

/** How different two colours look: their distance in Oklab; black to white is 1. */
export function distance(one: Rgb, other: Rgb): number {
  const [a, b] = [oklab(one), oklab(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** Relative luminance (WCAG 2). */
export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * decode(red) + 0.7152 * decode(green) + 0.0722 * decode(blue);
}

/** Contrast of two colours (WCAG 2), 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** Black or white, whichever reads better on the colour. */
export function textOn(color: Rgb): '#000000' | '#ffffff' {
  return contrast(color, black) >= contrast(color, white) ? '#000000' : '#ffffff';
}

/** The colour, moved in lightness at the same hue just as far as it needs for `least` contrast with the surface. */
export function legible(color: Rgb, surface: Rgb, least: number): Rgb {
  if (contrast(color, surface) >= least) return color;
  const away = textOn(surface) === '#ffffff' ? 1 : -1;
  const start = toOklch(color);
  for (let lightness = start.lightness; lightness > 0 && lightness < 1; lightness += away * 0.005) {
    const moved = fromOklch({ ...start, lightness });
    if (contrast(moved, surface) >= least) return moved;
  }
  return away === 1 ? white : black;
}

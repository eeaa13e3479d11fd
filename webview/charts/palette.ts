/**
 * The colours that lines are drawn in: the theme's own where they can be seen and told apart, else moved or replaced.
 * Themes vary: VS Code's orange for charts is translucent, and high contrast has none. Pure.
 */
import { distance, fromOklch, legible, parseColor, type Rgb } from './color';
import { styleIds, styles, type StyleId } from './styles';

/** Of a line or an icon with what lies under it (WCAG 2.1, 1.4.11). */
export const leastContrast = 3;
/** Between any two lines, in Oklab. */
export const leastDistance = 0.1;

/** Value of a CSS variable of the theme; empty where the theme has none. */
export type ReadVariable = (name: string) => string;

/**
 * A colour of the theme as it can be drawn on the surface, made opaque: a line over a grid must look the same all
 * along, and what a theme lays thinly over text would be too faint for it. Undefined where the theme has none.
 */
export function themeColor(text: string, surface: Rgb): Rgb | undefined {
  const color = parseColor(text);
  return color && color.alpha > 0 ? legible(color.rgb, surface, leastContrast) : undefined;
}

/** Tried in this order where a hue is taken: neither dark nor light, then darker, then lighter. */
const lightnesses = [0.65, 0.48, 0.82] as const;

/** A colour of a hue; grey without one. */
function ofHue(hue: number | null, lightness: number, surface: Rgb): Rgb {
  const color = fromOklch({ lightness, chroma: hue === null ? 0 : 0.15, hue: hue ?? 0 });
  return legible(color, surface, leastContrast);
}

/**
 * One colour for each style; in the order of `styleIds` each keeps clear of those before it, as far as there is room: with
 * all methods in one chart, dash and marker tell apart what colour cannot.
 */
export function methodColors(read: ReadVariable, surface: Rgb): Readonly<Record<StyleId, Rgb>> {
  const chosen = new Map<StyleId, Rgb>();
  const room = (color: Rgb): number =>
    Math.min(Number.POSITIVE_INFINITY, ...[...chosen.values()].map(other => distance(color, other)));
  const replacementsOf = (id: StyleId): Rgb[] => {
    const hues = [styles[id].hue, ...styleIds.map(other => styles[other].hue)];
    return hues.flatMap(hue => lightnesses.map(lightness => ofHue(hue, lightness, surface)));
  };
  for (const id of styleIds) {
    const own = themeColor(read(styles[id].variable), surface);
    if (own && room(own) >= leastDistance) {
      chosen.set(id, own);
      continue;
    }
    const replacements = replacementsOf(id);
    const clear = replacements.find(color => room(color) >= leastDistance);
    chosen.set(id, clear ?? replacements.reduce((best, color) => (room(color) > room(best) ? color : best)));
  }
  return Object.fromEntries(chosen) as Readonly<Record<StyleId, Rgb>>;
}

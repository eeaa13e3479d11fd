/** The theme's colours as the heatmaps need them: numbers. */
import { parseColor } from '../charts/color';
import type { Theme } from '../ui/theme';
import type { Palette } from './matrixPaint';

export function paletteOf(theme: Theme): Palette {
  const rgb = (color: string, fallback: readonly [number, number, number]) => parseColor(color)?.rgb ?? fallback;
  return {
    dark: theme.dark,
    background: rgb(theme.background, theme.dark ? [31, 31, 31] : [255, 255, 255]),
    foreground: rgb(theme.muted, theme.dark ? [157, 157, 157] : [90, 90, 90]),
    bad: rgb(getComputedStyle(document.body).getPropertyValue('--wt-bad').trim(), [220, 60, 50]),
    left: rgb(theme.colors.iterative, [80, 160, 250]),
    right: rgb(theme.colors['random-reinit'], [230, 140, 60]),
  };
}

import { describe, expect, it } from 'vitest';
import {
  contrast,
  distance,
  fromOklch,
  legible,
  parseColor,
  textOn,
  toOklch,
  type Rgb,
} from '../../../webview/charts/color';

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];

describe('colours as VS Code writes them', () => {
  it.each([
    ['#0f8', [0, 255, 136], 1],
    ['#0f88', [0, 255, 136], 0x88 / 255],
    ['#D18616', [209, 134, 22], 1],
    ['#d1861680', [209, 134, 22], 0x80 / 255],
    ['rgb(1, 20, 255)', [1, 20, 255], 1],
    [' rgba(234, 92, 0, 0.33) ', [234, 92, 0], 0.33],
    ['rgb(234 92 0 / 33%)', [234, 92, 0], 0.33],
  ])('%s', (text, rgb, alpha) => {
    expect(parseColor(text)).toEqual({ rgb, alpha });
  });

  it.each(['', 'transparent', '#12345', 'var(--x)', 'rgb(1, 2)', '#gggggg'])('"%s" is none of them', text => {
    expect(parseColor(text)).toBeUndefined();
  });
});

describe('contrast', () => {
  it('is that of WCAG 2', () => {
    expect(contrast(white, black)).toBeCloseTo(21, 6);
    expect(contrast([118, 118, 118], white)).toBeCloseTo(4.54, 2);
    expect(textOn([118, 118, 118])).toBe('#000000');
    expect(textOn([100, 100, 100])).toBe('#ffffff');
  });
});

describe('Oklch', () => {
  it('comes back as the colour it was made of', () => {
    for (const rgb of [[234, 92, 0], [1, 99, 211], [55, 78, 6], white, black] as const) {
      fromOklch(toOklch(rgb)).forEach((channel, index) => {
        expect(Math.abs(channel - rgb[index]!)).toBeLessThanOrEqual(1);
      });
    }
  });

  it('gives up chroma, not lightness or hue, where a screen cannot show the colour', () => {
    const wanted = { lightness: 0.8, chroma: 0.4, hue: 260 };
    const shown = toOklch(fromOklch(wanted));
    expect(shown.lightness).toBeCloseTo(0.8, 1);
    expect(Math.abs(shown.hue - 260)).toBeLessThan(3);
    expect(shown.chroma).toBeLessThan(0.2);
  });

  it('measures how different colours look', () => {
    expect(distance(white, black)).toBeCloseTo(1, 3);
    expect(distance([234, 92, 0], [234, 92, 0])).toBe(0);
  });
});

describe('a colour that must be seen', () => {
  it('stays as it is where it can be', () => {
    expect(legible([234, 92, 0], [31, 31, 31], 3)).toEqual([234, 92, 0]);
  });

  it.each([
    ['brown on black', [60, 25, 0], black],
    ['yellow on white', [255, 220, 0], white],
    ['blue on dark blue', [0, 40, 90], [0, 20, 60]],
    ['grey on the same grey', [120, 120, 120], [120, 120, 120]],
  ] as const)('is moved in lightness at its hue, no further than it needs: %s', (_, color, surface) => {
    const moved = legible(color, surface, 3);
    expect(contrast(moved, surface)).toBeGreaterThanOrEqual(3);
    expect(contrast(moved, surface)).toBeLessThan(3.2);
    const [before, after] = [toOklch(color), toOklch(moved)];
    if (before.chroma > 0.02) expect(Math.abs(before.hue - after.hue)).toBeLessThan(6);
  });
});

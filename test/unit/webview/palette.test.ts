import { describe, expect, it } from 'vitest';
import { methods } from '../../../src/shared/report';
import { contrast, distance, parseColor, toOklch, type Rgb } from '../../../webview/charts/color';
import { leastContrast, leastDistance, methodColors, themeColor } from '../../../webview/charts/palette';
import { styleIds, styles, type StyleId } from '../../../webview/charts/styles';
import { themes, type ThemeName } from '../../support/themes';

const names = Object.keys(themes) as ThemeName[];
const surfaces = ['--vscode-editor-background', '--vscode-sideBar-background'];
const cases = names.flatMap(name => surfaces.map(surface => [name, surface] as const));

/** The methods of the first paper, which most charts have. */
const classic: readonly StyleId[] = ['dense', 'iterative', 'one-shot', 'random-reinit', 'random-mask'];

/** The least distance between any two of the styles. */
function closest(read: (name: string) => string, surface: Rgb, ids: readonly StyleId[]): number {
  const colors = methodColors(read, surface);
  for (const id of styleIds) expect(contrast(colors[id], surface), id).toBeGreaterThanOrEqual(leastContrast);
  const distances = ids.flatMap((one, index) =>
    ids.slice(index + 1).map(other => distance(colors[one], colors[other])),
  );
  return Math.min(...distances);
}

describe('the colours of the methods', () => {
  it.each(cases)('can be seen and told apart: %s, on %s', (name, variable) => {
    const { variables } = themes[name];
    const surface = parseColor(variables[variable] ?? '')!.rgb;
    const read = (one: string): string => variables[one] ?? '';
    expect(closest(read, surface, classic)).toBeGreaterThanOrEqual(leastDistance);
    // all fifteen in one chart: nearly as far apart, and each with a marker of its own
    expect(closest(read, surface, styleIds)).toBeGreaterThanOrEqual(0.09);
  });

  it('are the theme’s own where those serve', () => {
    const colors = methodColors(name => themes.dark.variables[name] ?? '', [31, 31, 31]);
    expect(colors.iterative).toEqual(parseColor(themes.dark.variables[styles.iterative.variable]!)!.rgb);
  });

  it('are found without a theme, on any surface', () => {
    for (let grey = 0; grey <= 255; grey += 15) {
      const surface: Rgb = [grey, grey, grey];
      expect(
        closest(() => '', surface, classic),
        String(grey),
      ).toBeGreaterThan(0.07);
    }
  });

  it('part where a theme gives one colour to all', () => {
    expect(closest(() => '#292929', [255, 255, 255], classic)).toBeGreaterThanOrEqual(leastDistance);
  });
});

describe('the markers of the methods', () => {
  it('are all different, so that a chart reads without colour', () => {
    const markers = styleIds.filter(id => id !== 'dense').map(id => styles[id].marker);
    expect(new Set(markers).size).toBe(markers.length);
    expect(markers).not.toContain('');
  });

  it('are there for every method', () => {
    for (const method of methods) expect(styleIds).toContain(method);
  });
});

describe('a colour of the theme', () => {
  it('is drawn opaque, in its hue: charts-orange is a third of an orange', () => {
    const orange = themeColor('rgba(234, 92, 0, 0.33)', [31, 31, 31])!;
    expect(contrast(orange, [31, 31, 31])).toBeGreaterThanOrEqual(3);
    expect(Math.abs(toOklch(orange).hue - toOklch([234, 92, 0]).hue)).toBeLessThan(3);
  });

  it('is none where the theme leaves it out or makes it invisible', () => {
    expect(themeColor('', [0, 0, 0])).toBeUndefined();
    expect(themeColor('rgba(0, 0, 0, 0)', [0, 0, 0])).toBeUndefined();
  });
});

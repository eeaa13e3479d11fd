import { describe, expect, it } from 'vitest';
import { contrast, distance, parseColor, toOklch, type Rgb } from '../../../webview/charts/color';
import { leastContrast, leastDistance, methodColors, themeColor } from '../../../webview/charts/palette';
import { styleIds, styles } from '../../../webview/charts/styles';
import { themes, type ThemeName } from '../../support/themes';

const names = Object.keys(themes) as ThemeName[];
const surfaces = ['--vscode-editor-background', '--vscode-sideBar-background'];
const cases = names.flatMap(name => surfaces.map(surface => [name, surface] as const));

function paletteOf(read: (name: string) => string, surface: Rgb): [Rgb, Rgb][] {
  const colors = methodColors(read, surface);
  for (const id of styleIds) expect(contrast(colors[id], surface), id).toBeGreaterThanOrEqual(leastContrast);
  return styleIds.flatMap((one, index) =>
    styleIds.slice(index + 1).map((other): [Rgb, Rgb] => [colors[one], colors[other]]),
  );
}

describe('the colours of the methods', () => {
  it.each(cases)('can be seen and told apart: %s, on %s', (name, variable) => {
    const { variables } = themes[name];
    const surface = parseColor(variables[variable] ?? '')!.rgb;
    for (const [one, other] of paletteOf(variable => variables[variable] ?? '', surface)) {
      expect(distance(one, other)).toBeGreaterThanOrEqual(leastDistance);
    }
  });

  it('are the theme’s own where those serve', () => {
    const colors = methodColors(name => themes.dark.variables[name] ?? '', [31, 31, 31]);
    expect(colors.iterative).toEqual(parseColor(themes.dark.variables[styles.iterative.variable]!)!.rgb);
  });

  it('are found without a theme, on any surface', () => {
    for (let grey = 0; grey <= 255; grey += 15) {
      const pairs = paletteOf(() => '', [grey, grey, grey]);
      expect(Math.min(...pairs.map(([one, other]) => distance(one, other))), String(grey)).toBeGreaterThan(0.07);
    }
  });

  it('part where a theme gives one colour to all', () => {
    for (const [one, other] of paletteOf(() => '#292929', [255, 255, 255])) {
      expect(distance(one, other)).toBeGreaterThanOrEqual(leastDistance);
    }
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

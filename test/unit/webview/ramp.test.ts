import { describe, expect, it } from 'vitest';
import { contrast, textOn, type Rgb } from '../../../webview/charts/color';
import { ramp } from '../../../webview/charts/ramp';

/** sRGB → Oklab (Ottosson 2020), to judge the ramp apart from the code that makes it. */
function oklab(rgb: Rgb): [number, number, number] {
  const [r, g, b] = rgb.map(channel => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const shares = Array.from({ length: 17 }, (_, i) => i / 16);

describe.each([
  ['dark', true],
  ['light', false],
] as const)('the heatmap ramp of %s themes', (_, dark) => {
  const colors = shares.map(share => ramp(share, dark));

  it('grows away from the background in lightness, without turning back', () => {
    const lights = colors.map(color => oklab(color)[0]);
    for (let i = 1; i < lights.length; i++) {
      if (dark) expect(lights[i]).toBeGreaterThan(lights[i - 1]!);
      else expect(lights[i]).toBeLessThan(lights[i - 1]!);
    }
  });

  it('is even: no step looks more than one and a half times another', () => {
    const steps = colors.slice(1).map((color, i) => {
      const [a, b] = [oklab(colors[i]!), oklab(color)];
      return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    });
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.5);
  });

  it('carries text that reads on every colour (WCAG AA)', () => {
    for (const color of colors) {
      const text: Rgb = textOn(color) === '#ffffff' ? [255, 255, 255] : [0, 0, 0];
      expect(contrast(color, text)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

it('stays at its ends beyond them', () => {
  expect(ramp(-1, true)).toEqual(ramp(0, true));
  expect(ramp(2, false)).toEqual(ramp(1, false));
});

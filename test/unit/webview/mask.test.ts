import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kernelAxes, maskLimits, type KernelAxes, type MaskPart } from '../../../src/shared/mask';
import { ramp } from '../../../webview/charts/ramp';
import { Pyramid, spanFor } from '../../../webview/mask/cells';
import { colorOf, encodeCells, encodeWeights, maskModes, maskPalette } from '../../../webview/mask/colors';
import { kernelCorner, maskLayout, weightAtPlace } from '../../../webview/mask/layout';
import { barShares } from '../../../webview/mask/margins';
import { emptyCounts, MaskPicture } from '../../../webview/mask/picture';
import { blockSpan, layoutOf, piecesOf } from '../../../webview/mask/pieces';
import { imageOf, pixelCounts } from '../../../webview/mask/pixels';
import { emptyRanges } from '../../../webview/mask/words';
import { sampleReports } from '../../support/sampleReports';

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
  fc.tuple(...[5, 5, 12, 12].map(max => fc.integer({ min: 1, max }))),
);
const count = ({ outputs, inputs, height, width }: KernelAxes): number => outputs * inputs * height * width;

/** A whole layer as the host answers: weight `index` in order of outputs, inputs, places; null: pruned. */
function partOf(weights: readonly (number | null)[]): Extract<MaskPart, { kind: 'weights' }> {
  const kept = new Uint8Array(Math.ceil(weights.length / 8));
  weights.forEach((weight, at) => {
    if (weight !== null) kept[at >> 3]! |= 1 << (at & 7);
  });
  const values = Float32Array.from(weights.filter(weight => weight !== null));
  return { kind: 'weights', kept: kept.buffer, values: values.buffer };
}

/** Two of three are pruned, every other one is below 0. */
const weightOf = (index: number): number | null => (index % 3 ? null : (index + 1) * (index % 2 ? -1 : 1));

function filled(shape: readonly number[]) {
  const axes = kernelAxes(shape);
  const layout = maskLayout(axes);
  const picture = new MaskPicture(layout);
  const counts = emptyCounts(layout);
  const weights = Array.from({ length: count(axes) }, (_, index) => weightOf(index));
  const { outputs, inputs } = axes;
  picture.fill({ output: 0, outputs, input: 0, inputs }, partOf(weights), counts);
  return { axes, layout, picture, counts, weights };
}

describe('the layout of a layer', () => {
  test('shows every weight once, and what is left over belongs to none', () => {
    fc.assert(
      fc.property(shapes, shape => {
        const layout = maskLayout(kernelAxes(shape));
        const seen = new Set<string>();
        for (let row = 0; row < layout.rows; row++) {
          for (let column = 0; column < layout.columns; column++) {
            const place = weightAtPlace(layout, row, column);
            if (!place) continue;
            seen.add(Object.values(place).join());
            const corner = kernelCorner(layout, place.output, place.input);
            expect([corner.row + place.y, corner.column + place.x]).toEqual([row, column]);
          }
        }
        expect(seen.size).toBe(count(layout.axes));
      }),
      { numRuns: 60 },
    );
  });

  test('dense: outputs down, inputs across; convolutions: filters of few kernels side by side, squares', () => {
    expect(maskLayout(kernelAxes([784, 300]))).toMatchObject({ rows: 300, columns: 784, across: 1 });
    expect(maskLayout(kernelAxes([784, 300])).square).toBeUndefined();
    expect(maskLayout(kernelAxes([3, 3, 128, 128]))).toMatchObject({ rows: 384, columns: 384, square: true });
    const first = maskLayout(kernelAxes([5, 5, 1, 32]));
    expect(first.across).toBeGreaterThan(1);
    expect(first.columns / first.rows).toBeLessThan(4);
    // a depthwise kernel has a filter for each channel
    expect(maskLayout(kernelAxes([3, 3, 64, 1]))).toMatchObject({ byInput: true, filters: 64, kernels: 1 });
  });
});

test('a picture has each weight where the layout says, and counts them by outputs and inputs', () => {
  fc.assert(
    fc.property(shapes, shape => {
      const { axes, layout, picture, counts, weights } = filled(shape);
      const { inputs, height, width } = axes;
      const kept = weights.filter(weight => weight !== null);
      expect(counts).toMatchObject({ total: weights.length, kept: kept.length });
      expect(counts.positive).toBe(kept.filter(weight => weight > 0).length);
      expect(counts.largest).toBe(Math.max(0, ...kept.map(Math.abs)));
      expect(counts.outputs.reduce((sum, one) => sum + one, 0)).toBe(kept.length);
      const limit = counts.largest;
      for (let row = 0; row < layout.rows; row++) {
        for (let column = 0; column < layout.columns; column++) {
          const codes = encodeWeights(picture, { row, column, rows: 1, columns: 1 }, limit);
          const place = weightAtPlace(layout, row, column);
          if (!place) expect([...codes]).toEqual([0, 0, 0, 0]);
          else {
            const at = ((place.output * inputs + place.input) * height + place.y) * width + place.x;
            const weight = weights[at] ?? null;
            expect(codes[0]).toBe(weight === null ? 0 : 255);
            expect(codes[1]).toBe(weight !== null && weight > 0 ? 255 : 0);
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('cells of any size hold the sums of what they span, whichever way they were made', () => {
  const { picture, layout } = filled([37, 21]);
  const direct = new Pyramid(picture);
  const steps = new Pyramid(picture);
  for (const [down, across] of [[1, 2], [2, 2], [2, 8], [4, 8], [32, 64]] as const) steps.grid(down, across); // prettier-ignore
  for (const [down, across] of [
    [4, 8],
    [32, 64],
  ] as const) {
    const grid = direct.grid(down, across);
    expect(steps.grid(down, across)).toEqual(grid);
    for (let cell = 0; cell < grid.all.length; cell++) {
      const [top, left] = [Math.floor(cell / grid.columns) * down, (cell % grid.columns) * across];
      let [all, kept, positive, magnitude] = [0, 0, 0, 0];
      for (let row = top; row < Math.min(layout.rows, top + down); row++) {
        for (let column = left; column < Math.min(layout.columns, left + across); column++) {
          const weight = weightOf(row * 37 + column);
          all++;
          if (weight === null) continue;
          kept++;
          if (weight > 0) positive++;
          magnitude += Math.abs(weight);
        }
      }
      expect([grid.all[cell], grid.kept[cell], grid.positive[cell], grid.magnitude[cell]]).toEqual(
        [all, kept, positive, magnitude], // prettier-ignore
      );
    }
  }
});

test('cells are as small as can be seen', () => {
  expect([3, 1, 0.6, 0.5, 0.1].map(pixels => spanFor(pixels, 1))).toEqual([1, 1, 2, 2, 16]);
});

test('one kept weight among thousands is still to be seen, in every mode', () => {
  const { picture } = filled([64, 64]);
  picture.bits.fill(0xffffffff);
  picture.values[1000] = 0.001;
  const grid = new Pyramid(picture).grid(64, 64);
  const codes = encodeCells(grid, { row: 0, column: 0, rows: 1, columns: 1 }, 100);
  const palette = maskPalette([31, 31, 31], [200, 0, 0], true);
  for (const mode of maskModes) expect(colorOf(palette, mode, codes, 0), mode).not.toEqual(palette.pruned);
});

test('a weight that is no number is marked, and not taken for a pruned one', () => {
  const layout = maskLayout(kernelAxes([3, 1]));
  const picture = new MaskPicture(layout);
  picture.fill({ output: 0, outputs: 1, input: 0, inputs: 3 }, partOf([NaN, Infinity, null]));
  const codes = encodeWeights(picture, { row: 0, column: 0, rows: 1, columns: 3 }, 1);
  const palette = maskPalette([31, 31, 31], [200, 1, 2], true);
  const colors = [0, 4, 8].map(at => colorOf(palette, 'sign', codes, at));
  expect(colors).toEqual([palette.bad, palette.bad, palette.pruned]);
});

test.each([true, false])('signs, pruned and page differ in lightness too (dark: %s)', dark => {
  const palette = maskPalette(dark ? [31, 31, 31] : [255, 255, 255], [200, 0, 0], dark);
  const grey = ([red, green, blue]: readonly number[]): number => 0.3 * red! + 0.59 * green! + 0.11 * blue!;
  const greys = [palette.pruned, palette.negative, palette.positive].map(grey);
  const away = dark ? greys : greys.map(one => 255 - one);
  expect(away[1]! - away[0]!).toBeGreaterThan(40);
  expect(away[2]! - away[1]!).toBeGreaterThan(40);
  expect(palette.ramp[255]).toEqual(ramp(1, dark));
});

test('a layer is asked for in pieces that cover it once, within the limits', () => {
  const sizes = fc.constantFrom(1, 7, 300, 784, 4096, 7168, 50_257);
  fc.assert(
    fc.property(sizes, sizes, fc.constantFrom(1, 3, 5), (outputs, inputs, side) => {
      const axes = { outputs, inputs, height: side, width: side };
      const span = blockSpan(axes);
      let covered = 0;
      for (const region of piecesOf(axes, span)) {
        const weights = region.outputs * region.inputs * side * side;
        covered += weights;
        expect(weights).toBeLessThanOrEqual(span === null ? maskLimits.weights : maskLimits.blockWeights);
        if (span === null) continue;
        expect(region.output % span).toBe(0);
        expect(region.input % span).toBe(0);
        const blocks = Math.ceil(region.outputs / span) * Math.ceil(region.inputs / span);
        expect(blocks).toBeLessThanOrEqual(maskLimits.blocks);
      }
      expect(covered).toBe(count(axes));
      expect(span === null || layoutOf(axes).across === 1).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe('pixels of the input', () => {
  const report = { ...sampleReports.done(), inputShape: [28, 28, 1] };

  test('count the weights of all their channels', () => {
    const pixels = pixelCounts(
      { height: 2, width: 2, channels: 3 },
      Uint32Array.of(1, 2, 3, 0, 0, 0, 5, 0, 0, 1, 1, 1),
      9,
    );
    expect(pixels).toMatchObject({ kept: Uint32Array.of(6, 0, 5, 3), most: 27, dead: 1 });
  });

  test('are those of a first dense layer that has one input for each', () => {
    expect(imageOf(report, 'dense_1')).toEqual({ height: 28, width: 28, channels: 1 });
    expect(imageOf({ ...report, inputShape: [28, 28] }, 'dense_1')).toEqual({ height: 28, width: 28, channels: 1 });
    expect(imageOf(report, 'dense_2')).toMatch(/Only the first layer/);
    expect(imageOf({ ...report, inputShape: [784] }, 'dense_1')).toMatch(/no images/);
    expect(imageOf({ ...report, inputShape: [28, 28, 3] }, 'dense_1')).toMatch(/not the pixels/);
    const convolution = { ...report.layers[0]!, shape: [5, 5, 1, 6] };
    expect(imageOf({ ...report, layers: [convolution] }, 'dense_1')).toMatch(/convolution/);
  });
});

test('bars beside the picture are means over what a screen pixel spans, and end with the matrix', () => {
  const counts = Uint32Array.of(4, 0, 2, 2);
  expect(barShares(counts, 1, 0, 1, 5)).toEqual([1, 0, 0.5, 0.5, null]);
  expect(barShares(counts, 1, 0, 0.5, 2)).toEqual([0.5, 0.5]);
  expect(barShares(counts, 1, 1, 2, 4)).toEqual([0, 0, 0.5, 0.5]);
  // kernels of two rows
  expect(barShares(counts, 2, 0, 1, 4)).toEqual([1, 1, 0, 0]);
});

test('what is empty is listed as ranges, cut where they are many', () => {
  expect(emptyRanges(Uint32Array.of(0, 1, 0, 0, 0, 2, 0), 5)).toEqual({ count: 5, text: '0, 2–4, 6' });
  expect(emptyRanges(Uint32Array.of(0, 1, 0, 1, 0), 1)).toEqual({ count: 3, text: '0 and 2 more ranges' });
});

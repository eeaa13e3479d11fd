/** The definitions of TensorStatistics, each by itself, over all values at once and in no hurry. */
import { histogramBins, histogramFirst, type TensorStatistics } from '../../src/shared/inspection';
import type { TensorLayout } from '../../src/sparsity/layout';

export function naiveStatistics(values: readonly number[], layout: TensorLayout): TensorStatistics {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, x) => sum + x, 0) / finite.length;
  const std = Math.sqrt(finite.reduce((sum, x) => sum + (x - mean) ** 2, 0) / finite.length);
  const { outputAxis, inputAxis, shape } = layout;
  const empty = values.length === 0;
  return {
    count: values.length,
    zeros: values.filter(x => x === 0).length,
    nans: values.filter(Number.isNaN).length,
    infinities: values.filter(x => Math.abs(x) === Infinity).length,
    minimum: finite.length > 0 ? finite.reduce((a, b) => (b < a ? b : a)) + 0 : null,
    maximum: finite.length > 0 ? finite.reduce((a, b) => (b > a ? b : a)) + 0 : null,
    mean: finite.length > 0 ? mean : null,
    std: finite.length > 0 ? std : null,
    histogram: histogramOf(finite),
    deadOutputs: outputAxis === null || empty ? null : deadSlices(values, shape, outputAxis),
    deadInputs: inputAxis === null || empty ? null : deadSlices(values, shape, inputAxis),
    patterns:
      inputAxis === null || empty
        ? []
        : [
            [2, 4],
            [4, 8],
          ]
            .filter(([, m]) => shape[inputAxis]! % m! === 0)
            .map(([n, m]) => pattern(values, shape, inputAxis, n!, m!)),
    emptyBlocks: blocks(values, layout),
  };
}

/** Place along each axis of a position. */
export function placesOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape
    .toReversed()
    .map(size => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    })
    .toReversed();
}

function histogramOf(finite: readonly number[]): number[] {
  const bins = new Array<number>(histogramBins).fill(0);
  for (const x of finite) {
    if (x === 0) continue;
    let bin = 0;
    while (bin < histogramBins - 1 && Math.abs(x) >= 2 ** (bin + 1 + histogramFirst)) bin++;
    bins[bin]!++;
  }
  return bins;
}

function deadSlices(
  values: readonly number[],
  shape: readonly number[],
  axis: number,
): { dead: number; total: number } {
  const total = shape[axis]!;
  const alive = new Set(values.flatMap((x, i) => (x !== 0 ? [placesOf(i, shape)[axis]!] : [])));
  return { dead: total - alive.size, total };
}

function pattern(values: readonly number[], shape: readonly number[], axis: number, n: number, m: number) {
  const kept = new Map<string, number>();
  values.forEach((x, i) => {
    const places = placesOf(i, shape);
    places[axis] = Math.floor(places[axis]! / m);
    const group = places.join();
    kept.set(group, (kept.get(group) ?? 0) + (x !== 0 ? 1 : 0));
  });
  return { n, m, groups: kept.size, compliant: [...kept.values()].filter(count => count <= n).length };
}

function blocks(
  values: readonly number[],
  { shape, outputAxis, inputAxis }: TensorLayout,
): TensorStatistics['emptyBlocks'] {
  const matrix = shape.length === 2 && outputAxis !== null && inputAxis !== null && outputAxis !== inputAxis;
  if (values.length === 0 || !matrix || shape.some(size => size % 4 !== 0)) return null;
  const alive = new Map<string, boolean>();
  values.forEach((x, i) => {
    const block = placesOf(i, shape)
      .map(place => Math.floor(place / 4))
      .join();
    alive.set(block, (alive.get(block) ?? false) || x !== 0);
  });
  return { empty: [...alive.values()].filter(any => !any).length, total: alive.size };
}

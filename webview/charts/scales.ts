/** Axes: where values lie, and which of them get a label. Pure. */

export interface Tick {
  /** In units of the axis. */
  readonly at: number;
  readonly label: string;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Density (kept / total) on a logarithmic axis with the dense network at its left end, as in the papers: decades below 1. */
export function densityPosition(density: number): number {
  return density <= 0 ? Number.POSITIVE_INFINITY : Math.max(0, -Math.log10(density));
}

const steps125 = [1, 2, 5];

/** Plain text of a share without needless digits: 0.5 → "50 %", 0.002 → "0.2 %". */
function shareLabel(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))} %`;
}

/**
 * Densities 100 %, 50 %, 20 %, 10 % … down to `minimum`, at positions of {@link densityPosition}; at most `most` of
 * them: then the fives and the twos fall away, then whole decades.
 */
export function densityTicks(minimum: number, most: number): readonly Tick[] {
  const decades = Math.ceil(densityPosition(minimum)) + 1;
  const all = (mantissas: readonly number[], stride: number): Tick[] => {
    const ticks: Tick[] = [];
    for (let decade = 0; decade <= decades; decade += stride) {
      for (const mantissa of [...mantissas].reverse()) {
        const density = Number(`${mantissa}e-${decade}`);
        if (density > 1 || density < minimum * 0.999) continue;
        ticks.push({ at: densityPosition(density), label: shareLabel(density) });
      }
    }
    return ticks;
  };
  for (const mantissas of [steps125, [1, 3], [1]]) {
    const ticks = all(mantissas, 1);
    if (ticks.length <= Math.max(2, most)) return ticks;
  }
  let stride = 2;
  while (all([1], stride).length > Math.max(2, most)) stride++;
  return all([1], stride);
}

/** The next larger of 1, 2, 5 times a power of ten. */
export function niceStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = [...steps125, 10].find(step => step * power >= rough * (1 - 1e-9)) ?? 10;
  return mantissa * power;
}

/** Multiples of a nice step within the range, about `most` at most. */
export function linearTicks(
  range: Range,
  most: number,
  label: (value: number, step: number) => string,
): readonly Tick[] {
  const step = niceStep((range.max - range.min) / Math.max(1, most));
  const ticks: Tick[] = [];
  const first = Math.ceil(range.min / step - 1e-9);
  const last = Math.floor(range.max / step + 1e-9);
  for (let index = first; index <= last; index++) {
    const value = Number((index * step).toPrecision(12));
    ticks.push({ at: value, label: label(value, step) });
  }
  return ticks;
}

/** Decimals that tell neighbouring multiples of `step` apart. */
export function decimalsOf(step: number): number {
  return Math.min(10, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

/** "97.5 %": as many digits as the distance between ticks asks for; fractions in, both. */
export function percentTick(value: number, step: number): string {
  return `${(value * 100).toFixed(decimalsOf(step * 100))} %`;
}

/** 5000 → "5,000"; 12000 → "12k" where labels lie far apart. */
export function countTick(value: number, step: number): string {
  if (step >= 1e6) return `${Number((value / 1e6).toPrecision(6))}M`;
  if (step >= 1000 && value >= 10_000) return `${Number((value / 1000).toPrecision(6))}k`;
  return value.toLocaleString('en-US');
}

/** A loss: as many digits as the distance between ticks asks for. */
export function lossTick(value: number, step: number): string {
  return value.toFixed(decimalsOf(step));
}

/**
 * A range that holds all values with a little air, its ends on nice steps so that it changes rarely while points
 * arrive. `bounds`: what the quantity cannot leave, e.g. 0 to 1 for an accuracy.
 */
export function niceRange(values: readonly number[], smallest: number, bounds: Range): Range {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { min: bounds.min, max: Number.isFinite(bounds.max) ? bounds.max : bounds.min + 1 };
  let min = finite.reduce((a, b) => Math.min(a, b));
  let max = finite.reduce((a, b) => Math.max(a, b));
  const missing = smallest - (max - min);
  if (missing > 0) {
    min -= missing / 2;
    max += missing / 2;
  }
  const air = (max - min) * 0.06;
  const step = niceStep((max - min) / 5) / 2;
  const floor = Math.floor((min - air) / step + 1e-9) * step;
  const ceiling = Math.ceil((max + air) / step - 1e-9) * step;
  return {
    min: Number(Math.max(bounds.min, floor).toPrecision(12)),
    max: Number(Math.min(bounds.max, ceiling).toPrecision(12)),
  };
}

/**
 * The range before, as long as it holds all values and they fill half of it: an axis that moves with every point that
 * arrives is hard to follow. Else the fresh one.
 */
export function steadyRange(before: Range | undefined, fresh: Range, values: readonly number[]): Range {
  if (!before) return fresh;
  const holds = values.every(value => !Number.isFinite(value) || (value >= before.min && value <= before.max));
  return holds && fresh.max - fresh.min >= (before.max - before.min) / 2 ? before : fresh;
}

/** Labels that would touch are dropped: keeps the first, then each at least `gap` units on. */
export function thin(ticks: readonly Tick[], gap: number): readonly Tick[] {
  let last = Number.NEGATIVE_INFINITY;
  return ticks.filter(tick => {
    if (tick.at - last < gap) return false;
    last = tick.at;
    return true;
  });
}

/** Which line of a chart the pointer means. Pure. */
import type { PlotSeries } from './model';

/** CSS pixels from a line within which the pointer means it. */
const reach = 14;
/** With no more lines than this each can be told from the others as it is. */
const fewLines = 3;

/**
 * The series whose line passes nearest to a point, if near enough and if there are many.
 * @param toPixels of a point of the model, the place in the coordinates of the pointer
 */
export function nearestSeries(
  series: readonly PlotSeries[],
  x: number,
  y: number,
  toPixels: (x: number, y: number) => readonly [number, number],
): PlotSeries | undefined {
  if (series.length <= fewLines) return undefined;
  let best: PlotSeries | undefined;
  let least = reach;
  for (const one of series) {
    const places = one.points.map(point => toPixels(point.x, point.y));
    places.forEach((place, index) => {
      const distance = distanceToSegment(x, y, places[Math.max(0, index - 1)]!, place);
      if (distance >= least) return;
      least = distance;
      best = one;
    });
  }
  return best;
}

function distanceToSegment(
  x: number,
  y: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/** What a plot shows; made by pure functions, drawn by `Plot`. */
import type { Range, Tick } from './scales';
import type { StyleId } from './styles';

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Standard deviation over replicates, drawn as a band y ± spread; 0 for one replicate. */
  readonly spread: number;
}

export interface PlotSeries {
  /** Unique in the chart. */
  readonly id: string;
  /** The colour, dash and marker it is drawn with: of the method that it is of, where it is of one. */
  readonly look: StyleId;
  readonly label: string;
  /** Ascending in x, finite. */
  readonly points: readonly PlotPoint[];
  /** A point that is marked, such as the early-stop step. */
  readonly mark?: PlotPoint;
}

export interface PlotAxis {
  readonly range: Range;
  readonly title: string;
  /** Ticks for so many CSS pixels. */
  ticks(pixels: number): readonly Tick[];
  /** From a place on the axis to the quantity in the title, where they differ: what a CSV file gets. */
  readonly value?: (at: number) => number;
}

/** A place the cursor can stand at: a level, a step. */
export interface Stop {
  readonly id: number;
  readonly x: number;
}

export interface PlotModel {
  readonly series: readonly PlotSeries[];
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  /** A second scale along the top, without a grid. */
  readonly top?: { readonly title: string; ticks(pixels: number): readonly Tick[] };
  /** A level line with its band: the dense network. */
  readonly reference?: { readonly y: number; readonly spread: number };
  /** The line on which y equals x. */
  readonly diagonal?: true;
  /** Ascending in x. */
  readonly stops: readonly Stop[];
  /** Every point marked, or just enough of them to tell the lines apart. */
  readonly markers: 'all' | 'sparse';
}

/** The numbers behind a chart. */
export interface TableModel {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly string[])[];
}

/** The stop nearest to x. */
export function nearestStop(stops: readonly Stop[], x: number): Stop | undefined {
  let best: Stop | undefined;
  for (const stop of stops) if (!best || Math.abs(stop.x - x) < Math.abs(best.x - x)) best = stop;
  return best;
}

/** The point of a series at a stop, if it was measured there. */
export function pointAt(series: Pick<PlotSeries, 'points'>, x: number, tolerance: number): PlotPoint | undefined {
  let best: PlotPoint | undefined;
  for (const point of series.points) {
    const distance = Math.abs(point.x - x);
    if (distance <= tolerance && (!best || distance < Math.abs(best.x - x))) best = point;
  }
  return best;
}

/**
 * uPlot's aligned table: all x ascending, then for each series its upper edge, its lower edge and its y (lines lie over
 * bands). `undefined` where a series has no point of its own, `null` where its line is interrupted.
 */
export function alignedData(series: readonly PlotSeries[], visible: Range): (number | null | undefined)[][] {
  const lines = series.map(one => clipLine(one.points, visible));
  const xs = [...new Set(lines.flatMap(line => line.map(point => point.x)))].sort((a, b) => a - b);
  const columns = lines.flatMap(line => {
    const at = new Map(line.map(point => [point.x, point]));
    const column = (side: -1 | 0 | 1) =>
      xs.map(x => {
        const point = at.get(x);
        return point && (point.y === null ? null : point.y + side * point.spread);
      });
    return [column(1), column(-1), column(0)];
  });
  return [xs, ...columns];
}

export interface LinePoint {
  readonly x: number;
  /** null interrupts the line. */
  readonly y: number | null;
  readonly spread: number;
}

/**
 * The part of a line within a range of y: where it leaves or enters, it ends at the edge. (uPlot would move points that
 * lie outside onto the edge, which draws lines that were never measured.)
 */
export function clipLine(points: readonly PlotPoint[], { min, max }: Range): readonly LinePoint[] {
  const inside = (point: PlotPoint): boolean => point.y >= min && point.y <= max;
  const clipped: LinePoint[] = [];
  points.forEach((point, index) => {
    const before = points[index - 1];
    if (before && inside(before) !== inside(point)) {
      const [outer, inner] = inside(point) ? [before, point] : [point, before];
      const edge = outer.y < min ? min : max;
      const t = (edge - inner.y) / (outer.y - inner.y);
      const crossing = {
        x: inner.x + t * (outer.x - inner.x),
        y: edge,
        spread: inner.spread + t * (outer.spread - inner.spread),
      };
      const last = clipped.at(-1);
      if (inside(point) && last) clipped.push({ x: (last.x + crossing.x) / 2, y: null, spread: 0 });
      if (crossing.x !== inner.x) clipped.push(crossing);
    }
    if (inside(point)) clipped.push(point);
  });
  return clipped;
}

/** What the view of one tensor shows beside its statistics: the distribution of its values, and its rows one by one. */
import type { TensorStatistics } from '../shared/inspection';
import type { TensorDetails } from '../shared/inspectorMessages';
import type { TensorLayout } from './layout';
import { matrixViewOf, walk } from './matrixView';
import type { Values } from './structure';

/** Bins of the signed histogram. */
const bins = 64;
/** More rows than any chart shows or network has are not taken one by one. */
const mostRows = 2 ** 20;

export class DetailsAccumulator {
  private readonly view;
  private readonly counts = new Array<number>(bins).fill(0);
  private readonly first: number;
  private readonly width: number;
  private readonly squares: Float64Array | null;
  private readonly zeros: Uint32Array | null;

  /** @param statistics of the same tensor: the range of its values */
  constructor(
    layout: TensorLayout,
    private readonly statistics: TensorStatistics,
  ) {
    this.view = matrixViewOf(layout);
    this.first = statistics.minimum ?? 0;
    // halves first: the difference of two doubles may be beyond doubles
    this.width = ((statistics.maximum ?? 0) / 2 - this.first / 2) / (bins / 2);
    const { rows } = this.view.shape;
    const rowed = layout.shape.length > 1 && rows <= mostRows;
    this.squares = rowed ? new Float64Array(rows) : null;
    this.zeros = rowed ? new Uint32Array(rows) : null;
  }

  /** @param begin position of the first value */
  add(begin: number, values: Values): void {
    const { squares, zeros, counts, first, width } = this;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value === 0 || !Number.isFinite(value)) continue;
      const bin = width > 0 ? Math.floor((value - first) / width) : 0;
      counts[Math.min(bins - 1, Math.max(0, bin))]!++;
    }
    if (!squares || !zeros) return;
    walk(this.view, begin, values, (row, _column, index) => {
      const value = values[index]!;
      if (value === 0) zeros[row]!++;
      else if (Number.isFinite(value)) squares[row]! += value * value;
    });
  }

  result(): TensorDetails {
    const { statistics, counts, first, width, squares, zeros } = this;
    return {
      matrix: this.view.shape,
      statistics,
      histogram: statistics.minimum === null ? null : { first, width, counts },
      rowNorms: squares && Float32Array.from(squares, Math.sqrt),
      rowZeros: zeros,
    };
  }
}

/** What an editor shows of one tensor, or of two: values are read in ranges and reduced at once. */
import type { Checkpoint } from '../checkpoints/checkpoint';
import type { TensorComparison } from '../shared/comparison';
import type { TensorStatistics } from '../shared/inspection';
import type { MaskTile, MatrixRegion, TensorDetails, Tile } from '../shared/inspectorMessages';
import { ComparisonAccumulator } from '../sparsity/compare';
import { DetailsAccumulator } from '../sparsity/details';
import { cutRegion, matrixViewOf, rangesOf, walk, type MatrixView } from '../sparsity/matrixView';
import { gridOver, MaskTileAccumulator, TileAccumulator, WeightTileAccumulator, type CellGrid } from '../sparsity/tile';
import { countable } from './countable';

/** A tensor of an open checkpoint; the index is one of its list. */
export interface TensorAt {
  readonly checkpoint: Checkpoint;
  readonly index: number;
}

interface Cells {
  readonly rows: number;
  readonly columns: number;
}

/** Values reduced at once: a few milliseconds, in which no message is answered. */
const chunk = 2 ** 18;

/** @throws CheckpointError; Error where the region lies outside of the tensor */
export async function tileOf(at: TensorAt, region: MatrixRegion, cells: Cells, signal: AbortSignal): Promise<Tile> {
  const { view, grid } = frameOf(at, region, cells);
  const single = grid.cellRows === 1 && grid.cellColumns === 1;
  const accumulator = new (single ? WeightTileAccumulator : TileAccumulator)(view, grid);
  for (const { begin, end } of rangesOf(view, grid.region, chunk)) {
    accumulator.add(begin, await valuesOf(at, begin, end, signal));
  }
  return accumulator.result();
}

/** As tileOf. */
export async function maskTileOf(
  left: TensorAt,
  right: TensorAt,
  region: MatrixRegion,
  cells: Cells,
  signal: AbortSignal,
): Promise<MaskTile> {
  requireSameShape(left, right);
  const { view, grid } = frameOf(left, region, cells);
  const accumulator = new MaskTileAccumulator(view, grid);
  for (const { begin, end } of rangesOf(view, grid.region, chunk)) {
    accumulator.add(begin, ...(await bothValues(left, right, begin, end, signal)));
  }
  return accumulator.result();
}

/** @param statistics of this tensor */
export async function detailsOf(
  at: TensorAt,
  statistics: TensorStatistics,
  signal: AbortSignal,
): Promise<TensorDetails> {
  const tensor = countable(at.checkpoint, at.index);
  const accumulator = new DetailsAccumulator(tensor, statistics);
  for (let begin = 0; begin < tensor.count; begin += chunk) {
    const end = Math.min(begin + chunk, tensor.count);
    accumulator.add(begin, await valuesOf(at, begin, end, signal));
  }
  return accumulator.result();
}

/** @throws CheckpointError; Error where the shapes differ */
export async function compareTensors(left: TensorAt, right: TensorAt, signal: AbortSignal): Promise<TensorComparison> {
  requireSameShape(left, right);
  const { count } = countable(left.checkpoint, left.index);
  const accumulator = new ComparisonAccumulator();
  for (let begin = 0; begin < count; begin += chunk) {
    accumulator.add(...(await bothValues(left, right, begin, Math.min(begin + chunk, count), signal)));
  }
  return accumulator.result();
}

/** The first weight at or after `from` that only one of them keeps; null: there is none. */
export async function nextDifference(
  left: TensorAt,
  right: TensorAt,
  from: number,
  signal: AbortSignal,
): Promise<{ position: number; row: number; column: number } | null> {
  requireSameShape(left, right);
  const tensor = countable(left.checkpoint, left.index);
  for (let begin = from; begin < tensor.count; begin += chunk) {
    const [a, b] = await bothValues(left, right, begin, Math.min(begin + chunk, tensor.count), signal);
    const place = a.findIndex((value, i) => (value === 0) !== (b[i] === 0));
    if (place >= 0) return placeOf(matrixViewOf(tensor), begin + place);
  }
  return null;
}

function placeOf(view: MatrixView, position: number): { position: number; row: number; column: number } {
  let place = { position, row: 0, column: 0 };
  walk(view, position, new Float32Array(1), (row, column) => {
    place = { position, row, column };
  });
  return place;
}

async function bothValues(
  left: TensorAt,
  right: TensorAt,
  begin: number,
  end: number,
  signal: AbortSignal,
): Promise<[Float32Array | Float64Array, Float32Array | Float64Array]> {
  return Promise.all([valuesOf(left, begin, end, signal), valuesOf(right, begin, end, signal)]);
}

function valuesOf(
  { checkpoint, index }: TensorAt,
  begin: number,
  end: number,
  signal: AbortSignal,
): Promise<Float32Array | Float64Array> {
  // not every reader looks at the signal
  signal.throwIfAborted();
  return checkpoint.values(index, begin, end, signal);
}

function frameOf(at: TensorAt, region: MatrixRegion, cells: Cells): { view: MatrixView; grid: CellGrid } {
  const tensor = countable(at.checkpoint, at.index);
  const view = matrixViewOf(tensor);
  const cut = cutRegion(region, view.shape);
  if (!cut) throw new Error(`tensor ${tensor.name}: the region lies outside of it`);
  return { view, grid: gridOver(cut, cells) };
}

function requireSameShape(left: TensorAt, right: TensorAt): void {
  const [a, b] = [countable(left.checkpoint, left.index), countable(right.checkpoint, right.index)];
  if (a.shape.length !== b.shape.length || a.shape.some((size, axis) => size !== b.shape[axis])) {
    throw new Error(`${a.name} has the shape [${a.shape.join(', ')}], ${b.name} has [${b.shape.join(', ')}]`);
  }
}

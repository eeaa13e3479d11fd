/** Any tensor as a matrix: rows are outputs, columns are inputs × kernel positions, whatever the order in memory. */
import type { MatrixRegion, MatrixShape } from '../shared/inspectorMessages';
import { countOf, type TensorLayout } from './layout';
import type { Values } from './structure';

/** An axis of the tensor, in the order of memory, and where a step along it leads in the matrix: one of the two is 0. */
interface ViewAxis {
  readonly size: number;
  readonly row: number;
  readonly column: number;
}

export interface MatrixView {
  readonly shape: MatrixShape;
  readonly axes: readonly ViewAxis[];
  /** The column axis whose steps are the longest: columns are cut along it. */
  readonly major: number | null;
}

/** See MatrixShape for tensors without known axes. */
export function matrixViewOf({ shape, outputAxis, inputAxis }: TensorLayout): MatrixView {
  if (shape.length < 2) {
    const columns = countOf(shape);
    const axes = shape.map(size => ({ size, row: 0, column: 1 }));
    return { shape: { rows: 1, columns, kernelPositions: 1 }, axes, major: axes.length > 0 ? 0 : null };
  }
  const output = outputAxis ?? (inputAxis === 0 ? 1 : 0);
  const others = shape.map((_, axis) => axis).filter(axis => axis !== output && axis !== inputAxis);
  const input = inputAxis === output ? null : inputAxis;
  const columnAxes = input === null ? others : [input, ...others];
  const steps = new Map(
    columnAxes.map((axis, place) => [axis, countOf(columnAxes.slice(place + 1).map(a => shape[a]!))]),
  );
  return {
    shape: {
      rows: shape[output]!,
      columns: countOf(columnAxes.map(axis => shape[axis]!)),
      kernelPositions: input === null ? 1 : countOf(others.map(axis => shape[axis]!)),
    },
    axes: shape.map((size, axis) => ({ size, row: axis === output ? 1 : 0, column: steps.get(axis) ?? 0 })),
    major: columnAxes[0] ?? null,
  };
}

/** The part of a region that lies in the matrix; null: none does. */
export function cutRegion({ row, column, rows, columns }: MatrixRegion, shape: MatrixShape): MatrixRegion | null {
  const cut = {
    row,
    column,
    rows: Math.min(rows, shape.rows - row),
    columns: Math.min(columns, shape.columns - column),
  };
  return cut.rows > 0 && cut.columns > 0 ? cut : null;
}

/** Positions between two runs that are rather read along than left out. */
const smallGap = 2 ** 14;

/**
 * Ranges of positions that hold a region, in ascending order, each of at most `most` positions; some hold values beside it.
 * @param region within the matrix
 */
export function* rangesOf(
  view: MatrixView,
  region: MatrixRegion,
  most: number,
): Generator<{ begin: number; end: number }> {
  let pending: { begin: number; end: number } | null = null;
  for (const run of runsOf(boxOf(view, region))) {
    if (pending && run.begin - pending.end <= smallGap && run.end - pending.begin <= most) pending.end = run.end;
    else {
      if (pending) yield pending;
      let { begin } = run;
      for (; run.end - begin > most; begin += most) yield { begin, end: begin + most };
      pending = { begin, end: run.end };
    }
  }
  if (pending) yield pending;
}

/** Along one axis, places [begin, end) of `size`. */
interface Span {
  readonly size: number;
  readonly begin: number;
  readonly end: number;
}

/** The smallest box of the tensor that holds a region and is whole in the minor column axes. */
function boxOf({ axes, major }: MatrixView, region: MatrixRegion): Span[] {
  return axes.map(({ size, row, column }, axis) => {
    if (row > 0) return { size, begin: region.row, end: region.row + region.rows };
    if (axis !== major) return { size, begin: 0, end: size };
    const end = Math.ceil((region.column + region.columns) / column);
    return { size, begin: Math.floor(region.column / column), end };
  });
}

/** Runs of positions without gaps, in ascending order. */
function* runsOf(box: readonly Span[]): Generator<{ begin: number; end: number }> {
  // inner axes that are whole belong to one run, and so does the first one that is not
  let inner = box.length - 1;
  while (inner >= 0 && box[inner]!.begin === 0 && box[inner]!.end === box[inner]!.size) inner--;
  const unit = countOf(box.slice(inner + 1).map(({ size }) => size));
  const span = box[inner] ?? { size: 1, begin: 0, end: 1 };
  const outer = box.slice(0, Math.max(inner, 0));
  const places = outer.map(({ begin }) => begin);
  for (;;) {
    const base = outer.reduce((position, { size }, axis) => position * size + places[axis]!, 0) * span.size * unit;
    yield { begin: base + span.begin * unit, end: base + span.end * unit };
    let axis = outer.length - 1;
    while (axis >= 0 && ++places[axis]! === outer[axis]!.end) {
      places[axis] = outer[axis]!.begin;
      axis--;
    }
    if (axis < 0) return;
  }
}

/** Calls back for each value with its place in the matrix. @param begin position of the first value */
export function walk(
  { axes }: MatrixView,
  begin: number,
  values: Values,
  visit: (row: number, column: number, index: number) => void,
): void {
  if (values.length === 0) return;
  const places = new Array<number>(axes.length);
  let row = 0;
  let column = 0;
  let rest = begin;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { size, row: down, column: across } = axes[axis]!;
    const place = rest % size;
    rest = Math.floor(rest / size);
    places[axis] = place;
    row += place * down;
    column += place * across;
  }
  for (let i = 0; i < values.length; i++) {
    visit(row, column, i);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { size, row: down, column: across } = axes[axis]!;
      row += down;
      column += across;
      if (++places[axis]! < size) break;
      places[axis] = 0;
      row -= down * size;
      column -= across * size;
    }
  }
}

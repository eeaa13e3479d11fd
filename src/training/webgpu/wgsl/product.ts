/**
 * Matrix products in tiles: C[row][column] = Σ A[row][k] · B[k][column]. What A and B are is for the caller to say, so a
 * convolution is the same product whose A gathers pixels. A workgroup brings pieces of both through its memory; a thread
 * holds a block of 4 × 4 of C and adds up in order of k, so that the sums never depend on the device's timing.
 */
import { type Bound, type Dispatch, reads, writes } from '../dispatch';
import type { Range } from '../memory';
import { sharedSums, sumOver } from './reduce';
import { type Extent, u32 } from './text';

/** Which index of an operand is the one along its memory: neighbouring threads load neighbouring values. */
export interface Operand {
  readonly contiguous: 'inner' | 'outer';
  /** WGSL expression of its value at (`row` or `column`, `k`); never asked for what lies outside. */
  readonly value: string;
}

/** What becomes of a sum. */
export interface Store {
  /** WGSL statements for `sum` at `row`, `column`. */
  readonly code: string;
  readonly bindings: readonly Bound[];
  readonly declarations: string;
}

export interface Product {
  readonly label: string;
  readonly rows: Extent;
  readonly columns: number;
  readonly inner: Extent;
  readonly a: Operand;
  readonly b: Operand;
  /** Of the operands. */
  readonly bindings: readonly Bound[];
  readonly declarations: string;
  readonly store: Store;
}

/** Depth of a piece. */
const depth = 16;
/** Fewer workgroups than this leave a large GPU idle: tiles are smaller then. */
const enoughGroups = 96;
/** A long sum is shared between so many, since it is a chain of loads that nothing else hides, but not in less than these terms. */
const manyGroups = 1024;
const leastTerms = 1024;

interface Tile {
  readonly rows: number;
  readonly columns: number;
}

function tileFor(rows: number, columns: number, splits: number): Tile {
  const width = columns <= 16 ? 16 : columns <= 32 ? 32 : 64;
  const groups = (tile: Tile): number => Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * splits;
  const large: Tile = { rows: 64, columns: width };
  return groups(large) >= enoughGroups ? large : { rows: 32, columns: Math.min(32, width) };
}

/** Parts into which k is divided, each summed by workgroups of its own. */
function splitsFor(rows: number, columns: number, inner: number): number {
  const groups = Math.ceil(rows / 32) * Math.ceil(columns / (columns <= 16 ? 16 : 32));
  return Math.max(1, Math.min(Math.ceil(manyGroups / groups), Math.floor(inner / leastTerms), 256));
}

/** @param scratch room for parts of sums, until the next launch but one */
export function product(job: Product, scratch: (bytes: number) => Range): Dispatch[] {
  const { label, rows, columns, inner, store } = job;
  const splits = splitsFor(rows.most, columns, inner.most);
  if (splits === 1) return [tiles(job, 1, store)];
  const parts = scratch(splits * rows.most * columns * 4);
  const keep: Store = {
    code: `parts[(split * ${u32(rows.most)} + row) * ${u32(columns)} + column] = sum;`,
    bindings: [writes('parts', parts)],
    declarations: '',
  };
  return [tiles(job, splits, keep), sumOfParts(`${label}, summed`, parts, rows, columns, splits, store)];
}

function tiles(job: Product, splits: number, store: Store): Dispatch {
  const { rows, columns, inner, a, b } = job;
  const tile = tileFor(rows.most, columns, splits);
  const across = tile.columns / 4;
  const threads = (tile.rows / 4) * across;
  const columnTiles = Math.ceil(columns / tile.columns);
  const rowTiles = Math.ceil(rows.most / tile.rows);
  const chunk = Math.ceil(Math.ceil(inner.most / splits) / depth) * depth;
  // a kernel may be an operand and hold the bias that is stored with the sum
  const bound = new Set(job.bindings.map(({ name }) => name));
  return {
    label: job.label,
    bindings: [...job.bindings, ...store.bindings.filter(({ name }) => !bound.has(name))],
    threads,
    groups: columnTiles * rowTiles * splits,
    declarations: `var<workgroup> tileA: array<vec4f, ${String((depth * tile.rows) / 4)}>;
var<workgroup> tileB: array<vec4f, ${String((depth * tile.columns) / 4)}>;
${job.declarations}
${store.declarations}
fn valueA(row: u32, k: u32, rows: u32) -> f32 {
  if (row >= rows) { return 0.0; }
  return ${a.value};
}
fn valueB(column: u32, k: u32) -> f32 {
  if (column >= ${u32(columns)}) { return 0.0; }
  return ${b.value};
}
fn put(row: u32, column: u32, split: u32, sum: f32, rows: u32) {
  if (row >= rows || column >= ${u32(columns)}) { return; }
  ${store.code}
}`,
    body: `let rows = ${rows.text};
  let firstColumn = (group % ${u32(columnTiles)}) * ${u32(tile.columns)};
  let rest = group / ${u32(columnTiles)};
  let split = rest % ${u32(splits)};
  let firstRow = (rest / ${u32(splits)}) * ${u32(tile.rows)};
  if (firstRow >= rows) { return; }
  let begin = split * ${u32(chunk)};
  let end = min(begin + ${u32(chunk)}, ${inner.text});
  let down = lane / ${u32(across)};
  let right = lane % ${u32(across)};
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var start = begin; start < end; start += ${u32(depth)}) {
    ${load('tileA', 'valueA', 'firstRow', ', rows', tile.rows, threads, a)}
    ${load('tileB', 'valueB', 'firstColumn', '', tile.columns, threads, b)}
    workgroupBarrier();
    for (var k = 0u; k < ${u32(depth)}; k++) {
      let x = tileA[k * ${u32(tile.rows / 4)} + down];
      let y = tileB[k * ${u32(across)} + right];
      sum0 += x.x * y;
      sum1 += x.y * y;
      sum2 += x.z * y;
      sum3 += x.w * y;
    }
    workgroupBarrier();
  }
  let sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 16u; i++) {
    put(firstRow + down * 4u + i / 4u, firstColumn + right * 4u + i % 4u, split, sums[i / 4u][i % 4u], rows);
  }`,
  };
}

/** A piece of an operand, four of its outer values together; zeros past the end of k. */
function load(
  to: string,
  value: string,
  first: string,
  extra: string,
  size: number,
  threads: number,
  { contiguous }: Operand,
): string {
  const quads = size / 4;
  const place =
    contiguous === 'inner'
      ? `let depth = i % ${u32(depth)};
      let quad = i / ${u32(depth)};`
      : `let depth = i / ${u32(quads)};
      let quad = i % ${u32(quads)};`;
  return `for (var i = lane; i < ${u32(quads * depth)}; i += ${u32(threads)}) {
      ${place}
      let k = start + depth;
      let outer = ${first} + quad * 4u;
      var values = vec4f();
      if (k < end) {
        for (var j = 0u; j < 4u; j++) { values[j] = ${value}(outer + j, k${extra}); }
      }
      ${to}[depth * ${u32(quads)} + quad] = values;
    }`;
}

/** Σ over the parts [part][row][column] that workgroups left, always in the same order. */
export function sumOfParts(
  label: string,
  parts: Range,
  rows: Extent,
  columns: number,
  count: number,
  store: Store,
): Dispatch {
  const threads = 256;
  const wide = 32;
  return {
    label,
    bindings: [reads('parts', parts), ...store.bindings],
    declarations: `${sharedSums('f32', threads)}\n${store.declarations}`,
    body: `let i = group * ${u32(wide)} + lane % ${u32(wide)};
  let isInside = i < ${rows.text} * ${u32(columns)};
  var total = 0.0;
  if (isInside) {
    for (var part = lane / ${u32(wide)}; part < ${u32(count)}; part += ${u32(threads / wide)}) {
      total += parts[part * ${u32(rows.most * columns)} + i];
    }
  }
  ${sumOver('total', threads, wide)}
  if (lane < ${u32(wide)} && isInside) {
    let sum = sums[lane];
    let row = i / ${u32(columns)};
    let column = i % ${u32(columns)};
    ${store.code}
  }`,
    threads,
    groups: Math.ceil((rows.most * columns) / wide),
  };
}

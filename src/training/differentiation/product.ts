/**
 * Products of matrices in double precision. Both operands are packed block by block into the memory of a kernel
 * (src/kernels/products), which keeps a 4 × 4 tile of the result in registers; how an operand is packed, and where a
 * result goes, is its own affair, so that patches of an image are never written out as a matrix.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { wasm, type WasmMemory, type WasmModule } from '../wasm/webassembly';

// bundled, this file lies in dist/ beside the kernels; under a test runner it is where it is written
export const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../../dist');

/** Rows or columns ("lines") of a matrix, each of as many values as the product sums over. */
export interface Operand {
  /**
   * Writes lines `first` to `first + lines`, of each the values `from` to `from + depth`: in fours, [⌈lines / 4⌉][depth][4],
   * with zeros where the last four are not full.
   */
  pack(into: Float64Array, at: number, first: number, lines: number, from: number, depth: number): void;
}

/** Takes what a product comes to, block by block; blocks of one place are to be added up. */
export interface Sink {
  /** @param block row r of it begins at `at + r · stride` */
  add(
    block: Float64Array,
    at: number,
    stride: number,
    firstRow: number,
    rows: number,
    firstColumn: number,
    columns: number,
  ): void;
}

interface Exports {
  readonly memory: WasmMemory;
  readonly multiply: (a: number, b: number, c: number, m: number, n: number, k: number) => void;
}

/** Lines of a, lines of b, and values of each, that are in the kernel's memory at once: they fit the second-level cache. */
const blockRows = 128;
const blockColumns = 256;
const blockDepth = 256;
/** Values; the first page is the kernel's own. */
const page = 65_536;
const aAt = page / 8;
const bAt = aAt + blockRows * blockDepth;
const cAt = bAt + blockColumns * blockDepth;
const pages =
  1 + Math.ceil((8 * (blockRows * blockDepth + blockColumns * blockDepth + blockRows * blockColumns)) / page);

export async function compileProducts(): Promise<WasmModule> {
  return wasm.compile(readFileSync(path.join(distDirectory, 'products.wasm')));
}

export class Products {
  private readonly kernel: Exports;
  private readonly values: Float64Array;

  /** @param module as `compileProducts` gives it */
  constructor(module: WasmModule) {
    this.kernel = new wasm.Instance(module, { env: {} }).exports as Exports;
    this.kernel.memory.grow(pages);
    this.values = new Float64Array(this.kernel.memory.buffer);
  }

  /**
   * sink += a · b, with a [rows × depth] and b [depth × columns].
   */
  add(a: Operand, b: Operand, sink: Sink, rows: number, columns: number, depth: number): void {
    const { kernel, values } = this;
    for (let column = 0; column < columns; column += blockColumns) {
      const width = Math.min(blockColumns, columns - column);
      const stride = roundUp(width);
      for (let from = 0; from < depth; from += blockDepth) {
        const k = Math.min(blockDepth, depth - from);
        b.pack(values, bAt, column, width, from, k);
        for (let row = 0; row < rows; row += blockRows) {
          const height = Math.min(blockRows, rows - row);
          a.pack(values, aAt, row, height, from, k);
          kernel.multiply(8 * aAt, 8 * bAt, 8 * cAt, roundUp(height), stride, k);
          sink.add(values, cAt, stride, row, height, column, width);
        }
      }
    }
  }
}

function roundUp(lines: number): number {
  return (lines + 3) & ~3;
}

/** Zeros where the last four of the lines are not full. */
export function clearRest(into: Float64Array, at: number, lines: number, depth: number): void {
  if ((lines & 3) === 0) return;
  const last = at + (lines >> 2) * depth * 4;
  into.fill(0, last, last + depth * 4);
}

/** Value d of line l of a matrix lies at `offset + l · lineStride + d · stride`. */
export class Matrix implements Operand, Sink {
  constructor(
    private readonly values: Float64Array,
    private readonly offset: number,
    private readonly lineStride: number,
    private readonly stride: number,
  ) {}

  pack(into: Float64Array, at: number, first: number, lines: number, from: number, depth: number): void {
    const { values, lineStride, stride } = this;
    clearRest(into, at, lines, depth);
    // four lines at a time: their values lie side by side there, and often here
    for (let l = 0; l < lines; l += 4) {
      const wide = Math.min(4, lines - l);
      let source = this.offset + (first + l) * lineStride + from * stride;
      let target = at + l * depth;
      for (let d = 0; d < depth; d++) {
        for (let i = 0; i < wide; i++) into[target + i] = values[source + i * lineStride]!;
        source += stride;
        target += 4;
      }
    }
  }

  /** Rows are its lines. */
  add(
    block: Float64Array,
    at: number,
    stride: number,
    firstRow: number,
    rows: number,
    firstColumn: number,
    columns: number,
  ): void {
    const { values } = this;
    for (let r = 0; r < rows; r++) {
      let target = this.offset + (firstRow + r) * this.lineStride + firstColumn * this.stride;
      const end = at + r * stride + columns;
      for (let source = at + r * stride; source < end; source++) {
        values[target]! += block[source]!;
        target += this.stride;
      }
    }
  }
}

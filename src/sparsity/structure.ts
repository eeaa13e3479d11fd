/**
 * Counts of zeros that lie together, over values that come in order in chunks of any size. The plain definition: the
 * kernels in src/kernels/statistics do the same over bits.
 */
import type { PatternCompliance } from '../shared/inspection';
import type { Axis } from './layout';
import { blockSide } from './structurePlan';

export type Values = Float32Array | Float64Array;

export interface StructureCounter {
  /** @param begin position of the first value, row-major; chunks follow each other without gaps */
  add(values: Values, begin: number): void;
}

/** Places of an axis (outputs, inputs) whose weights are all 0. */
export class DeadSlices implements StructureCounter {
  private readonly alive: Uint8Array;

  constructor(private readonly axis: Axis) {
    this.alive = new Uint8Array(axis.size);
  }

  add(values: Values, begin: number): void {
    const { size, stride } = this.axis;
    let place = Math.floor(begin / stride) % size;
    let left = stride - (begin % stride);
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== 0) this.alive[place] = 1;
      if (--left === 0) {
        left = stride;
        if (++place === size) place = 0;
      }
    }
  }

  result(): { dead: number; total: number } {
    let dead = 0;
    for (const alive of this.alive) dead += 1 - alive;
    return { dead, total: this.axis.size };
  }
}

/** n:m compliance: of each m neighbours along an axis, at most n are not 0. */
export class NeighbourGroups implements StructureCounter {
  /** Non-zeros so far of the groups that are being passed, one for each position between two places of the axis. */
  private readonly kept: Uint8Array;
  private groups = 0;
  private compliant = 0;

  /** @param axis its size is a multiple of m */
  constructor(
    private readonly n: number,
    private readonly m: number,
    private readonly axis: Axis,
  ) {
    this.kept = new Uint8Array(axis.stride);
  }

  add(values: Values, begin: number): void {
    const { kept, n, m } = this;
    const { stride } = this.axis;
    let between = begin % stride;
    let member = Math.floor(begin / stride) % m;
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== 0) kept[between]!++;
      if (member === m - 1) {
        this.groups++;
        if (kept[between]! <= n) this.compliant++;
        kept[between] = 0;
      }
      if (++between === stride) {
        between = 0;
        if (++member === m) member = 0;
      }
    }
  }

  result(): PatternCompliance {
    return { n: this.n, m: this.m, groups: this.groups, compliant: this.compliant };
  }
}

/** Blocks of 4×4 of a matrix that are wholly 0. */
export class EmptyBlocks implements StructureCounter {
  private readonly alive: Uint8Array;
  private empty = 0;
  private total = 0;

  /** @param columns a multiple of 4, as are the rows */
  constructor(private readonly columns: number) {
    this.alive = new Uint8Array(columns / blockSide);
  }

  add(values: Values, begin: number): void {
    const { alive, columns } = this;
    let column = begin % columns;
    let row = Math.floor(begin / columns) % blockSide;
    for (let i = 0; i < values.length; i++) {
      const block = Math.floor(column / blockSide);
      if (values[i] !== 0) alive[block] = 1;
      if (row === blockSide - 1 && column % blockSide === blockSide - 1) {
        this.total++;
        this.empty += 1 - alive[block]!;
        alive[block] = 0;
      }
      if (++column === columns) {
        column = 0;
        if (++row === blockSide) row = 0;
      }
    }
  }

  result(): { empty: number; total: number } {
    return { empty: this.empty, total: this.total };
  }
}

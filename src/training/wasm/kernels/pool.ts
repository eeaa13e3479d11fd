/** The exports of src/kernels/pool.ts. Booleans are 0 or 1. */

type Address = number;

export interface PoolKernels {
  readonly maxPoolForward: (x: Address, y: Address, shape: Address, begin: number, end: number) => void;
  readonly maxPoolBackward: (
    x: Address,
    y: Address,
    dy: Address,
    dx: Address,
    shape: Address,
    rectify: number,
    accumulate: number,
    begin: number,
    end: number,
  ) => void;
  readonly maxPoolBackwardOverlapping: (
    x: Address,
    y: Address,
    dy: Address,
    dx: Address,
    shape: Address,
    rectify: number,
    accumulate: number,
    begin: number,
    end: number,
  ) => void;
  readonly averagePoolForward: (
    x: Address,
    y: Address,
    shape: Address,
    scratch: Address,
    begin: number,
    end: number,
  ) => void;
  readonly averagePoolBackward: (
    dy: Address,
    dx: Address,
    x: Address,
    shape: Address,
    accumulate: number,
    begin: number,
    end: number,
  ) => void;
}

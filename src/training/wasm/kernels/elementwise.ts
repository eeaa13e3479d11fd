/** The exports of src/kernels/elementwise.ts and activation.ts. Booleans are 0 or 1. */

type Address = number;

export interface ElementwiseKernels {
  readonly copyRows: (x: Address, xStride: number, y: Address, yStride: number, rows: number, bytes: number) => void;
  readonly clearRows: (y: Address, yStride: number, rows: number, bytes: number) => void;
  readonly addRows: (
    a: Address,
    aStride: number,
    b: Address,
    bStride: number,
    y: Address,
    yStride: number,
    rectify: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly passGradient: (
    dy: Address,
    dyStride: number,
    dx: Address,
    dxStride: number,
    rectified: Address,
    rectifiedStride: number,
    accumulate: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly dropout: (
    x: Address,
    xStride: number,
    y: Address,
    yStride: number,
    rectified: Address,
    rectifiedStride: number,
    accumulate: number,
    seed: number,
    first: number,
    threshold: number,
    scale: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly activationForward: (
    kind: number,
    alpha: number,
    x: Address,
    xStride: number,
    y: Address,
    yStride: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly activationBackward: (
    kind: number,
    alpha: number,
    s: Address,
    sStride: number,
    dy: Address,
    dyStride: number,
    dx: Address,
    dxStride: number,
    x: Address,
    xStride: number,
    accumulate: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly softmaxForward: (
    x: Address,
    xStride: number,
    y: Address,
    yStride: number,
    width: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly softmaxBackward: (
    y: Address,
    yStride: number,
    dy: Address,
    dyStride: number,
    dx: Address,
    dxStride: number,
    rectified: Address,
    rectifiedStride: number,
    accumulate: number,
    width: number,
    rows: number,
    bytes: number,
  ) => void;
}

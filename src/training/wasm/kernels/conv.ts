/** Exports of src/kernels/{conv,convSparse,convUpdate}.ts; `pass` points at a description of the convolution there. */

type Address = number;

type Forward = (
  pass: Address,
  x: Address,
  w: Address,
  bias: Address,
  y: Address,
  begin: number,
  end: number,
  rectify: number,
) => void;

type InputGradient = (
  pass: Address,
  w: Address,
  dy: Address,
  dx: Address,
  rectified: Address,
  begin: number,
  end: number,
  accumulate: number,
) => void;

type Update = (
  pass: Address,
  x: Address,
  xStride: number,
  dy: Address,
  dyStride: number,
  panels: number,
  begin: number,
  end: number,
  layer: Address,
  settings: Address,
  scratch: Address,
) => void;

export interface ConvKernels {
  readonly convForward: Forward;
  readonly convInputGradient: InputGradient;
  readonly convUpdate: Update;
  readonly convSparseForward: Forward;
  readonly convSparseInputGradient: InputGradient;
  readonly convSparseUpdate: Update;
}

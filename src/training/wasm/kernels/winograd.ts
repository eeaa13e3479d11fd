type Address = number;

/** src/kernels/winograd.ts and winogradUpdate.ts. `pass`: descriptions that those files give. Tiles are numbered through all panels. */
export interface WinogradKernels {
  readonly winogradFilters: (
    w: Address,
    wBlock: number,
    inputs: number,
    u: Address,
    uPoint: number,
    flipped: Address,
    flippedPoint: number,
    begin: number,
    end: number,
    workspace: Address,
  ) => void;
  readonly winogradForward: (
    pass: Address,
    x: Address,
    xPanel: number,
    y: Address,
    yPanel: number,
    bias: Address,
    begin: number,
    end: number,
    rectify: number,
    scratch: Address,
  ) => void;
  readonly winogradInputGradient: (
    pass: Address,
    dy: Address,
    dyPanel: number,
    dx: Address,
    dxPanel: number,
    rectified: Address,
    rectifiedPanel: number,
    begin: number,
    end: number,
    accumulate: number,
    scratch: Address,
  ) => void;
  readonly winogradGradient: (
    pass: Address,
    x: Address,
    xPanel: number,
    dy: Address,
    dyPanel: number,
    sums: Address,
    first: number,
    last: number,
    begin: number,
    end: number,
    scratch: Address,
  ) => void;
  readonly winogradUpdate: (
    pass: Address,
    sums: Address,
    shards: number,
    shardBytes: number,
    wBlock: number,
    begin: number,
    end: number,
    layer: Address,
    settings: Address,
    scratch: Address,
  ) => void;
}

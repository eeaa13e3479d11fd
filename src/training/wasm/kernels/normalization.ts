/** The exports of src/kernels/normalization.ts and normalizationLayer.ts. Booleans are 0 or 1. */

type Address = number;

export interface NormalizationKernels {
  readonly batchStatistics: (
    x: Address,
    xStride: number,
    rows: number,
    width: number,
    pixel: number,
    count: number,
    begin: number,
    end: number,
    result: Address,
    scratch: Address,
  ) => void;
  readonly batchCombine: (
    panels: Address,
    stride: number,
    pixels: number,
    count: number,
    channels: number,
    gamma: Address,
    beta: Address,
    epsilon: number,
    coefficients: Address,
    movingMean: Address,
    movingVariance: Address,
    keep: number,
    unbiased: number,
  ) => void;
  readonly movingCoefficients: (
    movingMean: Address,
    movingVariance: Address,
    channels: number,
    gamma: Address,
    beta: Address,
    epsilon: number,
    coefficients: Address,
  ) => void;
  readonly scaleRows: (
    x: Address,
    xStride: number,
    y: Address,
    yStride: number,
    coefficients: Address,
    rectify: number,
    rows: number,
    width: number,
    channels: number,
  ) => void;
  readonly batchGradientSums: (
    dy: Address,
    dyStride: number,
    x: Address,
    xStride: number,
    rows: number,
    width: number,
    pixel: number,
    count: number,
    begin: number,
    end: number,
    coefficients: Address,
    result: Address,
    scratch: Address,
  ) => void;
  readonly batchGradientCombine: (
    panels: Address,
    stride: number,
    panelCount: number,
    n: number,
    channels: number,
    coefficients: Address,
    terms: Address,
    gammaGradient: Address,
    betaGradient: Address,
  ) => void;
  readonly batchInputGradient: (
    dy: Address,
    dyStride: number,
    x: Address,
    xStride: number,
    dx: Address,
    dxStride: number,
    rectified: number,
    accumulate: number,
    count: number,
    terms: Address,
    rows: number,
    width: number,
    channels: number,
  ) => void;
  readonly updateVector: (block: Address, settings: Address, gradient: Address, count: number) => void;
  readonly layerForward: (
    x: Address,
    xStride: number,
    y: Address,
    yStride: number,
    gamma: Address,
    beta: Address,
    epsilon: number,
    rows: number,
    width: number,
    channels: number,
  ) => void;
  readonly layerBackward: (
    dy: Address,
    dyStride: number,
    x: Address,
    xStride: number,
    dx: Address,
    dxStride: number,
    rectified: number,
    accumulate: number,
    gamma: Address,
    epsilon: number,
    sums: Address,
    scratch: Address,
    rows: number,
    width: number,
    channels: number,
  ) => void;
  readonly layerParameterGradients: (
    sums: Address,
    rows: number,
    channels: number,
    gamma: Address,
    beta: Address,
  ) => void;
}

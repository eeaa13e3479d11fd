/** The exports of src/kernels as TypeScript sees them. Addresses are byte offsets into the memory. */
import type { ConvKernels } from './kernels/conv';
import type { WinogradKernels } from './kernels/winograd';
import type { ElementwiseKernels } from './kernels/elementwise';
import type { NormalizationKernels } from './kernels/normalization';
import type { PoolKernels } from './kernels/pool';
import { wasm, type WasmMemory, type WasmModule } from './webassembly';

type Address = number;

export interface Kernels extends ConvKernels, WinogradKernels, ElementwiseKernels, NormalizationKernels, PoolKernels {
  readonly barrier: (state: Address, threads: number) => void;
  readonly gatherBytes: (
    data: Address,
    rows: Address,
    count: number,
    features: number,
    channels: number,
    scales: Address,
    panel: Address,
  ) => void;
  readonly gatherFloats: (
    data: Address,
    rows: Address,
    count: number,
    features: number,
    channels: number,
    scales: Address,
    panel: Address,
  ) => void;
  readonly listActive: (panel: Address, features: number, list: Address, pairs: Address) => void;
  readonly gatherLabels: (data: Address, width: number, rows: Address, count: number, labels: Address) => void;
  readonly denseForward: (
    x: Address,
    list: Address,
    w: Address,
    bias: Address,
    y: Address,
    stride: number,
    begin: number,
    end: number,
    rectify: number,
  ) => void;
  readonly denseInputGradient: (
    w: Address,
    dy: Address,
    dx: Address,
    rectified: Address,
    outputs: number,
    stride: number,
    begin: number,
    end: number,
    accumulate: number,
  ) => void;
  readonly denseUpdate: (
    x: Address,
    xStride: number,
    dy: Address,
    dyStride: number,
    panels: number,
    inputs: number,
    stride: number,
    pairs: Address,
    pairStride: number,
    begin: number,
    end: number,
    layer: Address,
    settings: Address,
    scratch: Address,
  ) => void;
  readonly sparseForward: (
    x: Address,
    rows: Address,
    inputs: Address,
    w: Address,
    bias: Address,
    y: Address,
    begin: number,
    end: number,
    rectify: number,
  ) => void;
  readonly sparseInputGradient: (
    columns: Address,
    entries: Address,
    w: Address,
    dy: Address,
    dx: Address,
    rectified: Address,
    begin: number,
    end: number,
    accumulate: number,
  ) => void;
  readonly sparseUpdate: (
    x: Address,
    xStride: number,
    dy: Address,
    dyStride: number,
    panels: number,
    rows: Address,
    inputs: Address,
    begin: number,
    end: number,
    layer: Address,
    settings: Address,
    scratch: Address,
  ) => void;
  readonly crossEntropy: (
    z: Address,
    dz: Address,
    labels: Address,
    classes: number,
    scale: Address,
    smoothing: number,
    result: Address,
  ) => void;
  readonly weightedCrossEntropy: (
    z: Address,
    dz: Address,
    labels: Address,
    classes: number,
    weights: Address,
    scale: Address,
    smoothing: number,
    result: Address,
  ) => void;
  readonly targetError: (
    y: Address,
    dy: Address,
    targets: Address,
    count: number,
    outputs: number,
    scale: Address,
    result: Address,
  ) => void;
  readonly meanSquaredError: (
    y: Address,
    dy: Address,
    labels: Address,
    outputs: number,
    scale: Address,
    result: Address,
  ) => void;
  readonly augment: (
    data: Address,
    rows: Address,
    count: number,
    height: number,
    width: number,
    pixel: number,
    crop: number,
    choices: Address,
    out: Address,
  ) => void;
  readonly clearFrame: (
    panel: Address,
    height: number,
    row: number,
    top: number,
    bottom: number,
    left: number,
    right: number,
  ) => void;
  readonly squaredNorm: (gradient: Address, count: number) => number;
  readonly applyUpdate: (
    layer: Address,
    isBias: number,
    settings: Address,
    offset: number,
    count: number,
    factor: number,
  ) => void;
  readonly moveAverage: (values: Address, average: Address, count: number, decay: number) => void;
}

export function instantiateKernels(module: WasmModule, memory: WasmMemory): Kernels {
  const abort = (): never => {
    throw new Error('a kernel of the wasm executor aborted');
  };
  return new wasm.Instance(module, { env: { memory, abort } }).exports as unknown as Kernels;
}

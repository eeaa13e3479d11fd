/** The loss of a program on one panel, for one thread: labels, or the targets of regression, come in, a kernel compares. */
import type { Kernels } from './kernels';
import { type DataLayout, lanes, type SplitLayout } from './memory';
import type { Program, ThreadArea } from './program';
import type { WasmMemory } from './webassembly';

export class PanelLoss {
  /** { Σ loss, hits } of the panel that was computed last; hits by `evaluate` of classes only. */
  readonly result: Float64Array;
  private readonly scale: Float32Array;
  /** Class numbers of the training split, and its order in the epoch at hand; null: all examples weigh alike. */
  private readonly weighing: {
    readonly weights: Float32Array;
    readonly labels: Uint8Array | Int32Array;
    readonly order: Uint32Array;
  } | null;

  constructor(
    private readonly kernels: Kernels,
    memory: WasmMemory,
    private readonly program: Program,
    private readonly data: DataLayout,
    private readonly area: ThreadArea,
  ) {
    const { buffer } = memory;
    const { count, labels } = data.splits.training;
    this.result = new Float64Array(buffer, area.result, 2);
    this.scale = new Float32Array(buffer, area.scale, 1);
    this.weighing =
      program.classWeights === 0
        ? null
        : {
            weights: new Float32Array(buffer, program.classWeights, data.classes),
            labels: new (data.labelBytes === 1 ? Uint8Array : Int32Array)(buffer, labels, count),
            order: new Uint32Array(buffer, program.order, count),
          };
  }

  /** Labels of `count` examples, whose numbers stand at `rows`, into those of a panel. */
  gather({ labels }: SplitLayout, rows: number, count: number, address: number): void {
    const { kernels, data } = this;
    if (data.task === 'classification') kernels.gatherLabels(labels, data.labelBytes, rows, count, address);
    else kernels.gatherFloats(labels, rows, count, data.classes, 1, data.targetScale, address);
  }

  /**
   * What the summed losses of a batch are divided by: its examples, or their weights, which every thread adds up by itself
   * in the order of the batch and so to the same bits.
   */
  divisor(position: number, count: number): number {
    if (this.weighing === null) return count;
    const { weights, labels, order } = this.weighing;
    let sum = 0;
    for (let i = position; i < position + count; i++) sum += weights[labels[order[i]!]!]!;
    return sum;
  }

  /** @param dz gradient out, of the summed losses over `divisor` */
  train(z: number, dz: number, labels: number, count: number, divisor: number): void {
    const { kernels, program, area } = this;
    const { classWeights, outputs, regularization } = program;
    this.scale[0] = 1 / divisor;
    if (classWeights === 0) {
      this.compare(z, dz, labels, count, regularization.labelSmoothing);
      return;
    }
    const { scale, result } = area;
    const smoothing = regularization.labelSmoothing;
    kernels.weightedCrossEntropy(z, dz, labels, outputs, classWeights, scale, smoothing, result);
  }

  evaluate(z: number, labels: number, count: number): void {
    this.scale[0] = 1;
    this.compare(z, 0, labels, count, 0);
  }

  private compare(z: number, dz: number, labels: number, count: number, smoothing: number): void {
    const { kernels, program, data, area } = this;
    const { outputs, loss } = program;
    const { scale, result } = area;
    if (data.task === 'regression') kernels.targetError(z, dz, labels, count, outputs, scale, result);
    else if (loss === 'cross-entropy') kernels.crossEntropy(z, dz, labels, outputs, scale, smoothing, result);
    else kernels.meanSquaredError(z, dz, labels, outputs, scale, result);
  }
}

/** Examples of a panel, the first of which is the `first` of `count`. */
export function examplesFrom(first: number, count: number): number {
  return Math.max(0, Math.min(lanes, count - first));
}

/** What differs from step to step, as kernels see it: a uniform of its own, one after another in a buffer. */

/** From one step to the next: WebGPU's alignment of dynamic offsets. */
export const stepStride = 256;
export const stepBytes = 32;

export const stepDeclaration = `struct Step {
  count: u32,
  position: u32,
  slot: u32,
  number: u32,
  rate: f32,
  decay: f32,
  correction: f32,
  unused: f32,
}
@group(1) @binding(0) var<uniform> step: Step;`;

/** See src/kernels/update.ts for what the optimisers read. */
export interface StepValues {
  /** Examples of the batch. */
  readonly count: number;
  /** Of the first example in the epoch's order, or in the split. */
  readonly position: number;
  /** Where the results of this batch go. */
  readonly slot: number;
  /** Step of the schedule, which the draws depend on. */
  readonly number: number;
  readonly rate: number;
  readonly decay: number;
  readonly correction: number;
}

export function writeStep(view: DataView, index: number, values: StepValues): void {
  const at = index * stepStride;
  view.setUint32(at, values.count, true);
  view.setUint32(at + 4, values.position, true);
  view.setUint32(at + 8, values.slot, true);
  view.setUint32(at + 12, values.number >>> 0, true);
  view.setFloat32(at + 16, values.rate, true);
  view.setFloat32(at + 20, values.decay, true);
  view.setFloat32(at + 24, values.correction, true);
}

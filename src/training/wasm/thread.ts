/**
 * One training thread: walks its share of the program, step after step. Every value is computed by one thread in an order
 * that does not depend on how the work is shared, so the number of threads never changes a bit.
 */
import { batchAt } from '../schedule';
import { Binder, bindUpdates, type Instruction, share } from './instructions';
import type { Kernels } from './kernels';
import { control, type DataLayout, lanes } from './memory';
import type { ActiveInputs, Program } from './program';
import { StepSettings } from './settings';
import type { WasmMemory } from './webassembly';

export type SplitName = 'training' | 'validation' | 'test';

export class TrainingThread {
  /** Forward and backward in order; a barrier after each op where panels are split between threads. */
  private readonly batchWork: readonly Instruction[];
  private readonly updates: readonly Instruction[];
  private readonly evaluationWork: readonly Instruction[];
  private readonly settings: StepSettings;
  private readonly losses: Float64Array;
  private readonly scale: Float32Array;
  /** The batch at hand, as the bound instructions see it. */
  private readonly batch = { position: 0, count: 0, step: 0 };

  constructor(
    private readonly kernels: Kernels,
    private readonly memory: WasmMemory,
    private readonly program: Program,
    private readonly data: DataLayout,
    private readonly thread: number,
  ) {
    const area = program.areas[thread]!;
    this.settings = new StepSettings(program, new DataView(memory.buffer, area.settings, 64));
    this.losses = new Float64Array(memory.buffer, program.losses, program.panels);
    this.scale = new Float32Array(memory.buffer, area.scale, 1);
    this.batchWork = this.bindBatch();
    this.updates = bindUpdates(kernels, program, thread);
    this.evaluationWork = this.bindEvaluation();
  }

  /** Waits until all threads are here. */
  barrier(): void {
    this.kernels.barrier(control.barrier * 4, this.program.threads);
  }

  /**
   * Trains the steps [from, to), all in the epoch whose order lies in memory. All threads return the same.
   * @param sum losses of the steps before, to which those of these steps are added one by one
   * @returns the sum, and the step at which the loss was no longer finite (then training stopped) or −1
   */
  train(from: number, to: number, sum: number): { readonly loss: number; readonly failedAt: number } {
    let loss = sum;
    for (let step = from; step < to; step++) {
      this.beginStep(step);
      for (const instruction of this.batchWork) instruction();
      this.barrier();
      const batchLoss = this.batchLoss();
      if (!Number.isFinite(batchLoss)) return { loss, failedAt: step };
      loss += batchLoss;
      for (const instruction of this.updates) instruction();
      this.barrier();
    }
    return { loss, failedAt: -1 };
  }

  /** Evaluates this thread's share of a split; results per panel go to memory. */
  evaluate(splitName: SplitName): void {
    const { kernels, program, data, memory } = this;
    const split = data.splits[splitName];
    const area = program.areas[this.thread]!;
    const rows = new Uint32Array(memory.buffer, area.rows, 2 * lanes);
    const result = new Float64Array(memory.buffer, area.result, 2);
    const results = new Float64Array(memory.buffer, program.results, (Math.ceil(split.count / lanes) + 1) * 2);
    const input = program.buffers[program.inputBuffer]!;
    const output = program.buffers[program.outputBuffer]!;
    const loss = program.loss === 'cross-entropy' ? kernels.crossEntropy : kernels.meanSquaredError;
    this.scale[0] = 1;
    const [begin, end] = share(Math.ceil(split.count / (2 * lanes)), this.thread, program.threads);
    for (let pair = begin; pair < end; pair++) {
      const first = pair * 2 * lanes;
      for (let i = 0; i < 2 * lanes; i++) rows[i] = first + i;
      for (let panel = 0; panel < 2; panel++) {
        const count = Math.max(0, Math.min(lanes, split.count - first - panel * lanes));
        const address = input.evaluation[this.thread]! + panel * input.panelBytes;
        const offset = panel * lanes * 4;
        this.gather(split.inputs, area.rows + offset, count, address, area.active, panel);
        kernels.gatherLabels(split.labels, data.labelBytes, area.rows + offset, count, area.labels + offset);
      }
      for (const instruction of this.evaluationWork) instruction();
      for (let panel = 0; panel < 2; panel++) {
        const address = output.evaluation[this.thread]! + panel * output.panelBytes;
        loss(address, 0, area.labels + panel * lanes * 4, program.outputs, area.scale, area.result);
        results[(pair * 2 + panel) * 2] = result[0]!;
        results[(pair * 2 + panel) * 2 + 1] = result[1]!;
      }
    }
  }

  private beginStep(step: number): void {
    const { position, count } = batchAt(step, this.data.splits.training.count, this.program.batchSize);
    this.batch.position = position;
    this.batch.count = count;
    this.batch.step = step;
    this.scale[0] = 1 / count;
    this.settings.write(step);
  }

  private batchLoss(): number {
    let sum = 0;
    for (let panel = 0; panel < this.losses.length; panel++) sum += this.losses[panel]!;
    return sum / this.batch.count;
  }

  /** Brings `count` examples into a panel at `address`, the panel-th of its kind. */
  private gather(
    inputs: number,
    rows: number,
    count: number,
    address: number,
    active: ActiveInputs | null,
    panel: number,
  ): void {
    const { kernels, data } = this;
    const { features, channels } = data;
    const gather = data.bytes ? kernels.gatherBytes : kernels.gatherFloats;
    gather(inputs, rows, count, features, channels, active ? data.unshiftedScales : data.scales, address);
    if (!active) return;
    const paddedFeatures = this.program.buffers[this.program.inputBuffer]!.features;
    const list = active.lists + panel * active.listStride;
    kernels.listActive(address, paddedFeatures, list, active.pairs + panel * active.pairStride);
  }

  private bindBatch(): Instruction[] {
    const { kernels, program, memory, thread, batch } = this;
    const binder = new Binder(kernels, program, memory, {
      panels: program.panels,
      thread,
      threads: program.threads,
      values: buffer => buffer.values,
      active: program.active,
      dropoutSeed: salt => dropoutSeed(program.orderSeed ?? 0, salt, batch.step),
    });
    const phases = [
      this.bindGather(binder),
      ...program.ops.map(op => binder.forward(op)),
      this.bindLoss(binder),
      ...program.ops.toReversed().map(op => binder.backward(op)),
    ];
    // with whole panels for each thread nothing crosses between threads before the updates
    if (program.panels % program.threads === 0) return phases.flat();
    const meet = (): void => {
      this.barrier();
    };
    return phases.flatMap(phase => [...phase, meet]);
  }

  private bindGather(binder: Binder): Instruction[] {
    const { kernels, program, data, batch } = this;
    const input = program.buffers[program.inputBuffer]!;
    const { inputs, labels } = data.splits.training;
    return binder.split(1, panel => () => {
      const rows = program.order + (batch.position + panel * lanes) * 4;
      const count = Math.max(0, Math.min(lanes, batch.count - panel * lanes));
      this.gather(inputs, rows, count, input.values + panel * input.panelBytes, program.active, panel);
      kernels.gatherLabels(labels, data.labelBytes, rows, count, program.labels + panel * lanes * 4);
    });
  }

  private bindLoss(binder: Binder): Instruction[] {
    const { kernels, program, memory } = this;
    const area = program.areas[this.thread]!;
    const { values, gradients, panelBytes } = program.buffers[program.outputBuffer]!;
    const result = new Float64Array(memory.buffer, area.result, 1);
    const loss = program.loss === 'cross-entropy' ? kernels.crossEntropy : kernels.meanSquaredError;
    return binder.split(1, panel => () => {
      const offset = panel * panelBytes;
      const labels = program.labels + panel * lanes * 4;
      loss(values + offset, gradients + offset, labels, program.outputs, area.scale, area.result);
      this.losses[panel] = result[0]!;
    });
  }

  /** The forward pass on this thread's own two panels, without dropout. */
  private bindEvaluation(): Instruction[] {
    const { kernels, program, memory, thread } = this;
    const { active } = program.areas[thread]!;
    const scope = { panels: 2, thread: 0, threads: 1, active, dropoutSeed: null };
    const binder = new Binder(kernels, program, memory, { ...scope, values: buffer => buffer.evaluation[thread]! });
    return program.ops.flatMap(op => binder.forward(op));
  }
}

/** Seed of a dropout op at a step: its own draw for each op and step. */
function dropoutSeed(seed: number, salt: number, step: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt, 0xc2b2ae35) ^ Math.imul(step + 1, 0x27d4eb2f);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 12)) >>> 0;
}

/**
 * One training thread: walks its share of the program, step after step. Every value is computed by one thread in an order
 * that does not depend on how the work is shared, so the number of threads never changes a bit.
 */
import { batchAt } from '../schedule';
import type { SplitName } from '../trainer';
import { type Batch, Binder } from './bindings';
import { bindFinish, bindSwap } from './finish';
import { ForwardPasses } from './forward';
import { InputPanels } from './inputPanels';
import type { Kernels } from './kernels';
import { control, type DataLayout, lanes } from './memory';
import type { Instruction } from './ops/operation';
import { examplesFrom, PanelLoss } from './panelLoss';
import type { Program } from './program';
import { StepSettings } from './settings';
import { BatchStream } from './stream';
import type { WasmMemory } from './webassembly';

export class TrainingThread {
  /** Forward, loss and backward, up to the point where all have met. */
  private readonly batchWork: readonly Instruction[];
  /** What is left of the updates, and what follows from them. */
  private readonly finishWork: readonly Instruction[];
  /** null: nothing is derived from the weights, on any thread. */
  private readonly preparation: readonly Instruction[] | null;
  private readonly forward: ForwardPasses;
  private readonly settings: StepSettings;
  private readonly inputs: InputPanels;
  private readonly loss: PanelLoss;
  private readonly losses: Float64Array;
  /** What the summed losses of the batch at hand are divided by. */
  private divisor = 1;
  private readonly batch: Batch = { position: 0, count: 0, step: 0 };
  /** null: the inputs are in memory. */
  private readonly stream: BatchStream | null;
  /** Where the inputs of the batch at hand are, or of the whole split. */
  private readonly source: { inputs: number };
  private readonly swap: Instruction;
  private isPrepared = false;

  constructor(
    private readonly kernels: Kernels,
    memory: WasmMemory,
    private readonly program: Program,
    private readonly data: DataLayout,
    private readonly thread: number,
  ) {
    const area = program.areas[thread]!;
    this.settings = new StepSettings(program, new DataView(memory.buffer, area.settings, 64));
    this.inputs = new InputPanels(kernels, memory, program, data, area);
    this.loss = new PanelLoss(kernels, memory, program, data, area);
    this.losses = new Float64Array(memory.buffer, program.losses, program.panels);
    this.stream = program.stream && new BatchStream(memory, program, data);
    this.source = { inputs: data.splits.training.inputs };
    const meet = (): void => {
      this.barrier();
    };
    const binder = new Binder(kernels, memory, program, thread, this.batch, meet);
    this.batchWork = binder.bindStep(this.bindGather(binder), this.bindLoss(binder));
    this.preparation = binder.bindPreparation();
    this.finishWork = [...binder.bindLastUpdates(), ...bindFinish(kernels, memory, program, thread, meet)];
    const evaluation = binder.bindEvaluation();
    this.forward = new ForwardPasses(memory, program, data, thread, this.inputs, this.loss, evaluation);
    this.swap = bindSwap(memory, program, thread);
  }

  /** Waits until all threads are here. */
  barrier(): void {
    this.kernels.barrier(control.barrier * 4, this.program.threads);
  }

  /**
   * Trains the steps [from, to), all in the epoch whose order lies in memory. All threads return the same.
   * @param sum losses of the steps before, to which those of these steps are added one by one
   * @returns the sum; the step at which the loss was no longer finite (then training stopped) or −1; and whether it stopped
   * because inputs could not be read
   */
  train(
    from: number,
    to: number,
    sum: number,
  ): { readonly loss: number; readonly failedAt: number; readonly isUnread: boolean } {
    if (!this.isPrepared) this.prepare();
    let loss = sum;
    for (let step = from; step < to; step++) {
      if (!this.beginStep(step)) return { loss, failedAt: -1, isUnread: true };
      for (const instruction of this.batchWork) instruction();
      const batchLoss = this.batchLoss();
      if (!Number.isFinite(batchLoss)) return { loss, failedAt: step, isUnread: false };
      loss += batchLoss;
      for (const instruction of this.finishWork) instruction();
      this.barrier();
      if (this.thread === 0) this.stream?.release(step);
      this.prepare();
    }
    return { loss, failedAt: -1, isUnread: false };
  }

  /** Evaluates this thread's share of a split; results per panel go to memory. */
  evaluate(splitName: SplitName): void {
    this.withAverages(() => {
      this.forward.losses(splitName);
    });
  }

  /** Outputs of this thread's share of some pairs of panels of a split, which go to memory. */
  predict(splitName: SplitName, firstPair: number, lastPair: number): void {
    this.withAverages(() => {
      this.forward.outputs(splitName, firstPair, lastPair);
    });
  }

  close(): void {
    this.stream?.close();
    this.forward.close();
  }

  /** With averaged weights where the recipe has them. All threads meet after it. */
  private withAverages(work: () => void): void {
    if (this.program.regularization.averageDecay === null) {
      if (!this.isPrepared) this.prepare();
      work();
      this.barrier();
      return;
    }
    this.exchange();
    work();
    this.barrier();
    this.exchange();
  }

  /** Weights and averages change places. */
  private exchange(): void {
    this.swap();
    this.barrier();
    this.prepare();
  }

  /** Brings up to date what is derived from the weights. All threads have met before, and meet after. */
  private prepare(): void {
    this.isPrepared = true;
    if (this.preparation === null) return;
    for (const instruction of this.preparation) instruction();
    this.barrier();
  }

  /** @returns false where the inputs of the step cannot be read */
  private beginStep(step: number): boolean {
    const { position, count } = batchAt(step, this.data.splits.training.count, this.program.batchSize);
    this.batch.position = position;
    this.batch.count = count;
    this.batch.step = step;
    this.divisor = this.loss.divisor(position, count);
    this.settings.write(step);
    if (!this.stream) return true;
    const slot = this.stream.take(step);
    if (slot !== null) this.source.inputs = slot;
    return slot !== null;
  }

  private batchLoss(): number {
    let sum = 0;
    for (let panel = 0; panel < this.losses.length; panel++) sum += this.losses[panel]!;
    return sum / this.divisor;
  }

  private bindGather({ training }: Binder): Instruction[] {
    const { program, data, batch } = this;
    const split = data.splits.training;
    return training.split(1, panel => () => {
      const rows = program.order + (batch.position + panel * lanes) * 4;
      const sourceRows = program.stream ? program.stream.rows + panel * lanes * 4 : rows;
      const count = examplesFrom(panel * lanes, batch.count);
      const address = training.values(program.inputBuffer, panel);
      this.inputs.gatherAugmented(this.source, sourceRows, count, address, program.active, panel, batch.step);
      this.loss.gather(split, rows, count, program.labels + panel * program.labelStride);
    });
  }

  private bindLoss({ training }: Binder): Instruction[] {
    const { loss, batch } = this;
    const { outputBuffer, labels, labelStride } = this.program;
    return training.split(1, panel => () => {
      const [z, dz] = [training.values(outputBuffer, panel), training.gradients(outputBuffer, panel)];
      loss.train(z, dz, labels + panel * labelStride, examplesFrom(panel * lanes, batch.count), this.divisor);
      this.losses[panel] = loss.result[0]!;
    });
  }
}

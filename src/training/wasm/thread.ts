/**
 * One training thread: turns the program into the list of kernel calls that are this thread's share, and walks it step
 * after step. Every value is computed by one thread in an order that does not depend on how the work is shared, so the
 * number of threads never changes a bit.
 */
import { batchAt } from '../schedule';
import type { Kernels } from './kernels';
import { control, type DataLayout, lanes } from './memory';
import type { Program, ProgramOp } from './program';
import { StepSettings } from './settings';
import type { WasmMemory } from './webassembly';

export type SplitName = 'training' | 'validation' | 'test';

/** A kernel call with all its arguments bound. */
type Instruction = () => void;

/** The share of `units` that falls to a thread. */
function share(units: number, thread: number, threads: number): [number, number] {
  return [Math.floor((units * thread) / threads), Math.floor((units * (thread + 1)) / threads)];
}

export class TrainingThread {
  /** Forward and backward in order; a barrier after each where panels are split between threads. */
  private readonly batchWork: readonly Instruction[];
  private readonly updates: readonly Instruction[];
  private readonly evaluationWork: readonly Instruction[];
  private readonly settings: StepSettings;
  private readonly losses: Float64Array;
  private readonly scale: Float32Array;
  /** The batch at hand, as the bound instructions see it. */
  private readonly batch = { position: 0, count: 0, seed: 0, step: 0 };

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
    this.updates = this.bindUpdates();
    this.evaluationWork = this.bindEvaluation();
  }

  /** Address of the barrier all threads meet at. */
  barrier(): void {
    this.kernels.barrier(control.barrier * 4, this.program.threads);
  }

  /**
   * Trains the steps [from, to), all in the epoch whose order lies in memory. All threads return the same.
   * @returns the mean loss of each step summed, and the step at which it was no longer finite (then training stopped) or −1
   */
  train(from: number, to: number): { readonly loss: number; readonly failedAt: number } {
    let sum = 0;
    for (let step = from; step < to; step++) {
      this.beginStep(step);
      for (const instruction of this.batchWork) instruction();
      this.barrier();
      const loss = this.batchLoss();
      if (!Number.isFinite(loss)) return { loss: sum, failedAt: step };
      sum += loss;
      for (const instruction of this.updates) instruction();
      this.barrier();
    }
    return { loss: sum, failedAt: -1 };
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
        this.gather(split.inputs, area.rows + panel * lanes * 4, count, address);
        kernels.gatherLabels(
          split.labels,
          data.labelBytes,
          area.rows + panel * lanes * 4,
          count,
          area.labels + panel * lanes * 4,
        );
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
    const { program, data } = this;
    const { position, count } = batchAt(step, data.splits.training.count, program.batchSize);
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

  private gather(inputs: number, rows: number, count: number, panel: number): void {
    const { kernels, data } = this;
    const gather = data.bytes ? kernels.gatherBytes : kernels.gatherFloats;
    gather(inputs, rows, count, data.features, data.channels, data.scales, panel);
  }

  /**
   * Splits an op of `blocks` blocks a panel between the threads and binds this thread's calls. `bindPair`, where there is
   * one, serves two whole panels at once.
   */
  private bindShare(
    blocks: number,
    bind: (panel: number, begin: number, end: number) => Instruction,
    bindPair?: (panel: number) => Instruction,
  ): Instruction[] {
    const { panels, threads } = this.program;
    const [first, last] = share(panels * blocks, this.thread, threads);
    const instructions: Instruction[] = [];
    for (let unit = first; unit < last;) {
      const panel = Math.floor(unit / blocks);
      if (bindPair && unit === panel * blocks && unit + 2 * blocks <= last) {
        instructions.push(bindPair(panel));
        unit += 2 * blocks;
        continue;
      }
      const end = Math.min(last, (panel + 1) * blocks);
      instructions.push(bind(panel, unit - panel * blocks, end - panel * blocks));
      unit = end;
    }
    return instructions;
  }

  private bindBatch(): Instruction[] {
    const { program } = this;
    const phases = [this.bindGather(), ...program.ops.map(op => this.bindForward(op)), this.bindLoss()];
    for (const op of program.ops.toReversed()) phases.push(this.bindBackward(op));
    // with whole panels for each thread nothing crosses between threads before the updates
    if (program.panels % program.threads === 0) return phases.flat();
    const meet = (): void => {
      this.barrier();
    };
    return phases.flatMap(phase => [...phase, meet]);
  }

  private bindGather(): Instruction[] {
    const { kernels, program, data, batch } = this;
    const input = program.buffers[program.inputBuffer]!;
    const { inputs, labels } = data.splits.training;
    return this.bindShare(1, panel => () => {
      const rows = program.order + (batch.position + panel * lanes) * 4;
      const count = Math.max(0, Math.min(lanes, batch.count - panel * lanes));
      this.gather(inputs, rows, count, input.values + panel * input.panelBytes);
      kernels.gatherLabels(labels, data.labelBytes, rows, count, program.labels + panel * lanes * 4);
    });
  }

  private bindForward(op: ProgramOp): Instruction[] {
    const { kernels, program, batch } = this;
    switch (op.kind) {
      case 'dense': {
        const input = program.buffers[op.input]!;
        const output = program.buffers[op.output]!;
        const layer = program.layers[op.layer]!;
        const rectify = Number(op.rectify);
        const blocks = output.features / 4;
        if (layer.form === 'dense') {
          return this.bindShare(blocks, (panel, begin, end) => () => {
            kernels.denseForward(
              input.values + panel * input.panelBytes,
              layer.kernel,
              layer.bias,
              output.values + panel * output.panelBytes,
              layer.inputs,
              layer.stride,
              begin,
              end,
              rectify,
            );
          });
        }
        return this.bindShare(
          blocks,
          (panel, begin, end) => () => {
            kernels.sparseForward(
              input.values + panel * input.panelBytes,
              layer.rows,
              layer.slotInputs,
              layer.kernel,
              layer.bias,
              output.values + panel * output.panelBytes,
              begin * 4,
              end * 4,
              rectify,
            );
          },
          panel => () => {
            kernels.sparseForwardPair(
              input.values + panel * input.panelBytes,
              input.panelBytes,
              layer.rows,
              layer.slotInputs,
              layer.kernel,
              layer.bias,
              output.values + panel * output.panelBytes,
              output.panelBytes,
              0,
              output.features,
              rectify,
            );
          },
        );
      }
      case 'activation': {
        if (op.fused) return [];
        const buffer = program.buffers[op.buffer]!;
        return this.bindShare(buffer.features / 4, (panel, begin, end) => () => {
          kernels.activationForward(op.code, buffer.values + panel * buffer.panelBytes, op.alpha, begin * 4, end * 4);
        });
      }
      case 'softmax': {
        const buffer = program.buffers[op.buffer]!;
        return this.bindShare(1, panel => () => {
          kernels.softmaxForward(buffer.values + panel * buffer.panelBytes, op.width, op.groups);
        });
      }
      case 'dropout':
        return this.bindDropout(op, program.buffers[op.input]!.values, program.buffers[op.output]!.values, batch);
    }
  }

  private bindLoss(): Instruction[] {
    const { kernels, program, memory } = this;
    const area = program.areas[this.thread]!;
    const output = program.buffers[program.outputBuffer]!;
    const result = new Float64Array(memory.buffer, area.result, 1);
    const loss = program.loss === 'cross-entropy' ? kernels.crossEntropy : kernels.meanSquaredError;
    return this.bindShare(1, panel => () => {
      loss(
        output.values + panel * output.panelBytes,
        output.gradients + panel * output.panelBytes,
        program.labels + panel * lanes * 4,
        program.outputs,
        area.scale,
        area.result,
      );
      this.losses[panel] = result[0]!;
    });
  }

  private bindBackward(op: ProgramOp): Instruction[] {
    const { kernels, program, batch } = this;
    switch (op.kind) {
      case 'dense': {
        const input = program.buffers[op.input]!;
        const output = program.buffers[op.output]!;
        const layer = program.layers[op.layer]!;
        if (input.gradients === 0) return [];
        const rectified = this.isRectified(op.input) ? input.values : 0;
        return this.bindShare(input.features / 4, (panel, begin, end) => () => {
          const dy = output.gradients + panel * output.panelBytes;
          const dx = input.gradients + panel * input.panelBytes;
          const x = rectified === 0 ? 0 : rectified + panel * input.panelBytes;
          if (layer.form === 'dense')
            kernels.denseInputGradient(layer.kernel, dy, dx, x, layer.outputs, layer.stride, begin, end);
          else kernels.sparseInputGradient(layer.columns, layer.entries, layer.kernel, dy, dx, x, begin * 4, end * 4);
        });
      }
      case 'activation': {
        const buffer = program.buffers[op.buffer]!;
        if (buffer.gradients === 0 || (op.fused && this.feedsDense(op.buffer))) return [];
        return this.bindShare(buffer.features / 4, (panel, begin, end) => () => {
          const offset = panel * buffer.panelBytes;
          kernels.activationBackward(
            op.code,
            buffer.values + offset,
            buffer.gradients + offset,
            op.alpha,
            begin * 4,
            end * 4,
          );
        });
      }
      case 'softmax': {
        const buffer = program.buffers[op.buffer]!;
        if (buffer.gradients === 0) return [];
        return this.bindShare(1, panel => () => {
          const offset = panel * buffer.panelBytes;
          kernels.softmaxBackward(buffer.values + offset, buffer.gradients + offset, op.width, op.groups);
        });
      }
      case 'dropout': {
        const input = program.buffers[op.input]!;
        return input.gradients === 0
          ? []
          : this.bindDropout(op, program.buffers[op.output]!.gradients, input.gradients, batch);
      }
    }
  }

  /** Whether the relu that made a buffer is fused with its layer, and nothing else came after it in place. */
  private isRectified(buffer: number): boolean {
    const last = this.program.ops.findLast(
      op => (op.kind === 'activation' || op.kind === 'softmax') && op.buffer === buffer,
    );
    return last?.kind === 'activation' && last.fused;
  }

  /** Whether the input gradient of a dense layer applies the fused relu of this buffer. */
  private feedsDense(buffer: number): boolean {
    return this.isRectified(buffer) && this.program.ops.some(op => op.kind === 'dense' && op.input === buffer);
  }

  private bindDropout(
    op: Extract<ProgramOp, { kind: 'dropout' }>,
    from: number,
    to: number,
    batch: { readonly step: number },
  ): Instruction[] {
    const { kernels, program, memory } = this;
    const { panelBytes } = program.buffers[op.output]!;
    const address = program.areas[this.thread]!.dropout;
    const seed = new Uint32Array(memory.buffer, address, 1);
    const threshold = Math.floor(op.rate * 0x1_0000_0000);
    const scale = 1 / (1 - op.rate);
    return this.bindShare(op.features / 4, (panel, begin, end) => () => {
      seed[0] = dropoutSeed(program.orderSeed ?? 0, op.salt, batch.step);
      const offset = panel * panelBytes;
      kernels.dropout(from + offset, to + offset, address, panel, op.features, threshold, scale, begin * 4, end * 4);
    });
  }

  private bindUpdates(): Instruction[] {
    const { kernels, program } = this;
    const { settings, scratch } = program.areas[this.thread]!;
    return program.ops.flatMap((op): Instruction[] => {
      if (op.kind !== 'dense') return [];
      const layer = program.layers[op.layer]!;
      const input = program.buffers[op.input]!;
      const output = program.buffers[op.output]!;
      const begin = layer.shares[this.thread]!;
      const end = layer.shares[this.thread + 1]!;
      if (begin === end) return [];
      if (layer.form === 'dense') {
        return [
          () => {
            kernels.denseUpdate(
              input.values,
              input.panelBytes,
              output.gradients,
              output.panelBytes,
              program.panels,
              input.features,
              layer.stride,
              begin,
              end,
              layer.block,
              settings,
              scratch,
            );
          },
        ];
      }
      return [
        () => {
          kernels.sparseUpdate(
            input.values,
            input.panelBytes,
            output.gradients,
            output.panelBytes,
            program.panels,
            layer.rows,
            layer.slotInputs,
            begin * 4,
            end * 4,
            layer.block,
            settings,
            scratch,
          );
        },
      ];
    });
  }

  /** The forward pass on this thread's own two panels, without dropout. */
  private bindEvaluation(): Instruction[] {
    const { kernels, program, thread } = this;
    const address = (buffer: number): number => program.buffers[buffer]!.evaluation[thread]!;
    return program.ops.flatMap((op): Instruction[] => {
      switch (op.kind) {
        case 'dense': {
          const input = program.buffers[op.input]!;
          const output = program.buffers[op.output]!;
          const layer = program.layers[op.layer]!;
          const [x, y, rectify] = [address(op.input), address(op.output), Number(op.rectify)];
          if (layer.form === 'compressed') {
            return [
              () => {
                kernels.sparseForwardPair(
                  x,
                  input.panelBytes,
                  layer.rows,
                  layer.slotInputs,
                  layer.kernel,
                  layer.bias,
                  y,
                  output.panelBytes,
                  0,
                  output.features,
                  rectify,
                );
              },
            ];
          }
          return [0, 1].map(panel => () => {
            kernels.denseForward(
              x + panel * input.panelBytes,
              layer.kernel,
              layer.bias,
              y + panel * output.panelBytes,
              layer.inputs,
              layer.stride,
              0,
              output.features / 4,
              rectify,
            );
          });
        }
        case 'activation': {
          if (op.fused) return [];
          const { features } = program.buffers[op.buffer]!;
          return [
            () => {
              kernels.activationForward(op.code, address(op.buffer), op.alpha, 0, 2 * features);
            },
          ];
        }
        case 'softmax': {
          const { panelBytes } = program.buffers[op.buffer]!;
          return [0, 1].map(panel => () => {
            kernels.softmaxForward(address(op.buffer) + panel * panelBytes, op.width, op.groups);
          });
        }
        case 'dropout': {
          const { panelBytes } = program.buffers[op.output]!;
          const [from, to] = [address(op.input), address(op.output)];
          return [
            () => {
              new Uint8Array(this.memory.buffer).copyWithin(to, from, from + 2 * panelBytes);
            },
          ];
        }
      }
    });
  }
}

/** Seed of a dropout op at a step: its own draw for each op and step. */
function dropoutSeed(seed: number, salt: number, step: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt, 0xc2b2ae35) ^ Math.imul(step + 1, 0x27d4eb2f);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 12)) >>> 0;
}

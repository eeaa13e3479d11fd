/** Binds the ops of a program to kernel calls with all their arguments: one list for each thread and each pass. */
import type { Kernels } from './kernels';
import type { ActiveInputs, Buffer, Program, ProgramOp } from './program';

/** A kernel call with all its arguments bound. */
export type Instruction = () => void;

/** The part of `units` that falls to a thread. */
export function share(units: number, thread: number, threads: number): [number, number] {
  return [Math.floor((units * thread) / threads), Math.floor((units * (thread + 1)) / threads)];
}

/** Which panels lie where, and which part of the work on them is this thread's. */
export interface Scope {
  readonly panels: number;
  readonly thread: number;
  readonly threads: number;
  /** Where the values of a buffer lie: the batch all threads share, or the two panels a thread evaluates by itself. */
  readonly values: (buffer: Buffer) => number;
  readonly active: ActiveInputs | null;
  /** Seed of a dropout op at the step at hand; null: dropout is off. */
  readonly dropoutSeed: ((salt: number) => number) | null;
}

type DropoutOp = Extract<ProgramOp, { kind: 'dropout' }>;

export class Binder {
  constructor(
    private readonly kernels: Kernels,
    private readonly program: Program,
    private readonly memory: { readonly buffer: ArrayBuffer },
    private readonly scope: Scope,
  ) {}

  /** Splits an op of `blocks` blocks a panel between the threads and binds this thread's calls. */
  split(blocks: number, bind: (panel: number, begin: number, end: number) => Instruction): Instruction[] {
    const { panels, thread, threads } = this.scope;
    const [first, last] = share(panels * blocks, thread, threads);
    const instructions: Instruction[] = [];
    for (let unit = first; unit < last;) {
      const panel = Math.floor(unit / blocks);
      const end = Math.min(last, (panel + 1) * blocks);
      instructions.push(bind(panel, unit - panel * blocks, end - panel * blocks));
      unit = end;
    }
    return instructions;
  }

  forward(op: ProgramOp): Instruction[] {
    const { kernels, program, scope } = this;
    const input = program.buffers[op.input]!;
    const output = program.buffers[op.output]!;
    const x = (panel: number): number => scope.values(input) + panel * input.panelBytes;
    const y = (panel: number): number => scope.values(output) + panel * output.panelBytes;
    switch (op.kind) {
      case 'dense': {
        const layer = program.layers[op.layer]!;
        const rectify = Number(op.rectify);
        if (layer.form === 'dense') {
          const { kernel, start, stride, allInputs } = layer;
          const active = op.input === program.inputBuffer ? scope.active : null;
          return this.split(output.features / 4, (panel, begin, end) => () => {
            const list = active ? active.lists + panel * active.listStride : allInputs;
            kernels.denseForward(x(panel), list, kernel, start, y(panel), stride, begin, end, rectify);
          });
        }
        const { kernel, start, rows, slotInputs } = layer;
        return this.split(output.features / 4, (panel, begin, end) => () => {
          kernels.sparseForward(x(panel), rows, slotInputs, kernel, start, y(panel), begin * 4, end * 4, rectify);
        });
      }
      case 'activation':
        if (op.fused) return [];
        return this.split(output.features / 4, (panel, begin, end) => () => {
          kernels.activationForward(op.code, x(panel), y(panel), op.alpha, begin * 4, end * 4);
        });
      case 'softmax':
        return this.split(1, panel => () => {
          kernels.softmaxForward(x(panel), y(panel), op.width, op.groups);
        });
      case 'dropout':
        if (scope.dropoutSeed) return this.dropout(op, scope.values(input), scope.values(output));
        return this.split(1, panel => () => {
          new Uint8Array(this.memory.buffer).copyWithin(y(panel), x(panel), x(panel) + input.panelBytes);
        });
    }
  }

  /** Gradients of the inputs of an op; nothing where no parameter lies before it. Weights are updated apart from this. */
  backward(op: ProgramOp): Instruction[] {
    const { kernels, program, scope } = this;
    const input = program.buffers[op.input]!;
    const output = program.buffers[op.output]!;
    if (input.gradients === 0) return [];
    const y = (panel: number): number => scope.values(output) + panel * output.panelBytes;
    const dx = (panel: number): number => input.gradients + panel * input.panelBytes;
    const dy = (panel: number): number => output.gradients + panel * output.panelBytes;
    switch (op.kind) {
      case 'dense': {
        const layer = program.layers[op.layer]!;
        const rectified = this.rectified(op.input) ? scope.values(input) : 0;
        return this.split(input.features / 4, (panel, begin, end) => () => {
          const x = rectified === 0 ? 0 : rectified + panel * input.panelBytes;
          if (layer.form === 'dense') {
            kernels.denseInputGradient(layer.kernel, dy(panel), dx(panel), x, layer.outputs, layer.stride, begin, end);
          } else {
            const { columns, entries, kernel } = layer;
            kernels.sparseInputGradient(columns, entries, kernel, dy(panel), dx(panel), x, begin * 4, end * 4);
          }
        });
      }
      case 'activation':
        if (
          this.rectified(op.output) &&
          this.program.ops.some(other => other.kind === 'dense' && other.input === op.output)
        )
          return [];
        return this.split(output.features / 4, (panel, begin, end) => () => {
          kernels.activationBackward(op.code, y(panel), dy(panel), dx(panel), op.alpha, begin * 4, end * 4);
        });
      case 'softmax':
        return this.split(1, panel => () => {
          kernels.softmaxBackward(y(panel), dy(panel), dx(panel), op.width, op.groups);
        });
      case 'dropout':
        return this.dropout(op, output.gradients, input.gradients);
    }
  }

  /** Whether a buffer holds the output of a relu fused with its layer: then the next layer's input gradient applies it. */
  private rectified(buffer: number): boolean {
    return this.program.ops.some(op => op.kind === 'activation' && op.output === buffer && op.fused);
  }

  private dropout(op: DropoutOp, from: number, to: number): Instruction[] {
    const { kernels, program, memory, scope } = this;
    const { panelBytes } = program.buffers[op.output]!;
    const address = program.areas[scope.thread]!.dropout;
    const seed = new Uint32Array(memory.buffer, address, 1);
    const threshold = Math.floor(op.rate * 0x1_0000_0000);
    const scale = 1 / (1 - op.rate);
    return this.split(op.features / 4, (panel, begin, end) => () => {
      seed[0] = scope.dropoutSeed!(op.salt);
      const offset = panel * panelBytes;
      kernels.dropout(from + offset, to + offset, address, panel, op.features, threshold, scale, begin * 4, end * 4);
    });
  }
}

/** Gradients of this thread's share of each layer, each with the optimiser's update. */
export function bindUpdates(kernels: Kernels, program: Program, thread: number): Instruction[] {
  const { settings, scratch } = program.areas[thread]!;
  return program.ops.flatMap((op): Instruction[] => {
    if (op.kind !== 'dense') return [];
    const layer = program.layers[op.layer]!;
    const x = program.buffers[op.input]!;
    const y = program.buffers[op.output]!;
    const begin = layer.shares[thread]!;
    const end = layer.shares[thread + 1]!;
    if (begin === end) return [];
    const { panels } = program;
    const { block } = layer;
    if (layer.form === 'dense') {
      const active = op.input === program.inputBuffer ? program.active : null;
      return [
        () => {
          kernels.denseUpdate(
            x.values,
            x.panelBytes,
            y.gradients,
            y.panelBytes,
            panels,
            x.features,
            layer.stride,
            active?.pairs ?? 0,
            active?.pairStride ?? 0,
            begin,
            end,
            block,
            settings,
            scratch,
          );
        },
      ];
    }
    const { rows, slotInputs } = layer;
    return [
      () => {
        kernels.sparseUpdate(
          x.values,
          x.panelBytes,
          y.gradients,
          y.panelBytes,
          panels,
          rows,
          slotInputs,
          begin * 4,
          end * 4,
          block,
          settings,
          scratch,
        );
      },
    ];
  });
}

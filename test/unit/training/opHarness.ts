/** One op by itself: laid out over a memory of its own with frames everywhere, run by any number of threads in turn. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/shared/random';
import type { Padding, Plan, PlanOp } from '../../../src/training/plan/plan';
import type { Kernels } from '../../../src/training/wasm/kernels';
import { type Buffer, type Layout, layoutOf, noPadding } from '../../../src/training/wasm/layout';
import {
  type Binding,
  type GradientTarget,
  type AnyKind,
  type Phase,
  type Placement,
  share,
  type Site,
} from '../../../src/training/wasm/ops/operation';
import { randomValues } from './support';

const kernelsFile = path.resolve(import.meta.dirname, '../../../dist/kernels-single.wasm');
const module = new WebAssembly.Module(readFileSync(kernelsFile));
const lanes = 16;
const firstAddress = 65_536;
/** What buffers hold before anything is written to them. */
const untouched = NaN;

export interface OpCase<Op extends PlanOp> {
  readonly kind: AnyKind<Op>;
  /** Inputs are 0, 1, …, the output comes behind them; parameters are numbered as in `parameters`. */
  readonly op: Op;
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
  readonly batch: number;
  /** Around all values and gradients; each a little different. None where left out. */
  readonly framed?: boolean;
  /** Of each input; null where the gradient is not wanted. */
  readonly targets?: readonly (GradientTarget | null)[];
  readonly rectify?: boolean;
  readonly parameters?: readonly Float32Array[];
  /** The output lies where the input lies, its gradient too. */
  readonly inPlace?: boolean;
  readonly training?: boolean;
  readonly threads?: number;
  readonly step?: number;
}

/** Example after example, each as the plan has it. */
export interface OpData {
  readonly inputs: readonly Float32Array[];
  readonly outputGradient: Float32Array;
  /** What lies in the inputs' gradients before, for those that are added to. */
  readonly earlier: readonly Float32Array[];
}

export interface OpResult {
  readonly output: Float32Array;
  /** Of inputs whose gradient is wanted. */
  readonly inputGradients: readonly (Float32Array | null)[];
  /** After one step of gradient descent of rate 1. */
  readonly parameters: readonly Float32Array[];
}

export const overwrite: GradientTarget = { accumulate: false, rectify: false };

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Random values; half of those of an input whose gradient is rectified are 0, as a relu leaves them. */
export function randomData<Op extends PlanOp>(test: OpCase<Op>, seed = 1): OpData {
  const random = new Random(seed);
  const draw = (shape: readonly number[]): Float32Array => randomValues(random, test.batch * sizeOf(shape));
  return {
    inputs: test.inputShapes.map((shape, i) =>
      draw(shape).map(value => (test.targets?.[i]?.rectify ? Math.max(0, value) : value)),
    ),
    outputGradient: draw(test.outputShape),
    earlier: test.inputShapes.map(draw),
  };
}

/**
 * Runs the forward pass, and while training also the backward pass and the update.
 * @throws Error where a frame or the padding behind an image was written to, or a lane past the end got a gradient
 */
export function runOp<Op extends PlanOp>(test: OpCase<Op>, data: OpData): OpResult {
  const bench = new OpBench(test, data);
  bench.run('forward');
  if (test.training ?? true) {
    bench.run('backward');
    bench.run('update');
  }
  return bench.result();
}

type Pass = 'forward' | 'backward' | 'update';

/** An op with its data in place, whose passes can be run as often as one likes. */
export class OpBench<Op extends PlanOp> {
  private readonly memory: WebAssembly.Memory;
  private readonly buffers: readonly Buffer[];
  private readonly panels: number;
  private readonly readers = new Map<number, () => Float32Array>();
  private readonly passes: Record<Pass, readonly Phase[]>[];
  private readonly output: number;
  private readonly targets: readonly (GradientTarget | null)[];

  constructor(
    private readonly test: OpCase<Op>,
    private readonly data: OpData,
  ) {
    const threads = test.threads ?? 1;
    this.panels = Math.ceil(test.batch / lanes);
    this.targets = test.targets ?? test.inputShapes.map(() => overwrite);
    this.output = test.inPlace ? 0 : test.inputShapes.length;
    const fills: ((memory: ArrayBuffer) => void)[] = [];
    let next = firstAddress;
    let scratch = 64;
    const allocate: Site['allocate'] = (bytes, fill) => {
      const address = next;
      next += Math.ceil(bytes / 128) * 128;
      if (fill)
        fills.push(memory => {
          fill(memory, address);
        });
      return address;
    };
    const shapes = test.inPlace ? test.inputShapes : [...test.inputShapes, test.outputShape];
    this.buffers = shapes.map((shape, i) => this.place(shape, i, allocate));
    const plan = planOf(test);
    const parameters = test.parameters ?? [];
    const site: Site = {
      setup: { network: plan } as Site['setup'],
      plan,
      buffers: this.buffers,
      threads,
      panels: this.panels,
      compressBelow: 0,
      values: parameter => parameters[parameter]!.slice(),
      mask: () => null,
      allocate,
      inputShift: () => null,
      trainable: ({ parameter, count, pack, unpack }) => {
        const kernel = allocate(count * 4, (memory, at) => {
          pack(parameters[parameter]!, new Float32Array(memory, at, count));
        });
        this.readers.set(parameter, () => {
          const stored = new Float32Array(this.memory.buffer, kernel, count);
          return unpack(stored);
        });
        const block = allocate(64, (memory, at) => {
          new Uint32Array(memory, at, 1)[0] = kernel;
        });
        return { block, kernel, bias: 0 };
      },
      reads: (parameter, read) => this.readers.set(parameter, () => read(this.memory.buffer)),
      scratch: bytes => {
        scratch = Math.max(scratch, bytes);
      },
    };
    const placement: Placement = {
      layer: test.op.layer,
      inputs: test.inputShapes.map((_, i) => i),
      output: this.output,
      gradients: this.targets,
      rectify: test.rectify ?? false,
    };
    // what `place` returns travels to other threads
    const kind = test.kind as unknown as AnyKind<never>;
    const placed = structuredClone(kind.place(test.op as never, placement, site));
    const areas = Array.from({ length: threads }, () => ({ settings: allocate(128), scratch: allocate(scratch) }));
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(next / 65_536) + 1, maximum: 65_536 });
    const { buffer } = this.memory;
    for (const fill of fills) fill(buffer);
    this.fillBuffers();
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory, abort: fail } });
    this.passes = areas.map((area, thread): Record<Pass, readonly Phase[]> => {
      // plain gradient descent of rate 1
      new Float32Array(buffer, area.settings, 2)[1] = 1;
      new Uint8Array(buffer, area.scratch, scratch).fill(0xff);
      const binding = this.binding(exports as unknown as Kernels, area, thread, threads);
      return {
        forward: kind.forward(placed as never, binding),
        backward: kind.backward(placed as never, binding),
        update: kind.update?.(placed as never, binding) ?? [],
      };
    });
  }

  /** Phase after phase, in each thread after thread. */
  run(pass: Pass): void {
    const phases = this.passes.map(passes => passes[pass]);
    const count = Math.max(...phases.map(({ length }) => length));
    for (let phase = 0; phase < count; phase++) {
      // a thread without work may have no phase
      for (const thread of phases) for (const instruction of thread[phase]?.work ?? []) instruction();
    }
  }

  result(): OpResult {
    const { buffers, test, targets } = this;
    const { values, trainingValues } = buffers[this.output]!;
    this.checkSurroundings(values, trainingValues);
    const isTraining = test.training ?? true;
    return {
      output: this.read(values, trainingValues),
      inputGradients: test.inputShapes.map((_, i) => {
        const { gradients, trainingGradients } = buffers[i]!;
        this.checkSurroundings(gradients, trainingGradients);
        if (!targets[i] || !isTraining) return null;
        this.checkLanesPastTheEnd(gradients, trainingGradients);
        return this.read(gradients, trainingGradients);
      }),
      parameters: (test.parameters ?? []).map((_, i) => this.readers.get(i)!()),
    };
  }

  private place(shape: readonly number[], index: number, allocate: Site['allocate']): Buffer {
    const around: Padding = { top: index % 3, bottom: 1, left: 1 + (index % 2), right: index % 2 };
    const behind: Padding = { top: 1, bottom: index % 2, left: 0, right: 2 };
    const isFramed = this.test.framed ?? false;
    const values = layoutOf(shape, isFramed ? around : noPadding);
    const gradients = layoutOf(shape, isFramed ? behind : noPadding);
    return {
      values,
      gradients,
      trainingValues: allocate(values.panelBytes * this.panels),
      trainingGradients: allocate(gradients.panelBytes * this.panels),
      evaluationValues: [],
    };
  }

  private binding(
    kernels: Kernels,
    area: { readonly settings: number; readonly scratch: number },
    thread: number,
    threads: number,
  ): Binding {
    const { buffers, panels, test } = this;
    return {
      ...area,
      kernels,
      memory: this.memory,
      buffers,
      panels,
      thread,
      threads,
      training: test.training ?? true,
      batch: { step: test.step ?? 0, count: test.batch },
      orderSeed: 5,
      activeInputs: null,
      values: (buffer, panel) => buffers[buffer]!.trainingValues + panel * buffers[buffer]!.values.panelBytes,
      gradients: (buffer, panel) => buffers[buffer]!.trainingGradients + panel * buffers[buffer]!.gradients.panelBytes,
      split: (units, bind) => {
        const [first, last] = share(panels * units, thread, threads);
        const work = [];
        for (let unit = first; unit < last;) {
          const panel = Math.floor(unit / units);
          const end = Math.min(last, (panel + 1) * units);
          work.push(bind(panel, unit - panel * units, end - panel * units));
          unit = end;
        }
        return work;
      },
    };
  }

  private fillBuffers(): void {
    const { buffers, data, output, test } = this;
    const { values, trainingValues, gradients, trainingGradients } = buffers[output]!;
    if (!test.inPlace) this.write(values, trainingValues, null, false);
    data.inputs.forEach((input, i) => {
      const { values: layout, trainingValues: address, ...buffer } = buffers[i]!;
      this.write(layout, address, input, true);
      const before = this.targets[i]?.accumulate ? data.earlier[i]! : null;
      this.write(buffer.gradients, buffer.trainingGradients, before, false);
    });
    this.write(gradients, trainingGradients, data.outputGradient, false);
  }

  /** @param repeat lanes past the end of the batch repeat its last example, else they hold 0 */
  private write(layout: Layout, address: number, values: Float32Array | null, repeat: boolean): void {
    const memory = new Float32Array(this.memory.buffer);
    const size = layout.height * layout.width * layout.channels;
    const { batch } = this.test;
    for (let example = 0; example < this.panels * lanes; example++) {
      const isPast = example >= batch && !repeat;
      for (let at = 0; at < size; at++) {
        const value = values?.[Math.min(example, batch - 1) * size + at] ?? untouched;
        memory[placeOf(layout, address, example, at)] = values && isPast ? 0 : value;
      }
    }
  }

  private read(layout: Layout, address: number): Float32Array {
    const memory = new Float32Array(this.memory.buffer);
    const size = layout.height * layout.width * layout.channels;
    const count = this.test.batch * size;
    const at = (i: number): number => placeOf(layout, address, Math.floor(i / size), i % size);
    return Float32Array.from({ length: count }, (_, i) => memory[at(i)]!);
  }

  private checkSurroundings(layout: Layout, address: number): void {
    const inside = new Set<number>();
    const size = layout.height * layout.width * layout.channels;
    for (let example = 0; example < this.panels * lanes; example++) {
      for (let at = 0; at < size; at++) inside.add(placeOf(layout, address, example, at));
    }
    const memory = new Float32Array(this.memory.buffer);
    for (let at = address / 4; at < (address + this.panels * layout.panelBytes) / 4; at++) {
      if (memory[at] !== 0 && !inside.has(at)) throw new Error('a frame was written to');
    }
  }

  private checkLanesPastTheEnd(layout: Layout, address: number): void {
    const memory = new Float32Array(this.memory.buffer);
    const size = layout.height * layout.width * layout.channels;
    for (let example = this.test.batch; example < this.panels * lanes; example++) {
      for (let at = 0; at < size; at++) {
        if (memory[placeOf(layout, address, example, at)] !== 0) throw new Error('a lane past the end has a gradient');
      }
    }
  }
}

/** Index of a float. */
function placeOf(layout: Layout, address: number, example: number, at: number): number {
  const channel = at % layout.channels;
  const column = Math.floor(at / layout.channels) % layout.width;
  const row = Math.floor(at / (layout.channels * layout.width));
  const panel = Math.floor(example / lanes);
  const bytes = panel * layout.panelBytes + layout.origin + row * layout.rowBytes + column * layout.pixelBytes;
  return (address + bytes) / 4 + channel * lanes + (example % lanes);
}

function planOf<Op extends PlanOp>({ op, inputShapes, outputShape, parameters = [] }: OpCase<Op>): Plan {
  return {
    inputShape: inputShapes[0]!,
    activations: [...inputShapes, outputShape].map(shape => ({ shape, size: sizeOf(shape) })),
    ops: [op],
    parameters: parameters.map((values, i) => ({
      name: `layer/${String(i)}`,
      layer: op.layer,
      role: 'gamma',
      shape: [values.length],
      size: values.length,
      prunable: false,
      trainable: true,
      initializer: { kind: 'constant', value: 0 },
    })),
    loss: 'cross-entropy',
  };
}

function fail(): never {
  throw new Error('a kernel aborted');
}

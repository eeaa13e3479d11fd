/** One convolution by itself: laid out over a memory of its own, run on any number of threads, one after the other. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Padding } from '../../../src/training/plan/plan';
import type { Kernels } from '../../../src/training/wasm/kernels';
import { type Buffer, type Layout, layoutOf } from '../../../src/training/wasm/layout';
import { conv2d } from '../../../src/training/wasm/ops/conv';
import type { ConvForm } from '../../../src/training/wasm/ops/convForm';
import type {
  Binding,
  Phase,
  Placement,
  Site,
  StoredKernel,
  Trainable,
} from '../../../src/training/wasm/ops/operation';
import { share } from '../../../src/training/wasm/ops/operation';
import { type ConvCase, type ConvData, convPlan, type ConvResult, outputShapeOf } from './convCases';

/** KERNELS: another build of the kernels, to compare. */
const kernelsFile = (): string =>
  process.env['KERNELS'] ?? path.resolve(import.meta.dirname, '../../../dist/kernels-single.wasm');
const lanes = 16;
const pageBytes = 65_536;
const firstAddress = pageBytes;
/** 32 MiB, of which only what is used is taken. */
const memoryPages = 512;

/** What lies at the very end of the memory. */
type AtEnd = 'input' | 'output gradient';
type Pass = 'prepare' | 'forward' | 'backward' | 'update';

/** What a form needs around the images; the op's own frames where it is chosen by the op. */
export type FramesOf = typeof conv2d.frames;

/**
 * Runs all three passes. Gradients are told from a step of plain SGD of rate 1, so they carry the weights' rounding.
 * @throws Error where a frame is written to
 */
export function runConv<P extends Placement>(
  form: ConvForm<P>,
  test: ConvCase,
  data: ConvData,
  threads = 1,
  framesOf: FramesOf = conv2d.frames,
  atEnd: AtEnd = 'input',
): ConvResult {
  const bench = new ConvBench(form, test, data, threads, framesOf, atEnd);
  bench.run('prepare');
  bench.run('forward');
  bench.run('backward');
  bench.run('update');
  return bench.result();
}

/** A convolution with its data in place, whose passes can be run as often as one likes. */
export class ConvBench<P extends Placement> {
  private readonly memory: { readonly buffer: ArrayBuffer };
  private readonly passes: Record<Pass, readonly Phase[]>[];
  private readonly buffers: readonly Buffer[];
  private readonly panels: number;
  private readonly readers: (() => Float32Array)[] = [];

  constructor(
    form: ConvForm<P>,
    private readonly test: ConvCase,
    private readonly data: ConvData,
    threads: number,
    framesOf: FramesOf = conv2d.frames,
    atEnd: AtEnd = 'input',
  ) {
    this.panels = Math.ceil(test.batch / lanes);
    const { op, plan } = convPlan(test);
    const fills: ((memory: ArrayBuffer) => void)[] = [];
    let next = firstAddress;
    let end = memoryPages * pageBytes;
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
    const frames = framesOf(op, plan);
    const bufferOf = (shape: readonly number[], values: Padding, gradients: Padding): Buffer => {
      const layouts = [layoutOf(shape, values), layoutOf(shape, gradients)] as const;
      // from the end of the memory backwards: what reads past it traps
      const before = ({ panelBytes }: Layout): number => (end -= panelBytes * this.panels);
      const places = atEnd === 'input' ? layouts.map(before) : [...layouts].reverse().map(before).reverse();
      return {
        values: layouts[0],
        gradients: layouts[1],
        trainingValues: places[0]!,
        trainingGradients: places[1]!,
        evaluationValues: [],
      };
    };
    // output values and input gradient have frames too, which must stay as they are
    const some: Padding = { top: 1, bottom: 0, left: 2, right: 1 };
    const make = [
      () => bufferOf(test.inputShape, frames.inputs, some),
      () => bufferOf(outputShapeOf(test), some, frames.outputGradient),
    ];
    this.buffers =
      atEnd === 'input'
        ? make.map(one => one())
        : make
            .reverse()
            .map(one => one())
            .reverse();
    const values = [data.kernel, data.bias];
    const site: Site = {
      setup: { network: plan } as Site['setup'],
      plan,
      buffers: this.buffers,
      threads,
      panels: this.panels,
      compressBelow: 0.4,
      values: parameter => values[parameter]!,
      mask: parameter => (parameter === 0 ? test.mask : null),
      allocate,
      trainable: (kernel, bias) => this.trainable(kernel, bias, allocate),
      reads: () => undefined,
      inputShift: () => null,
      scratch: bytes => {
        scratch = Math.max(scratch, bytes);
      },
    };
    const placement: Placement = {
      layer: 'conv',
      inputs: [0],
      output: 1,
      gradients: [{ accumulate: test.accumulate, rectify: test.rectifyInput }],
      rectify: test.rectify,
    };
    const placed = form.place(op, placement, site);
    // what place returns travels to other threads
    const travelled = structuredClone(placed);
    const areas = Array.from({ length: threads }, () => ({ settings: allocate(128), scratch: allocate(scratch) }));
    if (next > end) throw new Error('the case needs more memory');
    const memory = new WebAssembly.Memory({ initial: memoryPages, maximum: 65_536 });
    this.memory = memory;
    fills.forEach(fill => {
      fill(memory.buffer);
    });
    const module = new WebAssembly.Module(readFileSync(kernelsFile()));
    const kernels = new WebAssembly.Instance(module, { env: { memory, abort: fail } }).exports as unknown as Kernels;
    this.fillBuffers();
    this.passes = areas.map((area, thread) => {
      new DataView(memory.buffer).setFloat32(area.settings + 4, 1, true);
      new Uint8Array(memory.buffer, area.scratch, scratch).fill(0x7f);
      const binding = this.binding(kernels, area, thread, threads);
      return {
        prepare: form.prepare?.(travelled, binding) ?? [],
        forward: form.forward(travelled, binding),
        backward: form.backward(travelled, binding),
        update: form.update(travelled, binding),
      };
    });
  }

  /** All threads' phases, thread after thread. */
  run(pass: Pass): void {
    const phases = this.passes.map(passes => passes[pass]);
    const count = Math.max(...phases.map(({ length }) => length));
    for (let phase = 0; phase < count; phase++) {
      for (const thread of phases) for (const instruction of thread[phase]?.work ?? []) instruction();
    }
  }

  result(): ConvResult {
    const [input, output] = this.buffers as [Buffer, Buffer];
    const { kernel, bias } = this.data;
    const [kernelAfter, biasAfter] = this.readers.map(read => read()) as [Float32Array, Float32Array | undefined];
    this.checkFrame(input.values, input.trainingValues, 'input');
    this.checkFrame(output.gradients, output.trainingGradients, 'output gradient');
    this.checkFrame(output.values, output.trainingValues, 'output');
    this.checkFrame(input.gradients, input.trainingGradients, 'input gradient');
    return {
      output: this.read(output.values, output.trainingValues),
      inputGradient: this.read(input.gradients, input.trainingGradients),
      kernelGradient: kernel.map((value, i) => value - kernelAfter[i]!),
      biasGradient: bias.map((value, i) => value - (biasAfter?.[i] ?? value)),
    };
  }

  private trainable(kernel: StoredKernel, bias: number | null, allocate: Site['allocate']): Trainable {
    const { packMask } = kernel;
    const address = allocate(kernel.count * 4, memory => {
      kernel.pack(this.data.kernel, new Float32Array(memory, address, kernel.count));
    });
    const maskAddress =
      packMask === null
        ? 0
        : allocate(kernel.count, (memory, mask) => {
            packMask(new Uint8Array(memory, mask, kernel.count));
          });
    const outputs = this.test.outputs;
    const biasAddress = allocate(Math.ceil(outputs / 4) * 16, (memory, place) => {
      new Float32Array(memory, place, outputs).set(this.data.bias);
    });
    const block = allocate(64, (memory, place) => {
      new Uint32Array(memory, place, 5).set([address, 0, 0, maskAddress, bias === null ? 0 : biasAddress]);
    });
    this.readers.push(() => {
      const stored = new Float32Array(this.memory.buffer, address, kernel.count);
      const values = kernel.unpack(stored);
      const packed = new Float32Array(kernel.count);
      kernel.pack(values, packed);
      if (packed.some((value, i) => value !== stored[i]))
        throw new Error('an update changed what stands for no weight');
      return values;
    });
    if (bias !== null) this.readers.push(() => new Float32Array(this.memory.buffer, biasAddress, outputs).slice());
    return { block, kernel: address, bias: bias === null ? 0 : biasAddress };
  }

  private binding(
    kernels: Kernels,
    area: { readonly settings: number; readonly scratch: number },
    thread: number,
    threads: number,
  ): Binding {
    const { buffers, panels } = this;
    return {
      ...area,
      kernels,
      memory: this.memory,
      buffers,
      panels,
      thread,
      threads,
      training: true,
      orderSeed: 0,
      activeInputs: null,
      batch: { step: 0, count: this.test.batch },
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
    const [input, output] = this.buffers as [Buffer, Buffer];
    const { data } = this;
    this.write(input.values, input.trainingValues, data.input, true);
    this.write(output.gradients, output.trainingGradients, data.outputGradient, false);
    const nothing = new Float32Array(data.outputGradient.length).fill(NaN);
    this.write(output.values, output.trainingValues, nothing, true);
    const before = this.test.accumulate ? data.earlier : data.earlier.map(() => NaN);
    this.write(input.gradients, input.trainingGradients, before, true);
  }

  /** @param repeat lanes past the end of the batch repeat its last example, else they hold 0 */
  private write(layout: Layout, address: number, values: Float32Array, repeat: boolean): void {
    const memory = new Float32Array(this.memory.buffer);
    const size = layout.height * layout.width * layout.channels;
    for (let example = 0; example < this.panels * lanes; example++) {
      const from = Math.min(example, this.test.batch - 1) * size;
      const absent = example >= this.test.batch && !repeat;
      for (let at = 0; at < size; at++) {
        memory[place(layout, address, example, at)] = absent ? 0 : values[from + at]!;
      }
    }
  }

  private read(layout: Layout, address: number): Float32Array {
    const memory = new Float32Array(this.memory.buffer);
    const size = layout.height * layout.width * layout.channels;
    return Float32Array.from(
      { length: this.test.batch * size },
      (_, i) => memory[place(layout, address, Math.floor(i / size), i % size)]!,
    );
  }

  private checkFrame(layout: Layout, address: number, name: string): void {
    const inside = new Set<number>();
    const size = layout.height * layout.width * layout.channels;
    for (let example = 0; example < this.panels * lanes; example++) {
      for (let at = 0; at < size; at++) inside.add(place(layout, address, example, at));
    }
    const memory = new Float32Array(this.memory.buffer);
    for (let at = address / 4; at < (address + this.panels * layout.panelBytes) / 4; at++) {
      if (memory[at] !== 0 && !inside.has(at)) throw new Error(`the frame of the ${name} was written to`);
    }
  }
}

/** Index of a float. */
function place(layout: Layout, address: number, example: number, at: number): number {
  const channel = at % layout.channels;
  const column = Math.floor(at / layout.channels) % layout.width;
  const row = Math.floor(at / (layout.channels * layout.width));
  const panel = Math.floor(example / lanes);
  const bytes = panel * layout.panelBytes + layout.origin + row * layout.rowBytes + column * layout.pixelBytes;
  return (address + bytes) / 4 + channel * lanes + (example % lanes);
}

function fail(): never {
  throw new Error('a kernel aborted');
}

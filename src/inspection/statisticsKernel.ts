/** The kernels of src/kernels/statistics with their memory: takes values block by block, gives the statistics of a task. */
import { histogramBins } from '../shared/inspection';
import { binOfExponent } from '../sparsity/histogram';
import type { Axis } from '../sparsity/layout';
import type { PartialStatistics } from '../sparsity/partial';
import { wasm, type WasmMemory, type WasmModule } from '../training/wasm/webassembly';
import { rawBytes, type StatisticsTask } from './statisticsTask';

type Address = number;

interface StatisticsExports {
  readonly memory: WasmMemory;
  readonly clearSummary: (summary: Address) => void;
  readonly convert: (source: Address, format: number, count: number, destination: Address) => void;
  readonly summarise: (values: Address, count: number, bits: Address, summary: Address) => void;
  readonly addSlices: (
    bits: Address,
    count: number,
    alive: Address,
    size: number,
    stride: number,
    place: number,
    left: number,
  ) => void;
  readonly neighbourViolations: (bits: Address, count: number, m: number, stride: number) => number;
  readonly blocksKept: (bits: Address, count: number, columns: number) => number;
}

/** Copies the bytes of a task from `position` on; fills the target. */
export type Fill = (target: Uint8Array, position: number) => void;

/** Values read at once: little enough to stay in the second-level cache from the copy to the kernel. */
const block = 2 ** 16;
/** Most values of a task: a bit is kept for each. */
export const largestTask = 2 ** 26;
/** Beyond any task, and within 32 bits. */
const farAway = 2 ** 30;

/** Addresses; the first page is the kernels' own. */
const page = 65_536;
const summaryAt = page;
const rawAt = 2 * page;
const floatsAt = rawAt + 4 * block;
const bitsAt = floatsAt + 4 * block;

const formatNumbers = { F32: 0, F16: 1, BF16: 2 } as const;

export class StatisticsKernel {
  private readonly kernels: StatisticsExports;
  private readonly memory: WasmMemory;

  constructor(module: WasmModule) {
    this.kernels = new wasm.Instance(module, { env: {} }).exports as StatisticsExports;
    this.memory = this.kernels.memory;
  }

  run(task: StatisticsTask, fill: Fill): PartialStatistics {
    const { count, plan } = task;
    const outputsAt = bitsAt + roomForBits(count);
    const inputsAt = outputsAt + roomForBits(plan.outputs?.size ?? 0);
    this.reserve(inputsAt + roomForBits(plan.inputs?.size ?? 0));
    this.kernels.clearSummary(summaryAt);
    this.readValues(task, fill);
    return {
      ...this.summary(),
      outputsAlive: plan.outputs && this.aliveOf(plan.outputs, task, outputsAt),
      inputsAlive: plan.inputs && this.aliveOf(plan.inputs, task, inputsAt),
      violations: plan.patterns.map(({ m, axis }) => this.kernels.neighbourViolations(bitsAt, count, m, axis.stride)),
      blocksKept: plan.blocks ? this.kernels.blocksKept(bitsAt, count, plan.blocks.columns) : 0,
    };
  }

  private readValues({ count, format }: StatisticsTask, fill: Fill): void {
    const size = rawBytes[format];
    for (let done = 0; done < count; done += block) {
      const length = Math.min(block, count - done);
      const bits = bitsAt + done / 8;
      fill(new Uint8Array(this.memory.buffer, rawAt, length * size), done * size);
      if (format === 'F32') {
        this.kernels.summarise(rawAt, length, bits, summaryAt);
      } else {
        this.kernels.convert(rawAt, formatNumbers[format], length, floatsAt);
        this.kernels.summarise(floatsAt, length, bits, summaryAt);
      }
    }
  }

  /** As src/kernels/statistics/summary.ts lays it out. */
  private summary(): Omit<PartialStatistics, 'outputsAlive' | 'inputsAlive' | 'violations' | 'blocksKept'> {
    const { buffer } = this.memory;
    const [finite, mean, deviation] = new Float64Array(buffer, summaryAt, 3);
    const [minimum, maximum] = new Float32Array(buffer, summaryAt + 24, 2);
    const [zeros, nans, infinities] = new Uint32Array(buffer, summaryAt + 32, 3);
    const exponents = new Uint32Array(buffer, summaryAt + 64, 4 * 256);
    const histogram = new Array<number>(histogramBins).fill(0);
    for (let biased = 0; biased < 255; biased++) {
      const counted =
        exponents[biased]! + exponents[256 + biased]! + exponents[512 + biased]! + exponents[768 + biased]!;
      // denormal numbers share an exponent with zeros, and are far below the first bin's end
      histogram[binOfExponent(biased - 127)]! += biased === 0 ? counted - zeros! : counted;
    }
    return {
      zeros: zeros!,
      nans: nans!,
      infinities: infinities!,
      minimum: minimum!,
      maximum: maximum!,
      finite: finite!,
      mean: mean!,
      deviation: deviation!,
      histogram,
    };
  }

  private aliveOf({ size, stride }: Axis, { begin, count }: StatisticsTask, alive: Address): Uint8Array {
    const bytes = Math.ceil(size / 8);
    new Uint8Array(this.memory.buffer, alive, roomForBits(size)).fill(0);
    const place = Math.floor(begin / stride) % size;
    const left = stride - (begin % stride);
    this.kernels.addSlices(bitsAt, count, alive, size, Math.min(stride, farAway), place, Math.min(left, farAway));
    return new Uint8Array(this.memory.buffer, alive, bytes).slice();
  }

  private reserve(end: number): void {
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / page));
  }
}

/** Bytes for so many bits, with what may be read and written behind them. */
function roomForBits(count: number): number {
  return Math.ceil(count / 64) * 8 + 64;
}

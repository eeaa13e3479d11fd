/** The linear memory: what lies where. The data set stays; a session is laid out anew behind it. */
import { totalmem } from 'node:os';
import type { DataSet, Split, StoredInputs, Task } from '../../data/dataset';
import { MemoryLimitError } from '../trainer';
import type { WasmMemory } from './webassembly';

/** Examples side by side in a panel: the width of every activation row. */
export const lanes = 16;
/** Bytes of one feature of a panel. */
export const featureBytes = lanes * 4;
const pageBytes = 65_536;
/** Cache lines are 64 bytes; two, since neighbours are fetched in pairs. */
const alignment = 128;

/** The first page belongs to the control words and, from byte 4096 on (see esbuild.mjs), to the kernels' constants. */
const reservedBytes = pageBytes;

/** Fixed places at the start of the memory, in 32-bit words. */
export const control = {
  /** Raised by the leader with each command; followers sleep on it. */
  generation: 0,
  command: 1,
  /** Arguments: first step and step to stop at; or the number of a split and, for outputs, the pairs of panels. */
  first: 2,
  second: 3,
  third: 4,
  /** { arrived, generation, sleeping } on a cache line of its own. */
  barrier: 32,
  end: 64,
} as const;

type Fill = (memory: ArrayBuffer, address: number) => void;

/** Most a WebAssembly memory can hold. */
export const mostBytes = 65_536 * pageBytes;

/**
 * Hands out addresses one after another. Nothing is taken until `commit`, so that what does not fit can be refused before.
 */
export class Arena {
  private readonly fills: { fill: Fill; address: number }[] = [];

  constructor(
    private readonly begin: number,
    private next = begin,
  ) {}

  /** Address of `bytes` fresh bytes, all 0 once committed, aligned; `fill` then writes their content. */
  allocate(bytes: number, fill?: Fill): number {
    const address = this.next;
    this.next = address + Math.ceil(Math.max(bytes, 1) / alignment) * alignment;
    if (fill) this.fills.push({ fill, address });
    return address;
  }

  get end(): number {
    return this.next;
  }

  /** Grows the memory to hold all that was handed out, clears it and fills it. */
  commit(memory: WasmMemory): void {
    const missing = this.next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    new Uint8Array(memory.buffer, this.begin, this.next - this.begin).fill(0);
    for (const { fill, address } of this.fills) fill(memory.buffer, address);
  }
}

export interface SplitLayout {
  readonly count: number;
  readonly inputs: number;
  readonly labels: number;
  /** Where the inputs are not in this memory but in files. */
  readonly stored: StoredInputs | null;
}

export interface DataLayout {
  readonly task: Task;
  /** Of one example, channels last. */
  readonly shape: readonly number[];
  readonly features: number;
  readonly channels: number;
  readonly classes: number;
  /** Bytes of a stored class number, or of one target. */
  readonly labelBytes: 1 | 4;
  readonly bytes: boolean;
  /** { f32 factor, f32 shift } per channel. */
  readonly scales: number;
  /** The same with shift 0: a byte 0 stays 0. */
  readonly unshiftedScales: number;
  /** The same that leaves values as they are, for all targets of regression. */
  readonly targetScale: number;
  /** The shift where it is one for all channels of byte data: then a first layer can take it upon itself; else null. */
  readonly commonShift: number | null;
  readonly splits: Readonly<Record<'training' | 'validation' | 'test', SplitLayout>>;
  /** Where a session may start. */
  readonly end: number;
}

const splitNames = ['training', 'validation', 'test'] as const;

/**
 * Copies the data set into the memory.
 * @throws MemoryLimitError
 */
export function placeData(memory: WasmMemory, data: DataSet): DataLayout {
  const arena = new Arena(reservedBytes);
  const channels = data.inputShape.at(-1) ?? 1;
  const features = data.inputShape.reduce((product, size) => product * size, 1);
  const bytes = data.training.inputs instanceof Uint8Array;
  const labelBytes = data.training.labels instanceof Uint8Array ? 1 : 4;

  const table = new Float32Array(channels * 2);
  for (let channel = 0; channel < channels; channel++) {
    const mean = data.mean[channel % data.mean.length]!;
    const std = data.std[channel % data.std.length]!;
    table[channel * 2] = (bytes ? 1 / 255 : 1) / std;
    table[channel * 2 + 1] = -mean / std;
  }
  const shift = table[1]!;
  const oneShift = table.every((value, i) => i % 2 === 0 || value === shift);
  const commonShift = bytes && oneShift ? shift : null;
  const scales = arena.allocate(channels * 8, (buffer, at) => {
    new Float32Array(buffer, at, table.length).set(table);
  });
  const unshiftedScales = arena.allocate(channels * 8, (buffer, at) => {
    new Float32Array(buffer, at, table.length).set(table.map((value, i) => (i % 2 === 0 ? value : 0)));
  });
  const targetScale = arena.allocate(8, (buffer, at) => {
    new Float32Array(buffer, at, 2).set([1, 0]);
  });
  const place = (split: Split): SplitLayout => ({
    count: split.count,
    inputs: arena.allocate(split.inputs.byteLength, (buffer, at) => {
      copyIn(buffer, at, split.inputs);
    }),
    labels: arena.allocate(split.labels.byteLength, (buffer, at) => {
      copyIn(buffer, at, split.labels);
    }),
    stored: split.stored ? { ...split.stored, rows: shared(split.stored.rows) } : null,
  });
  const [training, validation, test] = splitNames.map(name => place(data[name])) as [
    SplitLayout,
    SplitLayout,
    SplitLayout,
  ];
  const limit = memoryLimit();
  if (arena.end > limit) {
    throw new MemoryLimitError({ data: arena.end, parameters: 0, activations: 0, total: arena.end }, limit, 0);
  }
  arena.commit(memory);
  return {
    task: data.task,
    shape: data.inputShape,
    features,
    channels,
    classes: data.classes,
    labelBytes,
    bytes,
    scales,
    unshiftedScales,
    targetScale,
    commonShift,
    splits: { training, validation, test },
    end: arena.end,
  };
}

/** The same numbers in memory that threads share instead of copying it. */
function shared(rows: Uint32Array | null): Uint32Array | null {
  if (rows === null) return null;
  const copy = new Uint32Array(new SharedArrayBuffer(rows.byteLength));
  copy.set(rows);
  return copy;
}

/** What training may use: all that WebAssembly can, or nine tenths of what the machine or its container has. */
export function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(mostBytes, Math.floor(machine * 0.9));
}

export function copyIn(
  memory: ArrayBuffer,
  address: number,
  values: Uint8Array | Int32Array | Uint32Array | Float32Array,
): void {
  new Uint8Array(memory, address, values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

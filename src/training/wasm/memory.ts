/** The linear memory: what lies where. The data set stays; a session is laid out anew behind it. */
import type { DataSet, Split } from '../../data/dataset';
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
  /** Arguments: first step and step to stop at, or the number of a split. */
  first: 2,
  second: 3,
  /** { arrived, generation, sleeping } on a cache line of its own. */
  barrier: 32,
  end: 64,
} as const;

/** Hands out addresses one after another and grows the memory to hold them. */
export class Arena {
  constructor(
    private readonly memory: WasmMemory,
    private next: number,
  ) {}

  /** Address of `bytes` fresh bytes, aligned; not cleared. */
  allocate(bytes: number): number {
    const address = this.next;
    this.next = address + Math.ceil(bytes / alignment) * alignment;
    const missing = this.next - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
    return address;
  }

  /** Fresh bytes, all 0. */
  allocateZeroed(bytes: number): number {
    const address = this.allocate(bytes);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  get end(): number {
    return this.next;
  }
}

export interface SplitLayout {
  readonly count: number;
  readonly inputs: number;
  readonly labels: number;
}

export interface DataLayout {
  readonly features: number;
  readonly channels: number;
  readonly classes: number;
  /** Bytes of a stored label. */
  readonly labelBytes: 1 | 4;
  readonly bytes: boolean;
  /** { f32 factor, f32 shift } per channel. */
  readonly scales: number;
  /** The same with shift 0: a byte 0 stays 0. */
  readonly unshiftedScales: number;
  /** The shift where it is one for all channels of byte data: then a first layer can take it upon itself; else null. */
  readonly commonShift: number | null;
  readonly splits: Readonly<Record<'training' | 'validation' | 'test', SplitLayout>>;
  /** Where a session may start. */
  readonly end: number;
}

const splitNames = ['training', 'validation', 'test'] as const;

/** Copies the data set into the memory. */
export function placeData(memory: WasmMemory, data: DataSet): DataLayout {
  const arena = new Arena(memory, reservedBytes);
  const channels = data.inputShape.at(-1) ?? 1;
  const features = data.inputShape.reduce((product, size) => product * size, 1);
  const bytes = data.training.inputs instanceof Uint8Array;
  const labelBytes = data.training.labels instanceof Uint8Array ? 1 : 4;

  const scales = arena.allocate(channels * 8);
  const unshiftedScales = arena.allocateZeroed(channels * 8);
  const table = new Float32Array(memory.buffer, scales, channels * 2);
  const unshifted = new Float32Array(memory.buffer, unshiftedScales, channels * 2);
  for (let channel = 0; channel < channels; channel++) {
    const mean = data.mean[channel % data.mean.length]!;
    const std = data.std[channel % data.std.length]!;
    table[channel * 2] = (bytes ? 1 / 255 : 1) / std;
    table[channel * 2 + 1] = -mean / std;
    unshifted[channel * 2] = table[channel * 2]!;
  }
  const shift = table[1]!;
  const oneShift = table.every((value, i) => i % 2 === 0 || value === shift);
  const commonShift = bytes && oneShift ? shift : null;

  const place = (split: Split): SplitLayout => {
    const inputs = arena.allocate(split.inputs.byteLength);
    const labels = arena.allocate(split.labels.byteLength);
    copyIn(memory, inputs, split.inputs);
    copyIn(memory, labels, split.labels);
    return { count: split.count, inputs, labels };
  };
  const [training, validation, test] = splitNames.map(name => place(data[name])) as [
    SplitLayout,
    SplitLayout,
    SplitLayout,
  ];
  return {
    features,
    channels,
    classes: data.classes,
    labelBytes,
    bytes,
    scales,
    unshiftedScales,
    commonShift,
    splits: { training, validation, test },
    end: arena.end,
  };
}

export function copyIn(
  memory: WasmMemory,
  address: number,
  values: Uint8Array | Int32Array | Uint32Array | Float32Array,
): void {
  new Uint8Array(memory.buffer, address, values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

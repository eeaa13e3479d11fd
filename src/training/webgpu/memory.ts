/** Buffers of the device, planned before any of them is taken. */
import { MemoryLimitError, type MemoryPlan } from '../trainer';
import { usage, type WatchedDevice } from './device';

export type Purpose = 'data' | 'parameters' | 'activations';

/** One buffer of the device: a part for each replicate, one after another, or the same for all of them. */
export class Storage {
  private buffer: GPUBuffer | null = null;

  constructor(
    readonly label: string,
    readonly purpose: Purpose,
    private size: number,
    /** From one replicate's part to the next one's, or nowhere. */
    private readonly isShared: boolean,
  ) {}

  /** Bytes of a replicate. */
  get bytes(): number {
    return padded(this.size);
  }

  get stride(): number {
    return this.isShared ? 0 : this.bytes;
  }

  get gpu(): GPUBuffer {
    if (!this.buffer) throw new Error(`${this.label} is not there yet`);
    return this.buffer;
  }

  /** Until it is taken, it may grow. */
  atLeast(bytes: number): void {
    this.size = Math.max(this.size, bytes);
  }

  take(device: GPUDevice, replicates: number): void {
    this.buffer = device.createBuffer({
      label: this.label,
      size: this.bytes + this.stride * (replicates - 1),
      usage: usage.storage | usage.copySource | usage.copyTarget,
    });
  }

  release(): void {
    this.buffer?.destroy();
    this.buffer = null;
  }
}

/** Part of a buffer that a kernel sees. Offsets are multiples of 256. */
export interface Range {
  readonly storage: Storage;
  readonly offset: number;
  /** Of a replicate. */
  readonly bytes: number;
  /** Bytes from here to the same of the next replicate, a multiple of 16; 0: all see the same. Never depends on their number. */
  readonly stride: number;
}

/** Alignment of what is bound. */
export const rangeAlignment = 256;

/**
 * WebGPU tells no one how much memory there is. Replicates are put together up to so many bytes, which is little beside a
 * GPU's memory; where even that is not there, fewer of them are.
 */
const roomForReplicates = 2 ** 31;

export class DeviceMemory {
  private readonly storages: Storage[] = [];
  private readonly fills: ((replicate: number) => void)[] = [];

  /** @param isShared one content for all replicates, as the data set is */
  constructor(
    private readonly watched: WatchedDevice,
    private readonly isShared: boolean,
  ) {}

  storage(label: string, purpose: Purpose, bytes = 0): Storage {
    const storage = new Storage(label, purpose, bytes, this.isShared);
    this.storages.push(storage);
    return storage;
  }

  /** A buffer of its own. */
  range(label: string, purpose: Purpose, bytes: number): Range {
    return whole(this.storage(label, purpose, bytes));
  }

  /** A buffer with content, written when the memory is taken. */
  filled(
    label: string,
    purpose: Purpose,
    content: (replicate: number) => Uint32Array | Float32Array | Int32Array,
    bytes: number,
  ): Range {
    const storage = this.storage(label, purpose, bytes);
    this.fills.push(replicate => {
      const { buffer, byteOffset, byteLength } = content(replicate);
      const place = replicate * storage.stride;
      this.watched.device.queue.writeBuffer(storage.gpu, place, buffer, byteOffset, byteLength);
    });
    return whole(storage);
  }

  bytesOf(purpose: Purpose): number {
    return this.storages.reduce((sum, storage) => sum + (storage.purpose === purpose ? storage.bytes : 0), 0);
  }

  /**
   * Of one replicate.
   * @param data bytes of the data set, which was taken before
   */
  plan(data: number): MemoryPlan {
    const [parameters, activations] = [this.bytesOf('parameters'), this.bytesOf('activations')];
    const all = data + this.bytesOf('data');
    return { data: all, parameters, activations, total: all + parameters + activations };
  }

  /** How many replicates fit, of so many: at least one, even where that does not fit either. */
  room(wanted: number): number {
    const bytes = this.storages.map(storage => storage.bytes);
    const total = bytes.reduce((sum, one) => sum + one, 0);
    const most = Math.min(this.watched.largestBuffer / Math.max(...bytes), roomForReplicates / total);
    return Math.max(1, Math.min(wanted, Math.floor(most)));
  }

  /**
   * Takes all of it and fills it; what is not filled is 0.
   * @returns how many replicates it was taken for: fewer than wanted where the device has no memory for them
   * @throws MemoryLimitError before anything is taken, where a buffer is larger than the adapter allows; DeviceLostError
   */
  async take(plan: MemoryPlan, batchSize: number, wanted = 1): Promise<number> {
    const limit = this.watched.largestBuffer;
    if (this.storages.some(({ bytes }) => bytes > limit)) throw new MemoryLimitError(plan, limit, batchSize);
    let replicates = this.room(wanted);
    const takeAll = (): void => {
      this.takeBuffers(replicates);
    };
    while (replicates > 1 && !(await this.watched.hasMemoryFor(takeAll))) {
      this.release();
      replicates = Math.ceil(replicates / 2);
    }
    await this.watched.scoped(() => {
      if (replicates === 1) this.takeBuffers(1);
      for (let replicate = 0; replicate < replicates; replicate++) for (const fill of this.fills) fill(replicate);
    });
    return replicates;
  }

  release(): void {
    for (const storage of this.storages) storage.release();
  }

  private takeBuffers(replicates: number): void {
    for (const storage of this.storages) storage.take(this.watched.device, replicates);
  }
}

export function whole(storage: Storage): Range {
  return {
    storage,
    offset: 0,
    get bytes() {
      return storage.bytes;
    },
    get stride() {
      return storage.stride;
    },
  };
}

/** The first so many bytes of a buffer: parts of replicates lie as close as that, whatever else uses the buffer. */
export function beginning(storage: Storage, bytes: number): Range {
  storage.atLeast(bytes);
  return { storage, offset: 0, bytes, stride: padded(bytes) };
}

function padded(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16);
}

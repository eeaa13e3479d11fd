/** Buffers of the device, planned before any of them is taken. */
import { MemoryLimitError, type MemoryPlan } from '../trainer';
import { usage, type WatchedDevice } from './device';

export type Purpose = 'data' | 'parameters' | 'activations';

/** One buffer of the device. */
export class Storage {
  private buffer: GPUBuffer | null = null;

  constructor(
    readonly label: string,
    readonly purpose: Purpose,
    private size: number,
  ) {}

  get bytes(): number {
    return Math.max(16, Math.ceil(this.size / 16) * 16);
  }

  get gpu(): GPUBuffer {
    if (!this.buffer) throw new Error(`${this.label} is not there yet`);
    return this.buffer;
  }

  /** Until it is taken, it may grow. */
  atLeast(bytes: number): void {
    this.size = Math.max(this.size, bytes);
  }

  take(device: GPUDevice): void {
    this.buffer = device.createBuffer({
      label: this.label,
      size: this.bytes,
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
  readonly bytes: number;
}

/** Alignment of what is bound. */
export const rangeAlignment = 256;

export class DeviceMemory {
  private readonly storages: Storage[] = [];
  private readonly fills: (() => void)[] = [];

  constructor(private readonly watched: WatchedDevice) {}

  storage(label: string, purpose: Purpose, bytes = 0): Storage {
    const storage = new Storage(label, purpose, bytes);
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
    content: () => Uint32Array | Float32Array | Int32Array,
    bytes: number,
  ): Range {
    const storage = this.storage(label, purpose, bytes);
    this.fills.push(() => {
      const { buffer, byteOffset, byteLength } = content();
      this.watched.device.queue.writeBuffer(storage.gpu, 0, buffer, byteOffset, byteLength);
    });
    return whole(storage);
  }

  bytesOf(purpose: Purpose): number {
    return this.storages.reduce((sum, storage) => sum + (storage.purpose === purpose ? storage.bytes : 0), 0);
  }

  /** @param data bytes of the data set, which was taken before */
  plan(data: number): MemoryPlan {
    const [parameters, activations] = [this.bytesOf('parameters'), this.bytesOf('activations')];
    const all = data + this.bytesOf('data');
    return { data: all, parameters, activations, total: all + parameters + activations };
  }

  /**
   * Takes all of it and fills it; what is not filled is 0.
   * @throws MemoryLimitError before anything is taken, where a buffer is larger than the adapter allows; DeviceLostError
   */
  async take(plan: MemoryPlan, batchSize: number): Promise<void> {
    const limit = this.watched.largestBuffer;
    if (this.storages.some(({ bytes }) => bytes > limit)) throw new MemoryLimitError(plan, limit, batchSize);
    await this.watched.scoped(() => {
      for (const storage of this.storages) storage.take(this.watched.device);
      for (const fill of this.fills) fill();
    });
  }

  release(): void {
    for (const storage of this.storages) storage.release();
  }
}

export function whole(storage: Storage): Range {
  return {
    storage,
    offset: 0,
    get bytes() {
      return storage.bytes;
    },
  };
}

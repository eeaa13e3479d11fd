/**
 * Inputs that stay in files. While training, a thread of its own reads batches ahead into a ring in the shared memory, in
 * the order in which they will be trained; what is evaluated, each thread reads for itself. The examples, their order and
 * so every bit are those of inputs in memory.
 */
import type { StoredInputs } from '../../data/dataset';
import { StoredReader } from '../../data/stored';
import { batchAt, fillOrder } from '../schedule';
import type { Arena, DataLayout } from './memory';
import type { Program } from './program';
import type { WasmMemory } from './webassembly';

/** Batches that are read ahead at most, with the one at hand. */
const slots = 4;
/** A sleeping thread looks again after this many milliseconds, whether or not it was woken. */
const patience = 100;
const spins = 2000;

/** Places in the words of a stream. */
const words = {
  /** Batches of the session that are trained. */
  done: 0,
  stop: 1,
  failed: 2,
  /** Of each slot: which batch of the session it holds, counted from 1. */
  filled: 3,
};

export interface StreamArea {
  readonly words: number;
  /** Of the first slot; the inputs of a batch, [examples × exampleBytes], stand in each. */
  readonly slots: number;
  readonly slotBytes: number;
  /** u32[examples]: 0, 1, 2, …, which is where a batch's examples stand in its slot. */
  readonly rows: number;
}

/** @param examples of a batch, filled up to whole panels */
export function placeStream(arena: Arena, examples: number, exampleBytes: number): StreamArea {
  const slotBytes = Math.ceil((examples * exampleBytes) / 128) * 128;
  return {
    words: arena.allocate((words.filled + slots) * 4),
    slots: arena.allocate(slots * slotBytes),
    slotBytes,
    rows: arena.allocate(examples * 4, (buffer, at) => {
      new Uint32Array(buffer, at, examples).forEach((_, i, rows) => (rows[i] = i));
    }),
  };
}

function wordsOf(memory: WasmMemory, area: StreamArea): Int32Array {
  return new Int32Array(memory.buffer, area.words, words.filled + slots);
}

/** Reads the batches of a session into their slots. */
class BatchReader {
  private readonly reader: StoredReader;
  private readonly order: Uint32Array;
  private epoch = -1;

  constructor(
    private readonly memory: WasmMemory,
    private readonly program: Program,
    private readonly stored: StoredInputs,
    examples: number,
  ) {
    this.reader = new StoredReader(stored);
    this.order = new Uint32Array(examples);
  }

  /** @throws DataError */
  read(step: number): void {
    const { order, program, stored } = this;
    const { epoch, position, count } = batchAt(step, order.length, program.batchSize);
    if (epoch !== this.epoch) {
      fillOrder(order, program.orderSeed, epoch);
      this.epoch = epoch;
    }
    const slot = slotAddress(program, step);
    const out = new Uint8Array(this.memory.buffer, slot, count * stored.bytesPerExample);
    this.reader.read(order.subarray(position, position + count), out);
  }

  close(): void {
    this.reader.close();
  }
}

function slotAddress({ fromStep, stream }: Program, step: number): number {
  return stream!.slots + ((step - fromStep) % slots) * stream!.slotBytes;
}

/** The batches of a session, as a training thread takes them. */
export class BatchStream {
  private readonly words: Int32Array;
  /** Where no memory is shared nobody reads ahead: the one thread there is reads each batch when it comes to it. */
  private readonly own: BatchReader | null;

  constructor(
    memory: WasmMemory,
    private readonly program: Program,
    data: DataLayout,
  ) {
    const { stored, count } = data.splits.training;
    this.words = wordsOf(memory, program.stream!);
    const isShared = memory.buffer instanceof SharedArrayBuffer;
    this.own = isShared || !stored ? null : new BatchReader(memory, program, stored, count);
  }

  /**
   * Waits until the batch of a step is there. All threads are answered the same.
   * @returns its address, or null where it cannot be read
   */
  take(step: number): number | null {
    const { words: state, program } = this;
    const slot = slotAddress(program, step);
    if (this.own) {
      try {
        this.own.read(step);
        return slot;
      } catch {
        markFailed(state);
        return null;
      }
    }
    const batch = step - program.fromStep;
    const at = words.filled + (batch % slots);
    for (let i = 0; i < spins && Atomics.load(state, at) !== batch + 1; i++);
    for (;;) {
      // who reads fills nothing any more once it has failed, so that this order tells all threads the same
      const failed = Atomics.load(state, words.failed) !== 0;
      const filled = Atomics.load(state, at);
      if (filled === batch + 1) return slot;
      if (failed) return null;
      Atomics.wait(state, at, filled, patience);
    }
  }

  /** The slot of a step can be filled anew. All threads are past it; one of them says so. */
  release(step: number): void {
    Atomics.store(this.words, words.done, step - this.program.fromStep + 1);
    Atomics.notify(this.words, words.done);
  }

  close(): void {
    this.own?.close();
  }
}

/** Reads batches ahead until all are read, one cannot be, or the session is closed. */
export function readAhead(memory: WasmMemory, program: Program, data: DataLayout, ready: () => void): void {
  memory.grow(0); // shows this thread how long the leader has made it
  const state = wordsOf(memory, program.stream!);
  const { stored, count } = data.splits.training;
  const reader = new BatchReader(memory, program, stored!, count);
  const isStopped = (): boolean => Atomics.load(state, words.stop) !== 0;
  ready();
  try {
    for (let step = program.fromStep; step < program.totalSteps && !isStopped(); step++) {
      const batch = step - program.fromStep;
      for (let done = Atomics.load(state, words.done); batch >= done + slots && !isStopped();) {
        Atomics.wait(state, words.done, done, patience);
        done = Atomics.load(state, words.done);
      }
      if (isStopped()) break;
      reader.read(step);
      Atomics.store(state, words.filled + (batch % slots), batch + 1);
      Atomics.notify(state, words.filled + (batch % slots));
    }
  } catch {
    // why is found out again by the leader, who can say it
    markFailed(state);
  } finally {
    reader.close();
  }
  while (!isStopped()) Atomics.wait(state, words.stop, 0);
}

export function stopStream(memory: WasmMemory, area: StreamArea): void {
  const state = wordsOf(memory, area);
  Atomics.store(state, words.stop, 1);
  for (const word of [words.stop, words.done]) Atomics.notify(state, word);
}

export function markFailed(state: Int32Array): void {
  Atomics.store(state, words.failed, 1);
}

export function hasFailed(memory: WasmMemory, area: StreamArea): boolean {
  return Atomics.load(wordsOf(memory, area), words.failed) !== 0;
}

/** Inputs of neighbouring examples of a split, for one thread that evaluates. */
export class NeighbourReader {
  private readonly readers = new Map<StoredInputs, StoredReader>();

  constructor(
    private readonly memory: WasmMemory,
    private readonly area: StreamArea,
  ) {}

  /**
   * Reads examples to an address, [examples × exampleBytes]. Where they cannot be read this is noted, and what stands there
   * stays: threads have to meet again, and then the leader tells.
   */
  read(stored: StoredInputs, examples: Uint32Array, address: number): void {
    let reader = this.readers.get(stored);
    if (!reader) this.readers.set(stored, (reader = new StoredReader(stored)));
    try {
      reader.read(examples, new Uint8Array(this.memory.buffer, address, examples.length * stored.bytesPerExample));
    } catch {
      markFailed(wordsOf(this.memory, this.area));
    }
  }

  close(): void {
    for (const reader of this.readers.values()) reader.close();
    this.readers.clear();
  }
}

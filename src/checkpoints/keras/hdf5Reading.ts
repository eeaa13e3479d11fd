/** The bytes of one file as the HDF5 library reads them: positioned, counted, and no more than the file is worth. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileIdentity } from '../source';
import type { ReadBytes } from './hdf5Header';
import type { Hdf5File } from './hdf5Protocol';

/** Reads for one request, whatever their size: structure that leads in a circle is read without end. */
const mostReads = 4_000_000;

/** Too much is read. The library cannot go on from it: its instance is given up. */
export class BudgetError extends Error {}

export class Hdf5Reading {
  readonly size: number;
  private readonly progress: Int32Array;
  private readonly readAt: (target: Uint8Array, position: number) => number;
  private readonly descriptor: number | null = null;
  private reads = 0;
  private bytes = 0;

  /** @throws Error where the file is not the one any more that it was */
  constructor(file: Hdf5File, progress: SharedArrayBuffer) {
    this.progress = new Int32Array(progress);
    if ('bytes' in file) {
      const held = new Uint8Array(file.bytes);
      this.size = held.length;
      this.readAt = (target, position) => {
        const part = held.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      };
      return;
    }
    this.size = file.size;
    const descriptor = openSync(file.path, 'r');
    this.descriptor = descriptor;
    if (fileIdentity(file.path, fstatSync(descriptor)) !== file.identity) {
      closeSync(descriptor);
      throw new Error('it was changed since it was opened: open it again');
    }
    this.readAt = (target, position) =>
      readSync(descriptor, target, 0, Math.min(target.length, file.size - position), file.start + position);
  }

  /** What the next request may read. */
  allow(bytes: number): void {
    this.live();
    this.bytes = bytes;
    this.reads = mostReads;
  }

  /** A sign of life for the owner of the thread. */
  live(): void {
    Atomics.add(this.progress, 0, 1);
  }

  /** @returns bytes read, 0 at the end. @throws BudgetError */
  readonly into = (target: Uint8Array, position: number): number => {
    if (position < 0 || position >= this.size) return 0;
    this.bytes -= target.length;
    if (--this.reads < 0 || this.bytes < 0) {
      throw new BudgetError('its structure is read again and again without an end: it is damaged');
    }
    this.live();
    Atomics.store(this.progress, 1, 1);
    try {
      return this.readAt(target, position);
    } finally {
      Atomics.store(this.progress, 1, 0);
    }
  };

  /** As many bytes as there are, `length` at most. */
  readonly read: ReadBytes = (offset, length) => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - offset)));
    let done = 0;
    while (done < bytes.length) {
      const count = this.into(bytes.subarray(done), offset + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  };

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
  }
}

/** Writes little idx files for tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export function idx(shape: readonly number[], data: Uint8Array, type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  shape.forEach((n, axis) => header.writeUInt32BE(n, 4 + 4 * axis));
  return Buffer.concat([header, data]);
}

/** `count` images of 4×4 pixels; image i is full of the value i, its label is i mod `classes`. */
export function images(count: number): Buffer {
  return idx(
    [count, 4, 4],
    Uint8Array.from({ length: count * 16 }, (_, i) => i >> 4),
  );
}

export function labels(count: number, classes = 3): Buffer {
  return idx(
    [count],
    Uint8Array.from({ length: count }, (_, i) => i % classes),
  );
}

export const good: Readonly<Record<string, Buffer>> = {
  'train-images-idx3-ubyte': images(20),
  'train-labels-idx1-ubyte': labels(20),
  't10k-images-idx3-ubyte': images(6),
  't10k-labels-idx1-ubyte': labels(6),
};

/** A fresh folder with these files, removed when the test is over. */
export function folder(files: Readonly<Record<string, Uint8Array>>): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-data-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(directory, name), bytes);
  return directory;
}

export function gzipped(files: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
}

/** Everything in memory, nothing kept. */
export const resident = { cache: null, memory: Number.POSITIVE_INFINITY };

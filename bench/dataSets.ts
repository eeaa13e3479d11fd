/** Data sets of any size for the bench of loading, written in pieces. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { drawDigits } from '../src/data/digits';
import { Random } from '../src/shared/random';

const random = new Random('bench', 'data');

function noise(bytes: number): Buffer {
  const values = Buffer.allocUnsafe(bytes);
  for (let i = 0; i + 4 <= bytes; i += 4) values.writeUInt32LE(random.nextUint32(), i);
  return values;
}

/** @param write gets pieces in order */
function inPieces(file: string, write: (append: (piece: Uint8Array) => void) => void): void {
  const descriptor = openSync(file, 'w');
  try {
    write(piece => writeSync(descriptor, piece));
  } finally {
    closeSync(descriptor);
  }
}

function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`)]);
}

/** Bytes of noise with labels 0 to 9, x.npy and y.npy. */
export function writeNpy(folder: string, count: number, shape: readonly number[]): void {
  const size = shape.reduce((product, n) => product * n, 1);
  const piece = noise(256 * size);
  inPieces(path.join(folder, 'x.npy'), append => {
    append(npyHeader('|u1', [count, ...shape]));
    for (let done = 0; done < count; done += 256) {
      // no two pieces are alike, so that no file system can make them one
      piece.writeUInt32LE(done, 0);
      append(piece.subarray(0, Math.min(256, count - done) * size));
    }
  });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  writeFileSync(path.join(folder, 'y.npy'), Buffer.concat([npyHeader('|u1', [count]), labels]));
}

/** Drawn digits as a table of 784 numbers and a label, as MNIST is handed round. */
export function writeDigitsCsv(file: string, count: number): void {
  const { inputs, labels } = drawDigits('training', count);
  inPieces(file, append => {
    append(Buffer.from(`label,${Array.from({ length: 784 }, (_, i) => `pixel${String(i)}`).join(',')}\n`));
    for (let i = 0; i < count; i++) {
      append(Buffer.from(`${String(labels[i])},${inputs.subarray(784 * i, 784 * (i + 1)).join(',')}\n`));
    }
  });
}

/** Ten folders with pictures of flat squares on a ramp. @param side in pixels */
export function writePictures(folder: string, kind: 'png' | 'jpeg', count: number, side: number): void {
  for (let i = 0; i < count; i++) {
    const data = Buffer.alloc(4 * side * side, 255);
    for (let pixel = 0; pixel < side * side; pixel++) {
      const [x, y] = [pixel % side, Math.floor(pixel / side)];
      const inside = (x >> 3) + (y >> 3) === i % 5;
      data.set([(4 * x + i) & 255, (4 * y) & 255, inside ? 255 : (x * y) & 255], 4 * pixel);
    }
    const directory = path.join(folder, String(i % 10));
    mkdirSync(directory, { recursive: true });
    const image = Object.assign(new PNG({ width: side, height: side }), { data });
    const bytes = kind === 'png' ? PNG.sync.write(image) : encode({ width: side, height: side, data }, 85).data;
    writeFileSync(path.join(directory, `${String(i)}.${kind}`), bytes);
  }
}

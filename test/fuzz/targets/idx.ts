import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../../src/data/dataset';
import { readIdx, type IdxRank } from '../../../src/data/idx';
import type { Random } from '../../../src/shared/random';
import { damageBytes, type Field } from '../bytes';
import { demand, reading, type Files, type Target } from '../target';

function idx(rank: IdxRank, random: Random): Buffer {
  const shape = Array.from({ length: rank }, () => 1 + random.nextBelow(9));
  const size = shape.reduce((product, n) => product * n, 1);
  const header = Buffer.alloc(4 + 4 * rank);
  header.set([0, 0, 8, rank]);
  shape.forEach((n, axis) => header.writeUInt32BE(n, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from({ length: size }, () => random.nextBelow(256))]);
}

/** Of the header: type with rank, and the sizes. */
const fields = (rank: IdxRank): Field[] =>
  Array.from({ length: 1 + rank }, (_, i) => ({ offset: 4 * i, bytes: 4, littleEndian: false }));

function target(rank: IdxRank, zipped: boolean): Target {
  const file = `data-idx${rank}-ubyte${zipped ? '.gz' : ''}`;
  const zip = (bytes: Buffer): Buffer => (zipped ? gzipSync(bytes) : bytes);
  return {
    name: `idx ${rank === 3 ? 'images' : 'labels'}${zipped ? ', gzip' : ''}`,
    sound: (random): Files => ({ [file]: zip(idx(rank, random)) }),
    damaged: (random): Files => {
      const sound = idx(rank, random);
      const outside = zipped && random.nextBelow(2) === 0;
      return { [file]: outside ? damageBytes(zip(sound), random) : zip(damageBytes(sound, random, fields(rank))) };
    },
    async read(files, directory) {
      const at = path.join(directory, file);
      await writeFile(at, files[file]!);
      return reading([DataError], at, async () => {
        const { shape, data } = await readIdx(at, rank);
        demand(shape.length === rank, 'the rank that was asked for');
        demand(data.length === shape.reduce((product, n) => product * n, 1), 'as many values as the shape says');
      });
    },
  };
}

export const idxTargets: readonly Target[] = [target(1, false), target(3, false), target(1, true), target(3, true)];

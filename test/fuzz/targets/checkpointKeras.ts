/** HDF5 of several kinds, and Keras' archives around it. The library that reads it runs in the built thread. */
import type { Random } from '../../../src/shared/random';
import { everyKind, kerasArchive, kerasLegacy, kerasWeights, newestFormat } from '../../support/hdf5Files';
import { zipFields } from './checkpointArrays';
import { damageBytes, type Field } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { pick, type Target } from '../target';

const sound = [kerasLegacy, kerasWeights, newestFormat];

/** What begins a piece of structure: HDF5 File Format Specification 3.0, sections II to IV. */
const signatures = ['TREE', 'SNOD', 'HEAP', 'GCOL', 'OHDR', 'OCHK', 'FRHP', 'FHDB', 'BTHD', 'BTLF', 'FAHD', 'EAHD'];

/** Numbers lie at multiples of four behind each signature, and in the superblock. */
function structureFields(file: Uint8Array, random: Random): Field[] {
  const bytes = Buffer.from(file);
  const fields: Field[] = [];
  const near = (start: number): void => {
    for (let i = 0; i < 4; i++) {
      fields.push({ offset: start + 4 * random.nextBelow(24), bytes: pick(random, [4, 8]), littleEndian: true });
    }
  };
  near(8);
  for (const signature of signatures) {
    for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 4)) near(at + 4);
  }
  return fields;
}

/** Damage in places that hold something: most of such a file is nothing. */
function damaged(file: Uint8Array, random: Random): Uint8Array {
  if (random.nextBelow(2) === 0) return damageBytes(file, random, structureFields(file, random));
  const bytes = Buffer.from(file);
  for (let times = 1 + random.nextBelow(6); times > 0; times--) {
    let at = random.nextBelow(bytes.length);
    while (at < bytes.length - 1 && bytes[at] === 0) at++;
    bytes[at] = pick(random, [0, 1, 0x7f, 0xff, random.nextBelow(256)]);
  }
  return bytes;
}

const hdf5Target: Target = {
  name: 'checkpoint: HDF5',
  sound: random => ({ 'a.h5': pick(random, sound) }),
  damaged: random => ({ 'a.h5': damaged(pick(random, [...sound, everyKind]), random) }),
  read: files => readCheckpoint(files, 'a.h5'),
};

const kerasTarget: Target = {
  name: 'checkpoint: Keras archive',
  sound: random => ({ 'a.keras': kerasArchive(pick(random, sound), random.nextBelow(2) === 0) }),
  damaged(random) {
    const deflate = random.nextBelow(2) === 0;
    if (random.nextBelow(2) === 0) return { 'a.keras': kerasArchive(damaged(pick(random, sound), random), deflate) };
    const bytes = kerasArchive(pick(random, sound), deflate);
    return { 'a.keras': damageBytes(bytes, random, zipFields(bytes)) };
  },
  read: files => readCheckpoint(files, 'a.keras'),
};

export const kerasTargets: readonly Target[] = [hdf5Target, kerasTarget];

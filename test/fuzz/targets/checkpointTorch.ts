/** PyTorch's formats and bare pickles, damaged in their opcodes, their archives and their bytes. */
import type { Random } from '../../../src/shared/random';
import { zipBytes } from '../../support/checkpoints';
import { damageBytes } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { damageOps } from '../pickle';
import { pick, type Target } from '../target';
import { arraysPickle, stateDict, torchLegacy, torchZip, torchZipEntries, type TorchFile } from '../torchFiles';
import { damageZip } from './checkpointArrays';

const damagedPickle = (random: Random, legacy: boolean): TorchFile => {
  const { ops, storages } = stateDict(random, legacy);
  return { ops: damageOps(ops, random), storages };
};

const zipTarget: Target = {
  name: 'checkpoint: PyTorch zip',
  sound: random => ({ 'net.pt': torchZip(stateDict(random, false), random) }),
  damaged(random) {
    if (random.nextBelow(3) > 0) return { 'net.pt': torchZip(damagedPickle(random, false), random) };
    const entries = torchZipEntries(stateDict(random, false), random);
    return { 'net.pt': random.nextBelow(4) === 0 ? zipBytes(entries.slice(1)) : damageZip(entries, random) };
  },
  read: files => readCheckpoint(files, 'net.pt'),
};

const legacyTarget: Target = {
  name: 'checkpoint: PyTorch legacy',
  sound: random => ({ 'net.th': torchLegacy(stateDict(random, true)) }),
  damaged(random) {
    if (random.nextBelow(3) > 0) return { 'net.th': torchLegacy(damagedPickle(random, true)) };
    const file = stateDict(random, true);
    if (random.nextBelow(2) === 0) return { 'net.th': damageBytes(torchLegacy(file), random) };
    const count = pick(random, [0n, 1n, 2n ** 31n, 2n ** 53n, 2n ** 61n, 2n ** 64n - 1n]);
    return { 'net.th': torchLegacy(file, new Map([[random.nextBelow(file.storages.length), count]])) };
  },
  read: files => readCheckpoint(files, 'net.th'),
};

const bareTarget: Target = {
  name: 'checkpoint: bare pickle',
  sound: random => ({ 'net.pkl': Buffer.concat(arraysPickle(random)) }),
  damaged(random) {
    const ops = arraysPickle(random);
    const damaged =
      random.nextBelow(3) > 0 ? Buffer.concat(damageOps(ops, random)) : damageBytes(Buffer.concat(ops), random);
    return { 'net.pkl': damaged };
  },
  read: files => readCheckpoint(files, 'net.pkl'),
};

export const torchTargets: readonly Target[] = [zipTarget, legacyTarget, bareTarget];

/** safetensors, shards of it, NumPy's arrays and archives, through the same door as the user's files. */
import { openZip } from '../../../src/checkpoints/zip';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import type { Random } from '../../../src/shared/random';
import { npyBytes, safetensorsBytes, zipBytes, type ZipFixture } from '../../support/checkpoints';
import { damageBytes, type Field } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { damageJson } from '../json';
import { demand, pick, reading, type Files, type Target } from '../target';
import { damageCheckpoint } from './safetensors';

const names = [
  'a.weight',
  'a.bias',
  'dense/kernel:0',
  '__proto__',
  'constructor',
  'toString',
  'ü',
  '',
  'x'.repeat(300),
];
const hostileNames = ['../x', '/etc/passwd', 'C:\\x', 'a\\..\\..\\x', 'a\0b', '.', '', 'y'.repeat(5000), '__proto__'];
const dtypes = [
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['F8_E4M3', 1],
  ['F64', 8],
  ['I64', 8],
  ['BOOL', 1],
] as const;

const shapeOf = (random: Random): number[] => Array.from({ length: random.nextBelow(4) }, () => random.nextBelow(4));
const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const drawn = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.nextBelow(256)));

function safetensors(random: Random, prefix = ''): { bytes: Uint8Array; names: string[] } {
  const header: [string, object][] = random.nextBelow(2) === 0 ? [['__metadata__', { format: 'pt' }]] : [];
  let end = 0;
  const chosen = names.filter(() => random.nextBelow(2) === 0).map(name => prefix + name);
  for (const name of chosen) {
    const [dtype, size] = pick(random, dtypes);
    const shape = shapeOf(random);
    const begin = end;
    end += countOf(shape) * size;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  return { bytes: safetensorsBytes(Object.fromEntries(header), drawn(random, end)), names: chosen };
}

const model = 'model.safetensors';

const safetensorsTarget: Target = {
  name: 'checkpoint: safetensors',
  sound: random => ({ [model]: safetensors(random).bytes }),
  damaged: random => ({ [model]: damageCheckpoint(safetensors(random).bytes, random) }),
  read: files => readCheckpoint(files, model),
};

const index = 'model.safetensors.index.json';

function sharded(random: Random): { files: Record<string, Uint8Array>; json: { weight_map: Record<string, string> } } {
  const parts = ['model-1.safetensors', 'deep/model-2.safetensors'].map(
    (file, i) => [file, safetensors(random, `${i}.`)] as const,
  );
  const map = Object.fromEntries(parts.flatMap(([file, part]) => part.names.map(name => [name, file])));
  return {
    files: Object.fromEntries(parts.map(([file, { bytes }]) => [file, bytes])),
    json: { metadata: { total_size: 1 }, weight_map: map } as { weight_map: Record<string, string> },
  };
}

const shardsTarget: Target = {
  name: 'checkpoint: shards',
  sound: random => {
    const { files, json } = sharded(random);
    return { [index]: Buffer.from(JSON.stringify(json)), ...files };
  },
  damaged(random): Files {
    const { files, json } = sharded(random);
    const whole = { [index]: Buffer.from(JSON.stringify(json)), ...files };
    const shard = pick(random, Object.keys(files));
    const tensor = pick(random, ['0.a.weight', ...Object.keys(json.weight_map)]);
    switch (random.nextBelow(4)) {
      case 0:
        return { ...whole, [shard]: damageCheckpoint(files[shard]!, random) };
      case 1:
        Reflect.deleteProperty(whole, shard);
        return whole;
      case 2:
        // a path that climbs, and an index that holds itself
        json.weight_map[tensor] = pick(random, [...hostileNames, index]);
        return { ...whole, [index]: Buffer.from(JSON.stringify(json)) };
      default:
        return { ...whole, [index]: damageJson(json, random) };
    }
  },
  read: files => readCheckpoint(files, index),
};

const codes = ['<f4', '>f8', '<f2', '|u1', '<i8', '|b1', '>i2'];
const bytesOf = (code: string): number => Number(code.slice(2));

function npy(random: Random, shape = shapeOf(random)): Uint8Array {
  const code = pick(random, codes);
  return npyBytes(
    npyHeader(code, random.nextBelow(2) === 0, shape),
    drawn(random, countOf(shape) * bytesOf(code)),
    pick(random, [1, 2, 3]),
  );
}

const npyHeader = (code: string, fortran: boolean, shape: readonly (number | string)[]): string =>
  `{'descr': '${code}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;

const hostileHeaders: readonly ((random: Random) => string)[] = [
  random =>
    npyHeader(
      '<f4',
      random.nextBelow(2) === 0,
      pick(random, [['1000000000'], ['-1'], ['9007199254740993'], ['0', '99999999999999'], ['9'.repeat(400)]]),
    ),
  () => npyHeader('<f4', true, new Array<number>(40).fill(1)),
  () => npyHeader('|O', false, [1]),
  () => npyHeader('<f9', false, [1]),
  () => `{'descr': ${'['.repeat(10_000)}`,
  () => `{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}`,
  () => `__import__('os').system('true')`,
  () => `{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': ()}`,
];

function damagedNpy(random: Random): Uint8Array {
  if (random.nextBelow(2) === 0) {
    return npyBytes(pick(random, hostileHeaders)(random), drawn(random, 16), pick(random, [1, 2, 3]));
  }
  return damageBytes(npy(random), random, [{ offset: 8, bytes: 4, littleEndian: true }]);
}

const npyTarget: Target = {
  name: 'checkpoint: npy',
  sound: random => ({ 'a.npy': npy(random) }),
  damaged: random => ({ 'a.npy': damagedNpy(random) }),
  read: files => readCheckpoint(files, 'a.npy'),
};

/** Where an archive keeps lengths and offsets: APPNOTE.TXT 4.3. */
export function zipFields(bytes: Uint8Array): Field[] {
  const view = Buffer.from(bytes);
  const found: Field[] = [];
  for (const [signature, offsets] of [
    ['PK\x03\x04', [18, 22]],
    ['PK\x01\x02', [20, 24, 42]],
    ['PK\x05\x06', [12, 16]],
  ] as const) {
    for (let at = view.indexOf(signature, 0, 'latin1'); at >= 0; at = view.indexOf(signature, at + 4, 'latin1')) {
      found.push(...offsets.map(offset => ({ offset: at + offset, bytes: 4, littleEndian: true }) as const));
    }
  }
  return found;
}

/** Entries that lie about themselves, come twice, are missing, or have names that lead elsewhere. */
export function damageEntries(entries: readonly ZipFixture[], random: Random): ZipFixture[] {
  const damaged = [...entries];
  const at = random.nextBelow(damaged.length);
  const entry = damaged[at]!;
  switch (random.nextBelow(6)) {
    case 0:
      damaged.splice(at, 1);
      break;
    case 1:
      damaged.push(entry);
      break;
    case 2:
      damaged[at] = { ...entry, name: pick(random, hostileNames) + pick(random, ['', '.npy']) };
      break;
    case 3:
      damaged[at] = { ...entry, deflate: true, forged: { size: pick(random, [0, 1, 1000, 2 ** 31, 2 ** 32 - 2]) } };
      break;
    case 4:
      damaged[at] = {
        ...entry,
        forged: pick<ZipFixture['forged'] & object>(random, [
          { method: 12 },
          { method: 8 },
          { method: 0 },
          { flags: 1 },
          { offset: 0 },
          { offset: 1e9 },
        ]),
      };
      break;
    default:
      damaged[at] = { ...entry, data: damageBytes(entry.data, random) };
  }
  return damaged;
}

export function damageZip(entries: readonly ZipFixture[], random: Random): Uint8Array {
  if (random.nextBelow(2) === 0) return zipBytes(damageEntries(entries, random), random.nextBelow(2) === 0);
  const bytes = zipBytes(entries, random.nextBelow(2) === 0);
  return damageBytes(bytes, random, zipFields(bytes));
}

const npzEntries = (random: Random): ZipFixture[] =>
  ['a.weight.npy', 'b/kernel.npy', '__proto__.npy'].map(name => ({
    name,
    data: npy(random),
    deflate: random.nextBelow(2) === 0,
  }));

const npzTarget: Target = {
  name: 'checkpoint: npz',
  sound: random => ({ 'a.npz': zipBytes(npzEntries(random), random.nextBelow(2) === 0) }),
  damaged(random) {
    if (random.nextBelow(3) > 0) return { 'a.npz': damageZip(npzEntries(random), random) };
    const data = damagedNpy(random);
    return {
      'a.npz': zipBytes([...npzEntries(random), { name: 'bad.npy', data, deflate: random.nextBelow(2) === 0 }]),
    };
  },
  read: files => readCheckpoint(files, 'a.npz'),
};

const zipTarget: Target = {
  name: 'zip archive',
  sound: random => ({ 'a.zip': zipBytes(npzEntries(random), random.nextBelow(2) === 0) }),
  damaged: random => ({ 'a.zip': damageZip(npzEntries(random), random) }),
  read: files =>
    reading([CheckpointError], 'a.zip', async () => {
      const zip = await openZip(memorySource('a.zip', files['a.zip']!));
      for (const { name, size, error } of zip.entries) {
        const read = zip.readAll(name, 2 ** 20);
        if (error !== null) await read.then(() => Promise.reject(new Error(`${name} was read, though ${error}`)));
        else demand((await read).length === size, 'as many bytes as the directory says');
      }
    }),
};

export const arrayTargets: readonly Target[] = [safetensorsTarget, shardsTarget, npyTarget, npzTarget, zipTarget];

/** Small PyTorch checkpoints, written opcode by opcode. Source of the layout: torch/serialization.py. */
import type { Random } from '../../src/shared/random';
import { zipBytes, type ZipFixture } from '../support/checkpoints';
import * as p from './pickle';
import { pick } from './target';

interface StorageSpec {
  readonly key: string;
  readonly type: string;
  readonly bytesEach: number;
  readonly data: Buffer;
}

export interface TorchFile {
  readonly ops: p.Op[];
  readonly storages: readonly StorageSpec[];
}

const types = [
  ['FloatStorage', 4],
  ['HalfStorage', 2],
  ['BFloat16Storage', 2],
  ['DoubleStorage', 8],
  ['CharStorage', 1],
] as const;

/** @param legacy persistent ids have a place for a view */
export function stateDict(random: Random, legacy: boolean): TorchFile {
  const storages: StorageSpec[] = [];
  const store = (type: string, bytesEach: number, data: Buffer): p.Op[] => {
    const key = String(storages.length);
    storages.push({ key, type, bytesEach, data });
    const id = [[p.text('storage')], [p.global('torch', type)], [p.text(key)], [p.text('cpu')]];
    return [...p.tupleOf(...id, [p.int(data.length / bytesEach)], ...(legacy ? [[p.none]] : [])), p.persistentId];
  };
  const drawn = (count: number, bytesEach: number): Buffer =>
    Buffer.from(Array.from({ length: count * bytesEach }, () => random.nextBelow(256)));
  const plain = (storage: p.Op[], shape: number[], stride: number[], offset = 0): p.Op[] =>
    p.call(
      'torch._utils',
      '_rebuild_tensor_v2',
      storage,
      [p.int(offset)],
      p.sizes(shape),
      p.sizes(stride),
      [p.no],
      p.call('collections', 'OrderedDict'),
    );
  const entries: [string, p.Op[]][] = [];
  const [rows, columns] = [1 + random.nextBelow(4), 1 + random.nextBelow(4)];
  const [type, size] = pick(random, types);
  const shared = store(type, size, drawn(rows * columns + 2, size));
  entries.push(['module.a.weight', plain([...shared, p.remember(1)], [rows, columns], [columns, 1])]);
  entries.push(['module.b.weight', plain([p.recall(1)], [columns, rows], [1, columns], random.nextBelow(3))]);
  entries.push(['module.c.bias', plain([p.recall(1)], pick(random, [[], [0], [1, 0, 3]]), [], 0)]);
  entries.at(-1)![1] = plain([p.recall(1)], [0], [1]);
  if (random.nextBelow(2) === 0) {
    const weight = store('FloatStorage', 4, drawn(6, 4));
    const mask = store('FloatStorage', 4, drawn(6, 4));
    entries.push(
      ['module.d.weight_orig', plain(weight, [2, 3], [3, 1])],
      ['module.d.weight_mask', plain(mask, [2, 3], [3, 1])],
    );
  }
  if (random.nextBelow(2) === 0) {
    const indices = Buffer.alloc(32);
    [0, 2, 1, 0].forEach((index, i) => indices.writeBigInt64LE(BigInt(index), 8 * i));
    const data = p.tupleOf(
      plain(store('LongStorage', 8, indices), [2, 2], [2, 1]),
      plain(store('FloatStorage', 4, drawn(2, 4)), [2], [1]),
      p.sizes([3, 2]),
    );
    entries.push([
      'module.e.weight',
      p.call('torch._utils', '_rebuild_sparse_tensor', [p.text('torch.sparse_coo')], data),
    ]);
  }
  if (random.nextBelow(2) === 0) {
    const scheme = p.tupleOf([p.global('torch', 'per_tensor_affine')], [p.float(0.5)], [p.int(3)]);
    const stored = store('QInt8Storage', 1, drawn(4, 1));
    entries.push([
      'module.f.weight',
      p.call(
        'torch._utils',
        '_rebuild_qtensor',
        stored,
        [p.int(0)],
        p.sizes([2, 2]),
        p.sizes([2, 1]),
        scheme,
        [p.no],
        p.call('collections', 'OrderedDict'),
      ),
    ]);
  }
  const state = p.dict(...entries);
  const root =
    random.nextBelow(2) === 0
      ? state
      : p.dict(
          ['epoch', [p.int(3)]],
          ['state_dict', state],
          ['optimizer', p.dict(['state', [p.emptyDict]], ['param_groups', [p.emptyList]])],
        );
  return { ops: [p.protocol, ...root, p.stop], storages };
}

export function torchZipEntries({ ops, storages }: TorchFile, random: Random): ZipFixture[] {
  return [
    { name: 'net/data.pkl', data: Buffer.concat(ops), deflate: random.nextBelow(3) === 0 },
    { name: 'net/byteorder', data: Buffer.from('little') },
    ...storages.map(({ key, data }) => ({ name: `net/data/${key}`, data, deflate: random.nextBelow(4) === 0 })),
    { name: 'net/version', data: Buffer.from('3\n') },
  ];
}

export const torchZip = (file: TorchFile, random: Random): Uint8Array =>
  zipBytes(torchZipEntries(file, random), random.nextBelow(2) === 0);

/** @param counts written in place of the true ones, by the storage's place */
export function torchLegacy({ ops, storages }: TorchFile, counts: ReadonlyMap<number, bigint> = new Map()): Uint8Array {
  const pickle = (...value: p.Op[]): Buffer => Buffer.concat([p.protocol, ...value, p.stop]);
  const keys = [p.emptyList, p.mark, ...storages.map(({ key }) => p.text(key)), p.appends];
  return Buffer.concat([
    pickle(p.long(0x1950a86a20f9469cfc6cn)),
    pickle(p.int(1001)),
    pickle(...p.dict(['little_endian', [p.yes]])),
    ...ops,
    pickle(...keys),
    ...storages.flatMap(({ data, bytesEach }, i) => {
      const count = Buffer.alloc(8);
      count.writeBigUInt64LE(counts.get(i) ?? BigInt(data.length / bytesEach));
      return [count, data];
    }),
  ]);
}

/** Arrays in the pickle itself, as in a bare `pickle.dump`. */
export function arraysPickle(random: Random): p.Op[] {
  const array = (shape: number[], code: string, size: number): p.Op[] => {
    const count = shape.reduce((product, n) => product * n, 1);
    const dtype = [...p.call('numpy', 'dtype', [p.text(code)], [p.no], [p.yes])];
    const order = p.tupleOf(
      [p.int(3)],
      [p.text('<')],
      [p.none],
      [p.none],
      [p.none],
      [p.int(-1)],
      [p.int(-1)],
      [p.int(0)],
    );
    return [
      ...p.call('numpy.core.multiarray', '_reconstruct', [p.global('numpy', 'ndarray')], p.sizes([0]), [p.text('b')]),
      ...p.tupleOf(
        [p.int(1)],
        p.sizes(shape),
        [...dtype, ...order, p.build],
        [random.nextBelow(2) === 0 ? p.yes : p.no],
        [p.bytes(Buffer.alloc(count * size, 1 + random.nextBelow(100)))],
      ),
      p.build,
    ];
  };
  return [
    p.protocol,
    ...p.dict(['a.weight', array([2, 1 + random.nextBelow(3)], 'f4', 4)], ['b.weight', array([3], 'f8', 8)]),
    p.stop,
  ];
}

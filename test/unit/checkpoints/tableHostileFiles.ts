/** Files that want to take memory, time, or what is none of theirs; made here, none is larger than a few megabytes. */
import { npyBytes, safetensorsBytes, text, zipBytes } from '../../support/checkpoints';
import { everyKind, kerasLegacy, newestFormat } from '../../support/hdf5Files';
import { call, encode, floats, list, named, pickle, piece, tensor, torchLegacy, torchZip } from '../../support/pickles';
import { hostileGguf } from './tableHostileGguf';
import { hostileOnnx } from './tableHostileOnnx';
import { hostileTfjs } from './tableHostileTfjs';

export interface HostileFile {
  readonly what: string;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly beside?: Readonly<Record<string, Uint8Array>>;
  /** Refused as a whole, for this reason. */
  readonly refused?: RegExp;
  /** Opened: values of a tensor by its name, or why they cannot be read. */
  readonly tensors?: Readonly<Record<string, RegExp | readonly number[]>>;
  /** Opened: some note says so. */
  readonly note?: RegExp;
}

const good = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
const two = floats(1, 2);
const weight = tensor({ key: '0', count: 2, shape: [2] });
const header = (dtype: string, shape: string): string =>
  `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${shape}, }`;
const npy = npyBytes(header('<f4', '(2,)'), two);
const length = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
/** A pickle out of opcodes, with a tensor at its end where there is to be one. */
const evil = (...ops: readonly (string | Uint8Array)[]): Uint8Array => torchZip([weight, piece(...ops)], { 0: two });
const command = call('os', 'system', 'touch /tmp/winning-ticket-was-here');
const thousands = 100_000;
/** Every node of a tree of groups names itself as the one beside it: HDF5 File Format Specification 3.0, III.A.1. */
const circle = (file: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(file);
  for (let at = bytes.indexOf('TREE'); at >= 0; at = bytes.indexOf('TREE', at + 4)) {
    bytes.writeBigUInt64LE(BigInt(at), at + 16);
    bytes.writeBigUInt64LE(BigInt(at), at + 32);
  }
  return bytes;
};

export const hostileFiles: readonly HostileFile[] = [
  {
    what: 'a header of 2⁶³ bytes',
    file: 'a.safetensors',
    bytes: Buffer.concat([length(2n ** 63n), text('{"a":{}}')]),
    refused: /the header claims 9223372036854775808 bytes/,
  },
  {
    what: 'overlapping offsets',
    file: 'a.safetensors',
    bytes: safetensorsBytes({ a: good, b: { ...good, data_offsets: [4, 12] } }, floats(1, 2, 3)),
    tensors: { a: [1, 2], b: /overlaps the tensor before it/ },
  },
  {
    what: 'offsets beyond the file, and a shape of 10⁹',
    file: 'a.safetensors',
    bytes: safetensorsBytes({ a: good, b: { dtype: 'F32', shape: [1e9], data_offsets: [8, 8 + 4e9] } }, two),
    tensors: { a: [1, 2], b: /ends at byte 4000000008 of 8/ },
  },
  {
    what: 'a shape whose product is beyond all numbers',
    file: 'a.safetensors',
    bytes: safetensorsBytes({ a: good, b: { ...good, shape: [2 ** 50, 2 ** 50], data_offsets: [8, 8] } }, two),
    tensors: { a: [1, 2], b: /does not fit data_offsets/ },
  },
  {
    what: 'one name twice',
    file: 'a.safetensors',
    bytes: safetensorsBytes(`{"a":${JSON.stringify(good)},"a":${JSON.stringify(good)}}`, two),
    refused: /the header holds the name "a" twice/,
  },
  {
    what: 'a name without end',
    file: 'a.safetensors',
    bytes: safetensorsBytes({ ['a'.repeat(5000)]: good }, two),
    refused: /^a\.safetensors: the name "a{99}… has more than 4096 characters$/,
  },
  {
    what: 'a type without end',
    file: 'a.safetensors',
    bytes: safetensorsBytes({ a: good, b: { ...good, dtype: 'F'.repeat(1e6), data_offsets: [8, 8] } }, two),
    tensors: { a: [1, 2], b: /^dtype "F{99}… is not one of [\w, ]+$/ },
  },
  {
    what: 'names of what every object has',
    file: 'a.safetensors',
    bytes: safetensorsBytes(
      Object.fromEntries(
        ['__proto__', 'constructor', 'toString'].map((name, i) => [
          name,
          { dtype: 'U8', shape: [1], data_offsets: [i, i + 1] },
        ]),
      ),
      Uint8Array.of(1, 2, 3),
    ),
    tensors: { ['__proto__']: [1], constructor: [2], toString: [3] },
  },
  {
    what: 'NaN, infinities and zeros of both signs',
    file: 'a.safetensors',
    bytes: safetensorsBytes(
      { a: { dtype: 'F32', shape: [5], data_offsets: [0, 20] } },
      floats(NaN, Infinity, -Infinity, -0, 0),
    ),
    tensors: { a: [NaN, Infinity, -Infinity, -0, 0] },
  },
  {
    what: 'tensors of no size',
    file: 'a.safetensors',
    bytes: safetensorsBytes(
      {
        a: { dtype: 'F32', shape: [0, 3], data_offsets: [0, 0] },
        b: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
      },
      floats(7),
    ),
    tensors: { a: [], b: [7] },
  },
  {
    what: 'an image under another name',
    file: 'a.safetensors',
    bytes: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    refused: /it looks like a PNG image/,
  },
  {
    what: 'an index that climbs out, names itself, and names what is not there',
    file: 'a.index.json',
    bytes: text(
      JSON.stringify({
        weight_map: { a: 'a.safetensors', b: '../a.safetensors', c: 'a.index.json', d: 'gone', e: '/etc/passwd' },
      }),
    ),
    beside: { 'a.safetensors': safetensorsBytes({ a: good }, two) },
    tensors: {
      a: [1, 2],
      b: /leads out of its folder/,
      c: /no checkpoint format/,
      d: /no such file/,
      e: /absolute path/,
    },
  },
  {
    what: 'an array of 10⁹ in 100 bytes',
    file: 'a.npy',
    bytes: npyBytes(header('<f4', '(1000000000,)'), two),
    refused: /a\.npy: /,
  },
  {
    what: 'an array of objects, whose pickle runs a command',
    file: 'a.npy',
    bytes: npyBytes(header('|O', '(1,)'), pickle([command])),
    refused: /an array of Python objects: they are pickled, and nothing is executed here/,
  },
  {
    what: 'entries that claim more than deflate can hold',
    file: 'a.npz',
    bytes: zipBytes([
      { name: 'a.npy', data: npy },
      { name: 'b.npy', data: new Uint8Array(1e6), deflate: true, forged: { size: 2 ** 31 } },
    ]),
    tensors: { a: [1, 2], b: /more than deflate can hold/ },
  },
  {
    what: 'entries that lie in each other',
    file: 'a.npz',
    bytes: zipBytes([
      { name: 'a.npy', data: npy },
      { name: 'b.npy', data: npy, forged: { offset: 0 } },
      { name: 'c.npy', data: npy },
    ]),
    tensors: { a: /overlaps another entry/, b: /overlaps another entry/, c: [1, 2] },
  },
  {
    what: 'one entry twice, and one that leads out',
    file: 'a.npz',
    bytes: zipBytes(['a.npy', 'b.npy', 'b.npy', '../c.npy'].map(name => ({ name, data: npy }))),
    tensors: { a: [1, 2], b: /more than once/, '../c': /absolute or leads out/ },
  },
  {
    what: 'a command beside the weights',
    file: 'a.pt',
    bytes: torchZip({ w: weight, x: command }, { 0: two }),
    tensors: { w: [1, 2] },
    note: /names os\.system: not run/,
  },
  {
    what: 'a command alone',
    file: 'a.pkl',
    bytes: pickle(command),
    refused: /without tensors.* names os\.system: not run/,
  },
  {
    what: 'a shape of 10⁹ over a storage of two',
    file: 'a.pt',
    bytes: torchZip({ w: weight, x: tensor({ key: '0', count: 2, shape: [1e9] }) }, { 0: two }),
    tensors: { w: [1, 2], x: /reaches to value 1000000000 of a storage of 2/ },
  },
  {
    what: 'a view that repeats one value 10⁹ times',
    file: 'a.pt',
    bytes: torchZip({ w: weight, x: tensor({ key: '0', count: 2, shape: [1e9], stride: [0] }) }, { 0: two }),
    tensors: { w: [1, 2], x: /repeats 2 values to 1000000000/ },
  },
  {
    what: 'a storage that is not there',
    file: 'a.pt',
    bytes: torchZip({ w: weight, x: tensor({ key: '../0', count: 2, shape: [2] }) }, { 0: two }),
    tensors: { w: [1, 2], x: /storage \.\.\/0 is not in the archive/ },
  },
  {
    what: 'storages that are cut off',
    file: 'a.th',
    bytes: torchLegacy(
      {
        w: tensor({ key: '0', count: 2, shape: [2], legacy: true }),
        x: tensor({ key: '1', count: 2 ** 30, shape: [2], legacy: true }),
      },
      [
        ['0', 2, two],
        ['1', 2 ** 30, two],
      ],
    ),
    tensors: { w: [1, 2], x: /it is cut short/ },
  },
  {
    what: 'a list that holds itself',
    file: 'a.pt',
    bytes: evil(']q\x07h\x07a'),
    tensors: { 0: [1, 2] },
  },
  {
    what: 'a list of two of a list of two, sixty deep, spelled out as a path',
    file: 'a.pt',
    bytes: evil('cpathlib\nPosixPath\n]q\x07', '0h\x07h\x07\x86q\x07'.repeat(60), '0h\x07\x85R'),
    tensors: { 0: [1, 2] },
  },
  {
    what: 'a function that is given itself',
    file: 'a.pt',
    // f(f, None, a) where a = [f, None, a]
    bytes: evil(']q\x07(ctorch._tensor\n_rebuild_from_type_v2\nq\x08Nh\x07e0h\x08h\x08Nh\x07\x87R'),
    tensors: { 0: [1, 2] },
  },
  {
    what: 'constructors of constructors',
    file: 'a.pt',
    bytes: evil('ccopyreg\n__newobj__\nq\x07(', 'h\x07'.repeat(thousands), 'tR'),
    tensors: { 0: [1, 2] },
  },
  {
    what: 'one long list, copied again and again',
    file: 'a.pt',
    bytes: evil('(', 'N'.repeat(thousands), 'lq\x070', 'cbuiltins\nlist\nh\x07\x85R0'.repeat(5000), 'N'),
    refused: /its objects take more than \d+ MB/,
  },
  {
    what: 'a stack that grows for ever',
    file: 'a.pkl',
    bytes: Buffer.concat([Buffer.of(0x80, 2), Buffer.alloc(60 * thousands, 'N')]),
    refused: /more than 4194304 values on its stack/,
  },
  {
    what: 'a name of megabytes, called again and again',
    file: 'a.pt',
    bytes: evil(`c${'m'.repeat(1e6)}\nn\nq\x07`, '0h\x07)R'.repeat(thousands)),
    refused: /a name of more than 1000 characters/,
  },
  {
    what: 'a key of a megabyte before every tensor',
    file: 'a.pt',
    bytes: torchZip(
      [
        piece(
          encode(weight),
          'q\x070',
          encode('k'.repeat(1e6)),
          'q\x080]',
          '}h\x08}h\x08h\x07ssa'.repeat(thousands / 2),
        ),
      ],
      { 0: two },
    ),
    note: /Not looked into/,
  },
  {
    what: 'averages by the ten thousand',
    file: 'a.pt',
    bytes: torchZip(
      piece(
        '}',
        encode('first'),
        '}',
        encode('weight'),
        encode(weight),
        'q\x07ss(',
        Buffer.concat(
          Array.from(
            { length: thousands / 2 },
            (_, i) => piece(encode(`ema.${String(i)}`), '}', encode('weight'), 'h\x07s').bytes,
          ),
        ),
        'u',
      ),
      { 0: two },
    ),
    tensors: { 'first.weight': [1, 2] },
    note: /"ema\.0" is a running average of the weights in "first"/,
  },
  {
    what: 'modules by the ten thousand that share their parameters',
    file: 'a.pt',
    bytes: evil(
      '}(',
      ...Array.from({ length: thousands / 5 }, (_, i) =>
        Buffer.concat([encode(`p${String(i)}`), Buffer.from(']', 'latin1')]),
      ),
      'uq\x070',
      encode('_parameters'),
      'q\x080',
      encode('_modules'),
      'q\x090](',
      '}(h\x08h\x07h\x09}u'.repeat(thousands / 5),
      'e',
    ),
    tensors: { 0: [1, 2] },
  },
  {
    what: 'a sparse tensor with more entries than memory holds, out of one',
    file: 'a.pt',
    bytes: torchZip(
      {
        w: weight,
        x: call('torch._utils', '_rebuild_sparse_tensor', 'torch.sparse_coo', [
          tensor({ key: '1', type: 'Long', count: 1, shape: [1, 2 ** 24], stride: [0, 0] }),
          tensor({ key: '0', count: 2, shape: [2 ** 24], stride: [0] }),
          [2 ** 30],
        ]),
      },
      { 0: two, 1: new Uint8Array(8) },
    ),
    tensors: { w: [1, 2], x: /a sparse tensor with 16777216 entries/ },
  },
  {
    what: 'a shape that is none, of a tensor without values',
    file: 'a.pt',
    bytes: torchZip(
      {
        w: weight,
        x: call(
          'torch._utils',
          '_rebuild_meta_tensor_no_storage',
          named('torch', 'float32'),
          [2 ** 40, 2 ** 40],
          list(),
        ),
      },
      { 0: two },
    ),
    tensors: { w: [1, 2], x: /meta device/ },
  },
  ...hostileOnnx,
  ...hostileTfjs,
  ...hostileGguf,
  {
    what: 'links to other files and back to their own group, values that lie elsewhere or nowhere, and 10⁹ of them',
    file: 'a.h5',
    bytes: everyKind,
    tensors: {
      big32: [1, -2, 0, 0.5, 0, 4],
      away: /a link to another file, "\/etc\/passwd", which is not opened/,
      soft: /which is not followed/,
      outside: /lie in other files/,
      joined: /put together from other datasets/,
      unwritten: /never written/,
      lzf: /filter 32000 \(lzf\)/,
    },
    note: /"group\/self" is a group that is listed already/,
  },
  {
    what: 'HDF5 that is cut short',
    file: 'a.h5',
    bytes: kerasLegacy.subarray(0, 20_000),
    refused: /HDF5 structure cannot be read: truncated file/,
  },
  {
    what: 'HDF5 whose groups lead into themselves',
    file: 'a.h5',
    bytes: circle(kerasLegacy),
    refused: /HDF5 (structure cannot be read|without a dataset)/,
  },
  {
    what: 'an archive whose weights are an HDF5 file of 10⁹ bytes from a few',
    file: 'a.keras',
    bytes: zipBytes([{ name: 'model.weights.h5', data: new Uint8Array(1e6), deflate: true, forged: { size: 1e9 } }]),
    refused: /more than deflate can hold/,
  },
  {
    what: 'a configuration nested without end beside the weights',
    file: 'a.keras',
    bytes: zipBytes([
      { name: 'config.json', data: text('['.repeat(1e6)) },
      { name: 'model.weights.h5', data: newestFormat },
    ]),
    tensors: { whole: Array.from({ length: 24 }, (_, i) => i - 5) },
  },
];

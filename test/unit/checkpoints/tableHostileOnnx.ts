/** ONNX files that want to take memory, time, or what is none of theirs. */
import {
  claiming,
  field,
  float32,
  graph,
  graphAttribute,
  int32Data,
  message,
  model,
  node,
  tensor,
  type TensorFixture,
  types,
} from '../../support/onnx';
import type { HostileFile } from './tableHostileFiles';

const good = tensor({ name: 'a', dims: [2], raw: float32(1, 2) });
const read = [1, 2];
const billion = 1e9;
const thousands = 100_000;

/** A good tensor before and behind one that is none. */
function among(what: string, fixture: Omit<TensorFixture, 'name'>, reason: RegExp): HostileFile {
  const behind = tensor({ name: 'c', dims: [1], raw: float32(3) });
  const bytes = model({ tensors: [good, tensor({ name: 'b', ...fixture }), behind] });
  return { what: `ONNX: ${what}`, file: 'm.onnx', bytes, tensors: { a: read, b: reason, c: [3] } };
}

/** A tensor whose values are said to lie in another file. */
function beside(what: string, external: Readonly<Record<string, string>>, reason: RegExp): HostileFile {
  return { ...among(what, { dims: [1], external }, reason), beside: { 'w.bin': float32(7) } };
}

function nested(depth: number): Uint8Array {
  let content = graph({ tensors: [good] });
  for (let i = 0; i < depth; i++) {
    content = graph({ nodes: [node({ op: 'Loop', inputs: [], more: [graphAttribute('body', content)] })] });
  }
  return model(content);
}

const w = tensor({ name: 'w', dims: [2, 2], raw: float32(1, 2, 3, 4) });
const calls = Array.from({ length: 40 }, (_, i) =>
  field(
    25,
    message(
      field(1, `f${i}`),
      field(4, 'x'),
      field(10, 'local'),
      ...[0, 1, 2].map(() => field(7, node({ op: `f${i + 1}`, inputs: ['x'], domain: 'local' }))),
    ),
  ),
);

export const hostileOnnx: readonly HostileFile[] = [
  among('10⁹ values in a few bytes', { dims: [billion], raw: float32(1) }, /takes 4000000000 bytes, but 4 are there/),
  among('10⁹ numbers in a few bytes', { dims: [billion], type: types.int32, more: [int32Data(1)] }, /needs 1000000000/),
  among('a shape beyond all numbers', { dims: [2n ** 60n, 2n ** 60n], raw: float32(1) }, /more than 2/),
  among('a negative size', { dims: [-1], raw: float32(1) }, /its shape is none/),
  among('a size of the most negative number', { dims: [-(2n ** 63n)], raw: float32(1) }, /its shape is none/),
  among('more axes than any tensor has', { dims: new Array<number>(100).fill(1), raw: float32(1) }, /32 axes/),
  among('too few bytes for its shape', { dims: [3], raw: float32(1, 2) }, /takes 12 bytes, but 8 are there: damaged/),
  among('a type that is none', { dims: [1], type: 4711, raw: float32(1) }, /data type 4711 is not known/),
  among('text', { dims: [1], type: types.string, more: [field(6, 'text')] }, /it holds text, no numbers/),
  among('complex numbers', { dims: [1], type: types.complex64, raw: float32(1, 2) }, /C64 are not decoded/),
  among('float8 without a standard', { dims: [1], type: types.float8e4m3fnuz, raw: Uint8Array.of(1) }, /not decoded/),
  among('a segment', { dims: [1], raw: float32(1), more: [field(3, message(field(1, 0)))] }, /a segment of a tensor/),
  among('no values', { dims: [5] }, /it holds no values, though its shape \[5\] needs 5: exported without weights/),
  among('values twice', { dims: [1], raw: float32(1), more: [int32Data(1)] }, /it holds its values twice/),
  among('values of another type', { dims: [1], more: [int32Data(1)] }, /do not belong into field 5/),
  among(
    'a field in a tensor that is longer than it',
    { dims: [1], more: [claiming(9, 500, float32(1))] },
    /damaged at/,
  ),
  among('a length of 2⁶³', { dims: [1], more: [claiming(9, 2n ** 63n, float32(1))] }, /damaged at byte/),
  among('a number without end', { dims: [1], more: [new Uint8Array(12).fill(0xff)] }, /damaged at byte/),
  among('a group', { dims: [1], more: [Uint8Array.of(0x0b, 0x0c)] }, /is a group, which ONNX has none of/),
  beside('a path that climbs out', { location: '../../etc/passwd' }, /leads out of its folder/),
  beside('an absolute path', { location: '/etc/passwd' }, /is an absolute path/),
  beside('a path with backslashes', { location: '..\\w.bin' }, /leads out of its folder/),
  beside('a drive', { location: 'C:\\w.bin' }, /holds a colon/),
  beside('a device', { location: 'w.bin\0' }, /holds a NUL character/),
  beside('no path', { location: '' }, /is no file name/),
  beside('no location', { offset: '0' }, /in another file, which is not named/),
  beside('a file that is not there', { location: 'gone.bin' }, /^gone\.bin: there is no such file.* put it beside/),
  beside('an offset behind the file', { location: 'w.bin', offset: '4' }, /end at byte 8 of w\.bin, which has 4/),
  beside('an offset that is none', { location: 'w.bin', offset: '-4' }, /offset of its external data is no whole/),
  beside('an offset beyond numbers', { location: 'w.bin', offset: '9'.repeat(16) }, /is no whole number/),
  beside('a length that is another', { location: 'w.bin', length: '3' }, /takes 4 bytes, but 3 are said to be in w/),
  {
    what: 'ONNX: numbers that end too early, seen when they are read',
    file: 'm.onnx',
    bytes: model({
      tensors: [good, tensor({ name: 'b', dims: [3], type: types.int32, more: [int32Data(300, 300)] })],
    }),
    tensors: { a: read },
  },
  {
    what: 'ONNX: cut within the values of a tensor',
    file: 'm.onnx',
    bytes: model({ tensors: [good, tensor({ name: 'b', dims: [100], raw: new Uint8Array(400) })] }).slice(0, -100),
    tensors: { a: read, b: /cut short/ },
    note: /The file ends at byte \d+ in the middle of a message: it is cut short/,
  },
  {
    what: 'ONNX: a graph longer than the file',
    file: 'm.onnx',
    bytes: message(field(1, 9), claiming(7, 2n ** 40n, graph({ tensors: [good] }))),
    tensors: { a: read },
    note: /cut short/,
  },
  {
    what: 'ONNX: damage in the graph itself',
    file: 'm.onnx',
    bytes: model(message(graph({ tensors: [good] }), Uint8Array.of(0x0f, 1, 2, 3), field(2, 'x'.repeat(100)))),
    refused: /its structure cannot be read: illegal tag: .*export or download it again/,
  },
  {
    what: 'ONNX: no graph but a claim of one',
    file: 'm.onnx',
    bytes: message(field(1, 9), field(7, new Uint8Array(0))),
    refused: /no checkpoint format/,
  },
  {
    what: 'ONNX: one name a hundred thousand times',
    file: 'm.onnx',
    bytes: model({ tensors: new Array<Uint8Array>(thousands).fill(good) }),
    tensors: { a: read, 'a (2)': read, 'a (100000)': read },
    note: /Several tensors of one graph have the same name: a, a, a, …/,
  },
  {
    what: 'ONNX: a name without end',
    file: 'm.onnx',
    bytes: model({ tensors: [good, tensor({ name: 'n'.repeat(1e6), dims: [1], raw: float32(5) })] }),
    tensors: { a: read, [`${'n'.repeat(2047)}…`]: [5] },
  },
  { what: 'ONNX: graphs in graphs, twenty deep', file: 'm.onnx', bytes: nested(20), tensors: { a: read } },
  {
    what: 'ONNX: graphs in graphs without end',
    file: 'm.onnx',
    bytes: nested(1000),
    refused: /messages lie in each other more than 100 deep/,
  },
  {
    what: 'ONNX: functions that call each other three times each, forty deep',
    file: 'm.onnx',
    bytes: model({ nodes: [node({ op: 'f0', inputs: ['w'], domain: 'local' })], tensors: [w] }, ...calls),
    tensors: { w: [1, 2, 3, 4] },
  },
  {
    what: 'ONNX: a tensor that goes round in a circle',
    file: 'm.onnx',
    bytes: model({
      nodes: [
        node({ op: 'Identity', inputs: ['w'], outputs: ['w'] }),
        node({ op: 'Transpose', inputs: ['w'], outputs: ['w'], attributes: { perm: [7, 7] } }),
      ],
      tensors: [w],
    }),
    tensors: { w: [1, 2, 3, 4] },
  },
  {
    what: 'ONNX: fields by the million',
    file: 'm.onnx',
    bytes: model(message(field(5, good), Buffer.alloc(2 * 8_100_000, Uint8Array.of(0x6a, 0)))),
    refused: /more than 8000000 fields/,
  },
  {
    what: 'ONNX: nodes by the million',
    file: 'm.onnx',
    bytes: model(message(field(5, good), Buffer.alloc(2 * 1_100_000, Uint8Array.of(0x0a, 0)))),
    refused: /more than 1000000 nodes/,
  },
  {
    what: 'ONNX: names of what every object has',
    file: 'm.onnx',
    bytes: model({
      nodes: [node({ op: 'toString', inputs: ['__proto__'], domain: 'constructor' })],
      tensors: [tensor({ name: '__proto__', dims: [2], raw: float32(1, 2) })],
    }),
    tensors: { ['__proto__']: read },
  },
];

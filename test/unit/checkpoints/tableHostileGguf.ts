/** GGUF files that want to take memory, time, or what is none of theirs. */
import { ggufBytes, name, u32, type GgufTensor, type GgufValue } from '../../support/ggufFiles';
import type { HostileFile } from './tableHostileFiles';

const file = 'a.gguf';
const good: GgufTensor = { name: 'good', ne: [2], type: 0, data: new Uint8Array(Float32Array.of(1, 2).buffer) };
const bad = { ...good, name: 'bad' };
const shown = { good: [1, 2] } as const;
const nest = (depth: number): GgufValue => {
  let value: GgufValue = { type: 'list', of: 'u8', value: [] };
  for (let i = 0; i < depth; i++) value = { type: 'list', of: 'list', value: [value] };
  return value;
};

export const hostileGguf: readonly HostileFile[] = [
  {
    what: 'a count of 2⁶³ tensors',
    file,
    bytes: ggufBytes([], [], { counts: { tensors: 2n ** 63n } }),
    refused: /at byte 24: 9223372036854776000 tensors, and 100000 are the limit/,
  },
  {
    what: 'a hundred thousand tensors in a file of 24 bytes',
    file,
    bytes: ggufBytes([], [], { counts: { tensors: 100_000n } }),
    refused: /at byte 32: .* 0 are left: the file is cut short/,
  },
  {
    what: 'a count of 2⁶³ keys',
    file,
    bytes: ggufBytes([], [], { counts: { keys: 2n ** 63n } }),
    refused: /keys of metadata, and 10000 are the limit/,
  },
  {
    what: 'lists in lists, 1,000 deep',
    file,
    bytes: ggufBytes([good], [['k', nest(1000)]]),
    refused: /nested deeper than 16/,
  },
  {
    what: 'a shape of 10⁹ in a file of a kilobyte',
    file,
    bytes: ggufBytes([good, { ...bad, ne: [1e9] }]),
    tensors: { ...shown, bad: /ends at byte 4000000032 of 64 bytes of data: the file is cut short/ },
  },
  {
    what: 'sizes of 2⁶³',
    file,
    bytes: ggufBytes([good, { ...bad, ne: [2n ** 63n, 2n ** 63n, 2n ** 63n] }]),
    tensors: { ...shown, bad: /beyond all memory/ },
  },
  {
    what: 'an offset of 2⁶⁴ − 32',
    file,
    bytes: ggufBytes([good, { ...bad, offset: 2n ** 64n - 32n }]),
    tensors: { ...shown, bad: /ends at byte 18446744073709552000 of 64/ },
  },
  {
    what: 'one name twice',
    file,
    bytes: ggufBytes([bad, bad, good]),
    tensors: { ...shown, bad: /more than once/ },
  },
  {
    what: 'tensors that lie in each other, and off the alignment',
    file,
    bytes: ggufBytes([
      good,
      { ...bad, ne: [8], offset: 0, data: new Uint8Array(32) },
      { ...bad, name: 'odd', offset: 36 },
    ]),
    tensors: { ...shown, bad: /overlaps "good"/, odd: /no multiple of the alignment 32/ },
  },
  {
    what: 'an alignment of 0',
    file,
    bytes: ggufBytes([good], [['general.alignment', u32(0)]]),
    refused: /general\.alignment is 0, which is no power of 2/,
  },
  {
    what: 'an alignment larger than the file',
    file,
    bytes: ggufBytes([good], [['general.alignment', u32(2 ** 31)]]),
    tensors: { good: /ends at byte 8 of 0 bytes of data/ },
  },
  {
    what: 'a type that there is not',
    file,
    bytes: ggufBytes([good, { ...bad, type: 0xffffffff }]),
    tensors: { ...shown, bad: /type 4294967295 is not known/ },
  },
  {
    what: 'names of what every object has',
    file,
    bytes: ggufBytes(
      [
        { ...good, name: '__proto__' },
        { ...good, name: 'constructor' },
      ],
      [
        ['__proto__', name('x')],
        ['toString', name('y')],
      ],
    ),
    tensors: { ['__proto__']: [1, 2], constructor: [1, 2] },
  },
];

/** Pickles as lists of opcodes, to be written as they are or with damage that only one who knows opcodes can do. */
import type { Random } from '../../src/shared/random';
import { pick } from './target';

/** One opcode with its argument, or a few that belong together. */
export type Op = Buffer;

const raw = (...codes: (string | number)[]): Op =>
  Buffer.concat(codes.map(code => (typeof code === 'number' ? Buffer.of(code) : Buffer.from(code, 'latin1'))));

export const protocol: Op = raw(0x80, 2);
export const [mark, tuple, reduce, build, stop, none] = ['(', 't', 'R', 'b', '.', 'N'].map(code => raw(code)) as [
  Op,
  Op,
  Op,
  Op,
  Op,
  Op,
];
export const emptyDict = raw('}');
export const [emptyList, emptyTuple, setItems, append, appends, persistentId] = [']', ')', 'u', 'a', 'e', 'Q'].map(
  code => raw(code),
) as [Op, Op, Op, Op, Op, Op];
export const [yes, no] = [raw(0x88), raw(0x89)];

export const global = (module: string, name: string): Op => raw(`c${module}\n${name}\n`);
export const remember = (index: number): Op => raw('q', index);
export const recall = (index: number): Op => raw('h', index);

export function text(value: string): Op {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([raw('X'), length, bytes]);
}

export function bytes(value: Uint8Array): Op {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return Buffer.concat([raw('B'), length, value]);
}

/** @param value fits into 32 bits */
export function int(value: number): Op {
  const argument = Buffer.alloc(4);
  argument.writeInt32LE(value);
  return Buffer.concat([raw('J'), argument]);
}

export function float(value: number): Op {
  const argument = Buffer.alloc(8);
  argument.writeDoubleBE(value);
  return Buffer.concat([raw('G'), argument]);
}

/** A non-negative integer as LONG1 has it. */
export function long(value: bigint): Op {
  const hex = value.toString(16);
  const digits = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').reverse();
  return Buffer.concat([raw(0x8a, digits.length + 1), digits, raw(0)]);
}

export const tupleOf = (...items: readonly Op[][]): Op[] => [mark, ...items.flat(), tuple];
export const sizes = (shape: readonly number[]): Op[] => tupleOf(...shape.map(size => [int(size)]));
export const call = (module: string, name: string, ...args: readonly Op[][]): Op[] => [
  global(module, name),
  ...tupleOf(...args),
  reduce,
];
export const dict = (...entries: readonly (readonly [string, Op[]])[]): Op[] => [
  emptyDict,
  mark,
  ...entries.flatMap(([key, value]) => [text(key), ...value]),
  setItems,
];

/** Lists of two of the list before: 2ⁿ items to whoever walks or prints it without looking where it was. */
const doubled = (times: number): Op[] => [
  emptyList,
  remember(200),
  ...Array.from({ length: times }, () => [raw(0x86, 'q', 200), recall(200)]).flat(),
];
const wide = (length: number): Op[] => [mark, raw('N'.repeat(length)), tuple, remember(201)];
const repeated = (times: number, ops: readonly Op[]): Op[] => [
  Buffer.concat(new Array<Buffer[]>(times).fill([...ops]).flat()),
];
/** Evil where the rest of the pickle goes on: each leaves one value on the stack, and then takes it away. */
const evil: readonly ((random: Random) => Op[])[] = [
  () => call('os', 'system', [text('touch /tmp/pickled')]),
  () => call('builtins', 'eval', [text('1')]),
  () => call('builtins', 'getattr', [global('os', 'system')], [text('__call__')]),
  random => [raw(']'.repeat(deep(random))), raw('a'.repeat(deep(random)))],
  random => [raw('('.repeat(deep(random))), none],
  random => [none, raw(')'), raw('R'.repeat(deep(random)))],
  random => [global('os', 'system'), ...repeated(deep(random), [emptyTuple, reduce])],
  random => [none, raw('\x85'.repeat(deep(random)))],
  // bombs that copy: a long list once, then again and again by calls that copy their argument
  random => [
    ...wide(deep(random)),
    ...repeated(200, [
      global('builtins', pick(random, ['list', 'set', 'bytes', 'dict'])),
      recall(201),
      raw(0x85),
      reduce,
    ]),
  ],
  random => [...doubled(60), ...call(...pick(random, printing), [recall(200)])],
  random => [emptyList, remember(202), recall(202), append, ...call(...pick(random, printing), [recall(202)])],
  // functions that are given themselves
  () =>
    [
      emptyList,
      remember(203),
      global('torch._tensor', '_rebuild_from_type_v2'),
      remember(204),
      none,
      recall(203),
    ].concat(
      [raw(0x87), raw('0'), recall(203), mark, recall(204), none, recall(203), appends],
      [recall(204), recall(204), none, recall(203), raw(0x87), reduce],
    ),
  random => [
    global('copyreg', '__newobj__'),
    mark,
    ...repeated(deep(random), [global('copyreg', '__newobj__')]),
    tuple,
    reduce,
  ],
  random =>
    call(
      'torch._utils',
      '_rebuild_meta_tensor_no_storage',
      [global('torch', 'float32')],
      sizes([pick(random, [-1, 2 ** 31 - 1]), 2 ** 31 - 1, 2 ** 31 - 1]),
    ),
  random => [
    ...call('numpy.core.multiarray', '_reconstruct', [global('numpy', 'ndarray')], sizes([0]), [text('b')]),
    ...tupleOf(
      [int(1)],
      sizes([pick(random, [-1, 0, 2 ** 31 - 1]), 2 ** 31 - 1]),
      call('numpy', 'dtype', [text(pick(random, ['f4', 'O8', 'V1', '']))]),
      [no],
      [bytes(Buffer.alloc(8))],
    ),
    build,
  ],
  random => [float(pick(random, [NaN, Infinity, -0]))],
  () => [raw(0x8a, 0xff), Buffer.alloc(255, 0xff)],
  () => [raw('X'), Buffer.alloc(4, 0xff)],
  () => [raw(0x8d), Buffer.alloc(8, 0xff)],
  () => [raw(`I${'9'.repeat(5000)}\n`)],
  () => [raw(`S'${'\\x41'.repeat(500)}'\n`)],
  () => [none, raw('p-1\n'), raw('r'), Buffer.alloc(4, 0xff)],
  () => [global('x'.repeat(100_000), 'y\0'), emptyTuple, reduce],
  random => [raw('P'), raw(`${'k'.repeat(deep(random))}\n`)],
];
const printing: readonly (readonly [string, string])[] = [
  ['pathlib', 'PosixPath'],
  ['torch', 'device'],
  ['builtins', 'bytes'],
];
const deep = (random: Random): number => pick(random, [10, 1000, 200_000]);

/** Damaged once to three times, between opcodes or in one of them. */
export function damageOps(ops: readonly Op[], random: Random): Op[] {
  const damaged = [...ops];
  for (let times = 1 + random.nextBelow(3); times > 0; times--) {
    const at = random.nextBelow(damaged.length + 1);
    const other = damaged[random.nextBelow(damaged.length)] ?? none;
    switch (random.nextBelow(8)) {
      case 0:
        damaged.splice(at, 1);
        break;
      case 1:
        damaged.splice(at, 1, other);
        break;
      case 2:
        damaged.splice(at, 0, other);
        break;
      case 3:
        damaged.splice(
          at,
          1,
          pick(random, [int(-1), int(0), int(2 ** 31 - 1), long(2n ** 63n), text('../x'), none, float(1.5)]),
        );
        break;
      case 4:
        damaged.splice(at, 0, recall(random.nextBelow(8)));
        break;
      case 5:
        damaged.splice(at, 0, ...pick(random, evil)(random));
        break;
      default:
        // in place of nothing: what follows finds its stack as before
        damaged.splice(at, 0, ...pick(random, evil)(random), raw('0'));
    }
  }
  return damaged;
}

/** The unpickler by itself: data comes out as data, nothing runs, and no pickle takes more than it may. */
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { Constructors } from '../../../src/checkpoints/pytorch/constructors';
import { PickleTruncated } from '../../../src/checkpoints/pytorch/pickleMachine';
import { Global, Opaque, type PickleValue } from '../../../src/checkpoints/pytorch/pickleValue';
import { unpickle } from '../../../src/checkpoints/pytorch/unpickler';
import { concat } from '../../support/checkpoints';
import { call, encode, list, named, pickle, type Picklable, piece, uint32 } from '../../support/pickles';

function load(bytes: Uint8Array, constructors = new Constructors(() => null)): PickleValue {
  return unpickle(bytes, 'test.pkl', constructors).value;
}
const loads = (value: Picklable): PickleValue => load(pickle(value));
const loadText = (code: string): PickleValue => load(new Uint8Array(Buffer.from(code, 'latin1')));
const hex = (code: string): PickleValue => load(new Uint8Array(Buffer.from(code.replace(/\s/g, ''), 'hex')));

describe('data of every protocol', () => {
  it.each<[string, string, PickleValue]>([
    ['integers in text', '(I1\nI-7\nL12345678901234567890L\nI01\nI00\nt.', [1, -7, 12345678901234567890n, true, false]],
    ['numbers in text', '(F1.5\nF-inf\nFnan\nt.', [1.5, -Infinity, NaN]],
    ['strings in text', "(S'a\\n\\x41\\\\'\nV\\u00e9\\U0001f600\nt.", ['a\nA\\', 'é\u{1f600}']],
    ['a dict of protocol 0', "(dp0\nS'k'\np1\n(lp2\nI1\nas.", new Map([['k', [1]]])],
    ['objects recalled from the memo', '(]q\x00h\x00t.', [[], []]],
    ['short strings of Python 2, and its bytes', '(U\x01aU\x01\xfft.', ['a', Uint8Array.of(255)]],
    ['marks dropped by POP_MARK and POP', '((I1\nI2\n1(0I3\nt.', [3]],
  ])('%s', (_, code, expected) => {
    expect(loadText(code)).toEqual(expected);
  });

  it.each<[string, string, PickleValue]>([
    ['a framed list of protocol 4', '8004 95 0800000000000000 5d 94 28 4b01 4b02 65 2e', [1, 2]],
    [
      'short and long text and bytes',
      '8004 28 8c0161 8d0100000000000000 62 4301ff 8e0100000000000000 fe 74 2e',
      ['a', 'b', Uint8Array.of(255), Uint8Array.of(254)],
    ],
    ['a bytearray of protocol 5', '8005 96 0200000000000000 0102 2e', Uint8Array.of(1, 2)],
    ['sets', '8004 8f 94 28 4b01 4b02 90 2e', new Set([1, 2])],
    ['a frozenset', '8004 28 4b01 91 2e', new Set([1])],
    ['negative long integers', '8002 8a01ff 8a09ffffffffffffffff00 86 2e', [-1, 18446744073709551615n]],
    ['a class by STACK_GLOBAL', '8004 8c026f73 8c0673797374656d 93 2e', new Global('os', 'system')],
  ])('%s', (_, code, expected) => {
    expect(hex(code)).toEqual(expected);
  });

  it('makes dicts, sets, bytes and paths by the constructors of Python', () => {
    expect(loads(call('collections', 'OrderedDict', list(list('a', 1))))).toEqual(new Map([['a', 1]]));
    expect(loads(call('collections', 'defaultdict', named('builtins', 'int')))).toEqual(new Map());
    expect(loads(call('__builtin__', 'set', list(1, 2)))).toEqual(new Set([1, 2]));
    expect(loads(call('_codecs', 'encode', 'é', 'latin1'))).toEqual(Buffer.from([0xe9]));
    expect(loads(call('pathlib', 'PosixPath', '/', 'data', 'x'))).toBe('/data/x');
  });

  it('keeps an object of an unknown class with its state, and its name', () => {
    const constructors = new Constructors(() => null);
    const made = call('config', 'Config', 1);
    const object = load(pickle(piece(made.bytes, encode({ rate: 0.1 }), 'b')), constructors);
    expect(object).toBeInstanceOf(Opaque);
    expect(object).toMatchObject({ path: 'config.Config', args: [1], state: new Map([['rate', 0.1]]) });
    expect([...constructors.unknown]).toEqual(['config.Config']);
  });

  it('lets a list hold itself', () => {
    const value = loadText(']q\x00h\x00a.') as PickleValue[];
    expect(value[0]).toBe(value);
  });
});

describe('names that would run something', () => {
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'getattr'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['numpy.testing._private.utils', 'runstring'],
  ])('%s.%s stays a name', (module, name) => {
    const constructors = new Constructors(() => null);
    expect(load(pickle(call(module, name, 'touch /tmp/never')), constructors)).toBeInstanceOf(Opaque);
    expect([...constructors.unknown]).toEqual([`${module.replace('__builtin__', 'builtins')}.${name}`]);
  });

  it('cannot be reached through the prototype of an object', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(loads(call(name, name, {}))).toBeInstanceOf(Opaque);
      expect(loads({ [name]: 1 })).toEqual(new Map([[name, 1]]));
    }
  });
});

describe('damaged and hostile pickles', () => {
  it.each<[string, string, RegExp]>([
    ['an unknown opcode', '\x80\x02\xff.', /byte 2: 0xff is no opcode/],
    ['an unknown protocol', '\x80\x06N.', /pickle protocol 6; 0 to 5 are known/],
    ['an empty stack', '\x80\x02.', /empty stack/],
    ['a mark that was never set', 't.', /never set/],
    ['an object that was never made', 'h\x05.', /recalls object 5/],
    ['a key without a value', '}(I1\nu.', /key without a value/],
    ['items for what is no dict', 'N(I1\nI2\nu.', /no dict/],
    ['an append to what is no list', 'NI1\na.', /no list/],
    ['INST', '(ios\nsystem\n.', /opcode INST/],
    ['OBJ', '(cos\nsystem\no.', /opcode OBJ/],
    ['the extension registry', '\x80\x02\x82\x01.', /extension registry/],
    ['a buffer outside the file', '\x80\x05\x97.', /buffers outside the file/],
    ['an integer of 100,000 bytes', `\x8b\xa0\x86\x01\x00${'\x01'.repeat(100_000)}.`, /integer of 100000 bytes/],
    ['an integer of 10,000 digits', `L${'1'.repeat(10_000)}L\n.`, /integer that is none/],
    ['a number that is none', 'Fabc\n.', /number that is none/],
    ['a call with what is no tuple', 'cos\nsystem\nNR.', /no tuple/],
    ['a class without a name', '\x80\x04NN\x93.', /name is no text/],
  ])('%s', (_, code, message) => {
    expect(() => loadText(code)).toThrow(CheckpointError);
    expect(() => loadText(code)).toThrow(message);
  });

  it.each([
    ['a string', '\x80\x02X\xff\xff\xff\x7fabc'],
    ['bytes of 2^63', '\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f'],
    ['text of 2^64', '\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff'],
    ['a frame', '\x80\x04\x95\x01'],
    ['a line', 'cos\nsyst'],
  ])('%s that is not all there counts as cut off', (_, code) => {
    expect(() => loadText(code)).toThrow(PickleTruncated);
  });

  it('nesting of a million lists neither overflows nor hangs', () => {
    const depth = 1_000_000;
    const nested = load(concat(Buffer.alloc(depth, ']'), Buffer.alloc(depth - 1, 'a'), Buffer.from('.')));
    expect(Array.isArray(nested)).toBe(true);
  });

  it.each([
    ['dicts', '}'],
    ['marks', '('],
    ['sets', '\x8f'],
  ])('%s by the ten million are refused before memory runs out', (_, opcode) => {
    expect(() => load(Buffer.alloc(20_000_000, opcode, 'latin1'))).toThrow(/objects take more than/);
  });

  it('a memo of the same object by the ten million is refused', () => {
    expect(() => load(concat(Buffer.from('N'), Buffer.alloc(20_000_000, 0x94)))).toThrow(/objects take more than/);
  });

  it('doubles of doubles take the memory of their opcodes, not of what they spell out', () => {
    const layers = Array.from({ length: 200 }, (_, i) =>
      concat(Buffer.from('h'), Uint8Array.of(i), Buffer.from('h'), Uint8Array.of(i, 0x86, 0x71, i + 1)),
    );
    const value = load(concat(Uint8Array.of(0x80, 2), Buffer.from(']q\0'), ...layers, Buffer.from('.')));
    expect(value).toHaveLength(2);
  });

  it('a pickle of 10 MB is read within seconds', () => {
    const entry = concat(encode('layer.weight'), encode([1, 2, 3]));
    const count = Math.ceil(10e6 / entry.length);
    const bytes = concat(Buffer.from('}('), Buffer.concat(new Array<Uint8Array>(count).fill(entry)), Buffer.from('u.'));
    const start = performance.now();
    load(bytes);
    // measured at 0.4 s; other work may share the machine
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('LONG_BINPUT at the highest index takes one entry', () => {
    expect(
      load(concat(Buffer.from('Nr'), uint32(0xffffffff), Buffer.from('0j'), uint32(0xffffffff), Buffer.from('.'))),
    ).toBeNull();
  });
});

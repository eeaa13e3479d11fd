/**
 * The allow-list: what the names in a PyTorch pickle may make. Each maker gives a record of data; none runs anything,
 * and every name outside the list becomes an opaque object and is remembered for the notes.
 * Source of PyTorch's names: torch/_weights_only_unpickler.py; of Python's: Lib/copyreg.py, Lib/collections.
 */
import { numpyConstructors } from './numpyConstructors';
import { Global, Opaque, type Constructor, type PickleHost, type PickleValue } from './pickleValue';
import type { Storage } from './records';
import { tensorConstructors } from './tensorConstructors';

const asMap = (source: PickleValue | undefined): Map<PickleValue, PickleValue> => {
  if (source instanceof Map) return new Map(source);
  const map = new Map<PickleValue, PickleValue>();
  if (Array.isArray(source)) {
    for (const pair of source) if (Array.isArray(pair) && pair.length === 2) map.set(pair[0]!, pair[1]!);
  }
  return map;
};
const posixPath: Constructor = parts =>
  parts
    .map(String)
    .join('/')
    .replace(/^\/\/+/, '/');
const asArray = (source: PickleValue | undefined): PickleValue[] =>
  Array.isArray(source) ? [...source] : source instanceof Set ? [...source] : [];
const asBytes = (source: PickleValue | undefined): Uint8Array =>
  source instanceof Uint8Array
    ? source
    : typeof source === 'string'
      ? Buffer.from(source, 'latin1')
      : Uint8Array.from(asArray(source), Number);

const python: readonly (readonly [string, Constructor])[] = [
  ['collections.OrderedDict', ([source]) => asMap(source)],
  ['collections.defaultdict', ([, source]) => asMap(source)],
  ['collections.Counter', ([source]) => asMap(source)],
  ['builtins.dict', ([source]) => asMap(source)],
  ['builtins.list', ([source]) => asArray(source)],
  ['builtins.tuple', ([source]) => asArray(source)],
  ['builtins.set', ([source]) => new Set(asArray(source))],
  ['builtins.frozenset', ([source]) => new Set(asArray(source))],
  ['builtins.bytes', ([source]) => asBytes(source)],
  ['builtins.bytearray', ([source]) => asBytes(source)],
  ['_codecs.encode', ([text]) => asBytes(text)],
  ['pathlib.Path', posixPath],
  ['pathlib.PosixPath', posixPath],
  ['pathlib.PurePosixPath', posixPath],
  ['pathlib.WindowsPath', parts => parts.map(String).join('\\')],
  ['torch.Size', ([sizes]) => asArray(sizes)],
  ['torch.device', parts => parts.map(String).join(':')],
  ['torch.serialization._get_layout', ([name]) => name ?? null],
];

const constructors = new Map<string, Constructor>([...python, ...tensorConstructors, ...numpyConstructors]);

/** Named in ordinary checkpoints and harmless as opaque objects: not worth a note. */
const ordinary =
  /^(builtins\.(object|int|float|bool|str|complex|slice|range|type)|argparse\.Namespace|types\.SimpleNamespace|datetime\..*|decimal\.Decimal|functools\.partial|torch\.(nn|optim|distributed|quantization|ao)\..*|torch\.jit\._pickle\.\w+|__torch__\..*)$/;

/** Names of Python 2 and of NumPy 2 under the ones of the list. */
const canonical = (path: string): string =>
  path
    .replace(/^__builtin__\./, 'builtins.')
    .replace(/^copy_reg\./, 'copyreg.')
    .replace(/^numpy\._core\./, 'numpy.core.');

/** Makes records for one file and keeps the names that it did not know. */
export class Constructors implements PickleHost {
  /** Dotted names of calls and classes outside the allow-list, in order of appearance. */
  readonly unknown = new Set<string>();

  /** @param storage what a persistent id of PyTorch stands for; null: nothing known */
  constructor(private readonly storage: (id: PickleValue) => Storage | null) {}

  construct(callable: PickleValue, args: readonly PickleValue[]): PickleValue {
    if (!(callable instanceof Global)) {
      // the result of another call, or a bound method: never a constructor of data
      return new Opaque(callable instanceof Opaque ? callable.path : 'unknown', args);
    }
    const path = canonical(callable.path);
    if (path === 'copyreg._reconstructor' && args[0] instanceof Global) return this.construct(args[0], []);
    if (path === 'copyreg.__newobj__' && args[0] instanceof Global) return this.construct(args[0], args.slice(1));
    if (path === 'torch._tensor._rebuild_from_type_v2' || path === 'torch._rebuild_from_type') {
      // (function, class, its arguments, attributes): the class of a subclass says nothing about its values
      return Array.isArray(args[2]) ? this.construct(args[0] ?? null, args[2]) : new Opaque(path, args);
    }
    const make = constructors.get(path);
    if (make) return make(args);
    if (!ordinary.test(path)) this.unknown.add(path);
    return new Opaque(path, args);
  }

  persistent(id: PickleValue): PickleValue {
    // ('module', class, source file, source): old checkpoints of whole models keep the source text beside the class
    if (Array.isArray(id) && id[0] === 'module') return id[1] ?? null;
    return this.storage(id) ?? new Opaque('persistent', [id]);
  }
}

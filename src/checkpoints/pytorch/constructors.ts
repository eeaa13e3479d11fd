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
/** Lists and dicts are not spelled out: one that holds itself twice over has no end. */
const asText = (part: PickleValue): string =>
  typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean' ? String(part) : '?';
const posixPath: Constructor = parts =>
  parts
    .map(asText)
    .join('/')
    .replace(/^\/\/+/, '/');
const asArray = (source: PickleValue | undefined): PickleValue[] =>
  Array.isArray(source) ? [...source] : source instanceof Set ? [...source] : [];
const asBytes = (source: PickleValue | undefined): Uint8Array =>
  source instanceof Uint8Array
    ? source
    : typeof source === 'string'
      ? Buffer.from(source, 'latin1')
      : Uint8Array.from(asArray(source), item => (typeof item === 'number' ? item : 0));

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
  ['pathlib.WindowsPath', parts => parts.map(asText).join('\\')],
  ['torch.Size', ([sizes]) => asArray(sizes)],
  ['torch.device', parts => parts.map(asText).join(':')],
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

/** Calls within calls; PyTorch nests two. Beyond, e.g. in a function that is given itself, they stay opaque. */
const passedOn = 8;
/** Names that are remembered for a note. */
const unknownLimit = 1_000;

/** The call that another one is made for; null: it is made for itself. */
function innerCall(
  path: string,
  args: readonly PickleValue[],
): { readonly callable: PickleValue; readonly args: readonly PickleValue[] } | null {
  const [callable = null, , inner] = args;
  if (path === 'copyreg._reconstructor' && callable instanceof Global) return { callable, args: [] };
  if (path === 'copyreg.__newobj__' && callable instanceof Global) return { callable, args: args.slice(1) };
  // (function, class, its arguments, attributes): the class of a subclass says nothing about its values
  const rebuilds = path === 'torch._tensor._rebuild_from_type_v2' || path === 'torch._rebuild_from_type';
  return rebuilds && Array.isArray(inner) ? { callable, args: inner } : null;
}

/** Makes records for one file and keeps the names that it did not know. */
export class Constructors implements PickleHost {
  /** Dotted names of calls and classes outside the allow-list, in order of appearance. */
  readonly unknown = new Set<string>();

  /** @param storage what a persistent id of PyTorch stands for; null: nothing known */
  constructor(private readonly storage: (id: PickleValue) => Storage | null) {}

  construct(callable: PickleValue, args: readonly PickleValue[]): PickleValue {
    return this.make(callable, args, 0);
  }

  private make(callable: PickleValue, args: readonly PickleValue[], depth: number): PickleValue {
    if (!(callable instanceof Global)) {
      // the result of another call, or a bound method: never a constructor of data
      return new Opaque(callable instanceof Opaque ? callable.path : 'unknown', args);
    }
    const path = canonical(callable.path);
    const inner = depth < passedOn ? innerCall(path, args) : null;
    if (inner) return this.make(inner.callable, inner.args, depth + 1);
    const make = constructors.get(path);
    if (make) return make(args);
    if (!ordinary.test(path) && this.unknown.size < unknownLimit) this.unknown.add(path);
    return new Opaque(path, args);
  }

  persistent(id: PickleValue): PickleValue {
    // ('module', class, source file, source): old checkpoints of whole models keep the source text beside the class
    if (Array.isArray(id) && id[0] === 'module') return id[1] ?? null;
    return this.storage(id) ?? new Opaque('persistent', [id]);
  }
}

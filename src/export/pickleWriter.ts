/**
 * Pickles of protocol 2 that hold what a state_dict holds: text, dictionaries and tensors whose values lie beside. Only what
 * `torch.load(weights_only=True)` takes; opcodes by Python's pickletools.
 */
import { utf8 } from './artefact';

export class PickledTensor {
  constructor(
    /** Name of the record with its values. */
    readonly key: string,
    readonly storage: 'FloatStorage' | 'BoolStorage',
    readonly shape: readonly number[],
  ) {}
}

export type Pickled = string | PickledTensor | PickledDict;

export class PickledDict {
  constructor(
    readonly entries: readonly (readonly [string, Pickled])[],
    /** What `Module.state_dict()` gives. */
    readonly ordered: boolean,
  ) {}
}

export function pickle(value: Pickled): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x80, 2)];
  write(value, parts);
  parts.push(opcode('.'));
  return Buffer.concat(parts);
}

function write(value: Pickled, parts: Uint8Array[]): void {
  if (typeof value === 'string') parts.push(unicode(value));
  else if (value instanceof PickledTensor) writeTensor(value, parts);
  else {
    parts.push(value.ordered ? orderedDict : opcode('}'), opcode('('));
    for (const [key, item] of value.entries) {
      parts.push(unicode(key));
      write(item, parts);
    }
    parts.push(opcode('u'));
  }
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks) */
function writeTensor({ key, storage, shape }: PickledTensor, parts: Uint8Array[]): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  parts.push(
    global('torch._utils', '_rebuild_tensor_v2'),
    opcode('('),
    ...tuple([unicode('storage'), global('torch', storage), unicode(key), unicode('cpu'), integer(count)]),
    opcode('Q'),
    integer(0),
    ...tuple(shape.map(integer)),
    ...tuple(strides.map(integer)),
    opcode('\x89'),
    orderedDict,
    opcode('t'),
    opcode('R'),
  );
}

function opcode(code: string): Uint8Array {
  return Buffer.from(code, 'latin1');
}

function global(module: string, name: string): Uint8Array {
  return opcode(`c${module}\n${name}\n`);
}

/** An empty one. */
const orderedDict = Buffer.concat([global('collections', 'OrderedDict'), opcode(')R')]);

function tuple(items: readonly Uint8Array[]): Uint8Array[] {
  return [opcode('('), ...items, opcode('t')];
}

/** @param value below 2³¹ */
function integer(value: number): Uint8Array {
  const bytes = Buffer.from('J\0\0\0\0', 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

function unicode(text: string): Uint8Array {
  const encoded = utf8(text);
  const head = Buffer.from('X\0\0\0\0', 'latin1');
  head.writeUInt32LE(encoded.length, 1);
  return Buffer.concat([head, encoded]);
}

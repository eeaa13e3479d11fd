/**
 * Instances of the HDF5 library as WebAssembly. Each sees one file and nothing else of this machine: its file system is a
 * table in its own memory, and the one name in it is read through a function of ours. To be used in a thread of its own.
 */
import makeModule, { type Hdf5Module } from 'h5wasm-module';
import { wasm } from '../../training/wasm/webassembly';

/** What stands for the file inside. A link to this very name leads to the same bytes, and none is followed anyway. */
export const insidePath = '/checkpoint';

/** Of one instance: what a file makes the library ask for is refused beyond, and the library then fails in order. */
const mostMemory = 160 * 2 ** 20;

/** Reads the file. @returns bytes read, 0 at its end */
export type ReadInto = (target: Uint8Array, position: number) => number;

export interface Hdf5Instance {
  readonly module: Hdf5Module;
  /** What the library has said of its last failure; empties it. */
  takeReason(): string | null;
}

interface Api {
  instantiate: (bytes: unknown, imports: unknown) => Promise<{ readonly module: object }>;
}

/** Compiled once for all instances of this thread. */
let compiled: object | null = null;

export async function makeInstance(size: number, read: ReadInto): Promise<Hdf5Instance> {
  limitMemory();
  let said: string[] = [];
  const options = {
    noInitialRun: true,
    print: () => undefined,
    printErr: (line: string) => {
      if (said.length < mostLines) said.push(line);
    },
    ...(compiled && { instantiateWasm: instantiateFrom(compiled) }),
  };
  const api = wasm as unknown as Api;
  const { instantiate } = api;
  if (!compiled) {
    // h5wasm compiles from a string inside it, and this is the one way to get at what comes out
    api.instantiate = async (bytes, imports) => {
      const result = await instantiate(bytes, imports);
      compiled = result.module;
      return result;
    };
  }
  let module: Hdf5Module;
  try {
    module = await makeModule(options);
  } finally {
    api.instantiate = instantiate;
  }
  const node = module.FS.create(insidePath, 0o444);
  // its size is asked for under this name
  Object.defineProperty(node, 'usedBytes', { get: () => size });
  node.stream_ops = {
    ...node.stream_ops,
    read: (_, buffer, offset, length, position) =>
      read(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length), position),
  };
  // making an instance complains of a setting of its own
  said = [];
  return {
    module,
    takeReason() {
      const reason = reasonOf(said);
      said = [];
      return reason;
    },
  };
}

/** The library has refused in order, and works on; its words for it are no use to people. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('error - ');
}

const mostLines = 400;

function instantiateFrom(module: object) {
  return (imports: unknown, done: (instance: unknown, module: object) => void): object => {
    void (wasm as unknown as Api).instantiate(module, imports).then(instance => {
      done(instance, module);
    });
    return {};
  };
}

/**
 * Of a stack of errors the innermost says what was wrong in the file:
 *   #004: /…/H5Fsuper.c line 472 in H5F__super_read(): truncated file: eof = 100, …
 */
function reasonOf(lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const found = /^\s+#\d+: .* line \d+ in \w+\(\): (.*)$/.exec(line);
    if (found) return found[1]!;
  }
  return null;
}

let limited = false;

/** The library's memory has a limit of 2 GiB built in. All memory of this thread is its. */
function limitMemory(): void {
  if (limited) return;
  limited = true;
  const prototype = wasm.Memory.prototype as { grow: (this: { buffer: ArrayBuffer }, pages: number) => number };
  const { grow } = prototype;
  prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65_536 > mostMemory) throw new RangeError('no more memory');
    return grow.call(this, pages);
  };
}

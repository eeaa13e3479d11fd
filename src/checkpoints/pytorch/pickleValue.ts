/**
 * What a pickle turns into here: plain data. Lists and tuples are arrays, dicts are Maps, ints beyond 2⁵³ are bigint;
 * a class or function is only a name, and what Python would have made by calling it is a record of the call.
 */

/** A class or function that a pickle names. Never looked up, never called. */
export class Global {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** Base of the records that allowed constructors make (tensors, storages, dtypes, arrays). */
export abstract class Constructed {
  /** Takes what `__setstate__` would have been given; most records need none. */
  setState?(state: PickleValue): void;
}

/** An object of any other class: its name and its content, nothing run. */
export class Opaque extends Constructed {
  state: PickleValue = null;
  /** Filled where it is a kind of list or set. */
  readonly items: PickleValue[] = [];
  /** Filled where it is a kind of dict. */
  readonly entries = new Map<PickleValue, PickleValue>();

  constructor(
    /** Dotted, e.g. "argparse.Namespace". */
    readonly path: string,
    readonly args: readonly PickleValue[],
  ) {
    super();
  }

  override setState(state: PickleValue): void {
    this.state = state;
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | Global
  | Constructed;

/** Makes a record from the arguments of a call; it runs nothing and trusts none of them. */
export type Constructor = (args: readonly PickleValue[]) => PickleValue;

/** What the makers of a pickle decide: which objects its names and persistent ids stand for. */
export interface PickleHost {
  /** For a call `path(*args)`, or an instance of the class `path`. Never throws for what it does not know: it gives an Opaque. */
  construct(callable: PickleValue, args: readonly PickleValue[]): PickleValue;
  /** For an object that lies outside the pickle, e.g. a storage. */
  persistent(id: PickleValue): PickleValue;
}

/** What the allow-listed constructors of PyTorch and NumPy make: descriptions of tensors, no values. */
import { limits } from '../checkpoint';
import type { SparseLayout } from '../values/derivedValues';
import { Constructed, type PickleValue } from './pickleValue';
import { numpyType, type TorchType } from './torchTypes';

/** @returns null where it is no list of sizes or strides */
export function sizes(value: PickleValue | undefined): number[] | null {
  if (!Array.isArray(value) || value.length > limits.rank) return null;
  return value.every((n): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0)
    ? [...value]
    : null;
}

/** Memory that tensors share, kept outside the pickle. */
export class Storage extends Constructed {
  constructor(
    readonly key: string,
    /** Bytes for an untyped storage. */
    readonly type: TorchType,
    /** Values of `type`. */
    readonly count: number,
    /** Where a view into the storage `key` begins, in values. */
    readonly viewOffset: number,
  ) {
    super();
  }
}

/** Base of all that becomes a tensor in the list. */
export abstract class TensorRecord extends Constructed {
  abstract readonly shape: readonly number[];
  abstract readonly dtype: string;
}

/** Values at offset + Σ index·stride of a storage. */
export class StridedRecord extends TensorRecord {
  constructor(
    readonly storage: Storage,
    readonly type: TorchType,
    /** In values of `type`. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
  ) {
    super();
  }
  get dtype(): string {
    return this.type.name;
  }
}

/** value = (stored − zero point) · scale, for all or by index along `axis`. */
export class QuantisedRecord extends TensorRecord {
  constructor(
    readonly stored: StridedRecord,
    readonly scale: number | StridedRecord,
    readonly zeroPoint: number | StridedRecord,
    /** null: one scale for all. */
    readonly axis: number | null,
  ) {
    super();
  }
  get shape(): readonly number[] {
    return this.stored.shape;
  }
  get dtype(): string {
    return this.stored.dtype;
  }
}

/** COO: `indices` of (dimension × value); CSR, CSC: pointers and the index of each value. */
export class SparseRecord extends TensorRecord {
  constructor(
    readonly layout: SparseLayout,
    readonly indices: readonly StridedRecord[],
    readonly stored: StridedRecord,
    readonly shape: readonly number[],
  ) {
    super();
  }
  get dtype(): string {
    return this.stored.dtype;
  }
}

/** A tensor that is there, but whose values cannot be had. */
export class UnreadableRecord extends TensorRecord {
  constructor(
    readonly dtype: string,
    readonly shape: readonly number[],
    readonly reason: string,
  ) {
    super();
  }
}

/** `numpy.dtype(code)`; its state tells the byte order. */
export class NumpyDtype extends Constructed {
  private order = '|';

  constructor(readonly code: string) {
    super();
    if (/^[<>]/.test(code)) this.order = code[0]!;
  }
  /** Source: numpy `arraydescr_setstate`: (version, order, subarray, names, fields …). */
  override setState(state: PickleValue): void {
    if (Array.isArray(state) && typeof state[1] === 'string') this.order = state[1];
  }
  get bigEndian(): boolean {
    return this.order === '>';
  }
  get type(): TorchType | undefined {
    return numpyType(this.code);
  }
}

/** An array whose values lie in the pickle itself. Empty until its state comes. */
export class NumpyArray extends TensorRecord {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array(0);
  descriptor: NumpyDtype | null = null;
  fortran = false;
  /** Whether its shape is one. */
  valid = false;

  /** Source: numpy `array_setstate`: (version, shape, dtype, is Fortran, bytes), without the version in old ones. */
  override setState(state: PickleValue): void {
    if (!Array.isArray(state)) return;
    const [shape, descriptor, fortran, bytes] = state.length === 5 ? state.slice(1) : state;
    this.fill(shape, descriptor, fortran === true || fortran === 1, bytes);
  }

  fill(
    shape: PickleValue | undefined,
    descriptor: PickleValue | undefined,
    fortran: boolean,
    bytes: PickleValue | undefined,
  ): void {
    this.shape = sizes(shape) ?? [];
    this.valid = sizes(shape) !== null;
    if (descriptor instanceof NumpyDtype) this.descriptor = descriptor;
    this.fortran = fortran;
    // Python 2 wrote bytes as text
    if (typeof bytes === 'string') this.bytes = Buffer.from(bytes, 'latin1');
    else if (bytes instanceof Uint8Array) this.bytes = bytes;
  }

  get dtype(): string {
    return this.descriptor?.type?.name ?? this.descriptor?.code ?? 'unknown';
  }
}

/** Values of a strided tensor by range: in one piece where they lie in a row, gathered from near pieces where not. */
import type { RawRange, StoredPlaces } from '../checkpoint';
import { bytesPerElement, decode, isDtype, type Dtype } from '../dtypes';
import {
  elementCount,
  type Floats,
  type Location,
  rowMajor,
  TensorError,
  type TensorValues,
} from '../values/tensorValues';
import { quantisedAs, type TorchType } from './torchTypes';

/** Where the values of a strided tensor lie, in values of its type. */
export interface Layout {
  readonly type: TorchType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** A piece of the file that is read whole for the values in it, though others lie between them. */
const nearBytes = 2 ** 20;
/** How many times the wanted bytes such a piece may have where there are more. */
const spread = 4;
/** An expanded view repeats what is stored; beyond this factor and count it is a trap, not a tensor. */
const repetition = 64;
const fewValues = 2 ** 26;

const contiguous = (shape: readonly number[], stride: readonly number[]): boolean => {
  const dense = rowMajor(shape);
  return shape.every((size, axis) => size === 1 || stride[axis] === dense[axis]);
};

/** Part of a tensor: `extent` indices from `start` along every axis. */
interface Box {
  readonly start: readonly number[];
  readonly extent: readonly number[];
}

export class StridedValues implements TensorValues {
  readonly raw: RawRange | null;
  readonly places: StoredPlaces | null;
  readonly bytes: number;
  private readonly count: number;
  private readonly dtype: Dtype;
  private readonly size: number;
  private readonly dense: boolean;

  /** @throws TensorError where it reaches beyond its storage or its type has no decoder */
  constructor(
    private readonly layout: Layout,
    private readonly location: Location,
  ) {
    const { type, offset, shape, stride } = layout;
    this.count = elementCount(shape);
    const dtype = quantisedAs.get(type.name) ?? type.name;
    if (!type.readable || !isDtype(dtype)) {
      throw new TensorError(`values of type ${type.name} are not read; save it as real numbers`);
    }
    this.dtype = dtype;
    this.size = bytesPerElement[dtype];
    if (this.count > 0) {
      const last = shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis]!, offset);
      const stored = Math.floor(location.length / this.size);
      if (last >= stored) throw new TensorError(`it reaches to value ${last + 1} of a storage of ${stored}`);
      if (this.count > fewValues && this.count > repetition * stored) {
        throw new TensorError(`a view that repeats ${stored} values to ${this.count}; save what it is a view of`);
      }
    }
    this.dense = this.count === 0 || contiguous(shape, stride);
    this.bytes = this.count * this.size;
    const plain = this.dense && (!location.bigEndian || this.size === 1) && dtype === type.name;
    this.raw = plain
      ? { source: location.source, offset: this.position(this.count === 0 ? 0 : offset), length: this.bytes }
      : null;
    // of quantised values 0 is not zero bytes, and of a repeated one none can be set by itself
    const single = dtype === type.name && shape.every((size, axis) => size === 1 || stride[axis] !== 0);
    this.places =
      single && this.count > 0
        ? {
            source: location.source,
            offset: this.position(offset),
            valueBytes: this.size,
            strides: stride.map(step => step * this.size),
          }
        : null;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    if (this.dense) return this.run(this.layout.offset + begin, end - begin, signal);
    const out = this.dtypeArray(end - begin);
    for (const box of boxes(begin, end, this.layout.shape)) {
      await this.gather(box, out, begin, signal);
    }
    return out;
  }

  private position(value: number): number {
    return this.location.offset + value * this.size;
  }

  private dtypeArray(length: number): Floats {
    const wide = decode(this.dtype, new Uint8Array(0)) instanceof Float64Array;
    return wide ? new Float64Array(length) : new Float32Array(length);
  }

  /** `count` values of the storage as they lie. */
  private async run(first: number, count: number, signal?: AbortSignal): Promise<Floats> {
    if (count === 0) return this.dtypeArray(0);
    const bytes = await this.location.source.read(this.position(first), count * this.size, signal);
    return decode(this.dtype, this.location.bigEndian ? swapped(bytes, this.size) : bytes);
  }

  private async gather(box: Box, out: Floats, begin: number, signal?: AbortSignal): Promise<void> {
    const { shape, stride, offset } = this.layout;
    const wanted = elementCount(box.extent);
    let span = 1;
    let widest = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const reach = (box.extent[axis]! - 1) * stride[axis]!;
      span += reach;
      if (reach > (box.extent[widest]! - 1) * stride[widest]!) widest = axis;
    }
    if (span * this.size > Math.max(nearBytes, spread * wanted * this.size)) {
      for (const half of halves(box, widest)) await this.gather(half, out, begin, signal);
      return;
    }
    const first = box.start.reduce((sum, index, axis) => sum + index * stride[axis]!, offset);
    const values = await this.run(first, span, signal);
    const rows = rowMajor(shape);
    const target = box.start.reduce((sum, index, axis) => sum + index * rows[axis]!, -begin);
    scatter(values, out, target, box.extent, stride, rows);
  }
}

/** Copies a box from where it lies by `stride` to where it belongs by `rows`. */
function scatter(
  values: Floats,
  out: Floats,
  target: number,
  extent: readonly number[],
  stride: readonly number[],
  rows: readonly number[],
): void {
  const copy = (axis: number, from: number, to: number): void => {
    const [step, row, size] = [stride[axis]!, rows[axis]!, extent[axis]!];
    if (axis === extent.length - 1) {
      for (let i = 0; i < size; i++) out[to + i * row] = values[from + i * step]!;
    } else {
      for (let i = 0; i < size; i++) copy(axis + 1, from + i * step, to + i * row);
    }
  };
  copy(0, 0, target);
}

/** A range in row-major order as boxes: what is left of the first rows, whole rows, the begin of the last. */
function boxes(begin: number, end: number, shape: readonly number[]): Box[] {
  const rows = rowMajor(shape);
  const found: Box[] = [];
  let position = begin;
  while (position < end) {
    // the outermost axis along which a whole slice begins here and fits
    let axis = 0;
    while (position % rows[axis]! !== 0 || position + rows[axis]! > end) axis++;
    const start = shape.map((size, i) => Math.floor(position / rows[i]!) % size);
    const slices = Math.min(shape[axis]! - start[axis]!, Math.floor((end - position) / rows[axis]!));
    found.push({ start, extent: shape.map((size, i) => (i < axis ? 1 : i === axis ? slices : size)) });
    position += slices * rows[axis]!;
  }
  return found;
}

function halves({ start, extent }: Box, axis: number): Box[] {
  const first = Math.ceil(extent[axis]! / 2);
  const replace = (list: readonly number[], value: number): number[] =>
    list.map((old, i) => (i === axis ? value : old));
  return [
    { start, extent: replace(extent, first) },
    { start: replace(start, start[axis]! + first), extent: replace(extent, extent[axis]! - first) },
  ];
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) {
    for (let j = 0; j < size; j++) out[i + j] = bytes[i + size - 1 - j]!;
  }
  return out;
}

/** Values that are computed from those of other tensors: quantised, masked, sparse. */
import type { StoredPlaces } from '../checkpoint';
import { elementCount, type Floats, rowMajor, TensorError, type TensorValues } from './tensorValues';

export type SparseLayout = 'coo' | 'csr' | 'csc';

/** Values that are kept in memory for a sparse tensor at most; indices as many. */
const sparseLimit = 2 ** 22;
/** Longest dense form that is given out, zeros and all. */
const denseLimit = 2 ** 32;
/** Of sparse tensors that are kept for the next range, as they take in the file. */
const keptBytes = 2 ** 26;
/** Scales of a quantised tensor, which are read with every range. */
const channelLimit = 2 ** 20;

/** value = (stored − zero point) · scale. Channel c of value i is ⌊i / inner⌋ mod channels. */
export class QuantisedValues implements TensorValues {
  readonly raw = null;
  readonly places = null;

  /** @throws TensorError of more channels than are read */
  constructor(
    private readonly stored: TensorValues,
    private readonly scale: number | TensorValues,
    private readonly zeroPoint: number | TensorValues,
    private readonly channels: number,
    private readonly inner: number,
  ) {
    if (channels > channelLimit) throw new TensorError(`${channels} scales; up to ${channelLimit} are read`);
  }

  get bytes(): number {
    return this.stored.bytes;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const stored = await this.stored.read(begin, end, signal);
    const scale = await this.parameters(this.scale);
    const zero = await this.parameters(this.zeroPoint);
    const out = new Float32Array(stored.length);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor((begin + i) / this.inner) % this.channels;
      out[i] = (stored[i]! - zero[channel]!) * scale[channel]!;
    }
    return out;
  }

  private async parameters(source: number | TensorValues): Promise<Floats> {
    return typeof source === 'number' ? Float64Array.of(source) : source.read(0, this.channels);
  }
}

/** The effective weight of torch.nn.utils.prune: original · mask, both of one shape. */
export class MaskedValues implements TensorValues {
  readonly raw = null;

  constructor(
    private readonly original: TensorValues,
    private readonly mask: TensorValues,
  ) {}

  /** A weight that is 0 before its mask is 0 behind it. */
  get places(): StoredPlaces | null {
    return this.original.places;
  }

  get bytes(): number {
    return this.original.bytes + this.mask.bytes;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const values = (await this.original.read(begin, end, signal)).slice();
    const mask = await this.mask.read(begin, end, signal);
    for (let i = 0; i < values.length; i++) values[i]! *= mask[i]!;
    return values;
  }
}

export interface SparseParts {
  readonly layout: SparseLayout;
  readonly shape: readonly number[];
  /** COO: one, of (sparse dimension × entry). CSR, CSC: pointers, then the index of every entry. */
  readonly indices: readonly { readonly values: TensorValues; readonly count: number }[];
  readonly stored: TensorValues;
  /** (entries, …dense dimensions). */
  readonly storedShape: readonly number[];
}

/** Entries in row-major order: their place among the sparse dimensions, and which of the stored they are. */
interface Entries {
  readonly places: Float64Array;
  readonly order: Uint32Array;
  readonly values: Floats;
}

/** Entries of the sparse tensors that were read last: those of all of them could be more than memory holds. */
export class KeptEntries {
  private readonly kept = new Map<SparseValues, Promise<Entries>>();
  private bytes = 0;

  of(owner: SparseValues, load: () => Promise<Entries>): Promise<Entries> {
    const known = this.kept.get(owner);
    if (known) return known;
    for (const oldest of this.kept.keys()) {
      if (this.bytes + owner.bytes <= keptBytes) break;
      this.kept.delete(oldest);
      this.bytes -= oldest.bytes;
    }
    const entries = load();
    this.kept.set(owner, entries);
    this.bytes += owner.bytes;
    return entries;
  }
}

/** A sparse tensor as the dense one that it stands for. Entries of one place add up, as in PyTorch. */
export class SparseValues implements TensorValues {
  readonly raw = null;
  readonly places = null;
  readonly bytes: number;
  /** Values of the dense dimensions behind each entry. */
  private readonly block: number;

  /** @throws TensorError where its parts do not fit, or it is larger than is kept in memory */
  constructor(
    private readonly parts: SparseParts,
    private readonly kept: KeptEntries,
  ) {
    const { shape, storedShape, layout, indices, stored } = parts;
    const sparseRank = shape.length - (storedShape.length - 1);
    const [entries, ...dense] = storedShape;
    const fits =
      entries !== undefined &&
      (layout === 'coo' ? sparseRank >= 1 : sparseRank === 2) &&
      dense.every((size, i) => size === shape[sparseRank + i]);
    if (!fits)
      throw new TensorError(`its values [${storedShape.join(', ')}] do not fit its shape [${shape.join(', ')}]`);
    const count = elementCount(shape);
    if (count > denseLimit) throw new TensorError(`a sparse tensor of ${count} values is not spread out`);
    this.block = elementCount(dense);
    const rows = shape[layout === 'csc' ? 1 : 0]!;
    const expected = layout === 'coo' ? [entries * sparseRank] : [rows + 1, entries];
    if (indices.some((part, i) => part.count !== expected[i]))
      throw new TensorError('it has too few or too many indices');
    if (elementCount(storedShape) > sparseLimit || expected.some(n => n > sparseLimit)) {
      throw new TensorError(`a sparse tensor with ${entries} entries; up to ${sparseLimit} are read`);
    }
    this.bytes = stored.bytes + indices.reduce((sum, part) => sum + part.values.bytes, 0);
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    signal?.throwIfAborted();
    const { places, order, values } = await this.kept.of(this, () => this.load());
    const out = values instanceof Float64Array ? new Float64Array(end - begin) : new Float32Array(end - begin);
    const { block } = this;
    if (block === 0) return out;
    let i = lowerBound(places, Math.floor(begin / block));
    for (; i < places.length && places[i]! * block < end; i++) {
      const from = places[i]! * block;
      const low = Math.max(begin, from);
      const high = Math.min(end, from + block);
      const source = order[i]! * block - from;
      for (let at = low; at < high; at++) out[at - begin]! += values[source + at]!;
    }
    return out;
  }

  private async load(): Promise<Entries> {
    const { stored, storedShape, shape, layout, indices } = this.parts;
    const count = storedShape[0]!;
    const lists = await Promise.all(indices.map(part => part.values.read(0, part.count)));
    const sparse = shape.slice(0, shape.length - (storedShape.length - 1));
    const places = layout === 'coo' ? cooPlaces(lists[0]!, sparse, count) : compressedPlaces(lists, sparse, layout);
    const order = Uint32Array.from(places, (_, i) => i);
    // coalesced tensors come sorted
    if (!places.every((place, i) => i === 0 || places[i - 1]! <= place)) order.sort((a, b) => places[a]! - places[b]!);
    return {
      places: Float64Array.from(order, i => places[i]!),
      order,
      values: await stored.read(0, elementCount(storedShape)),
    };
  }
}

const outside = (index: number, size: number): never => {
  throw new TensorError(`index ${index} of an entry is outside its ${size} rows or columns`);
};
const isIndex = (index: number, size: number): boolean => Number.isInteger(index) && index >= 0 && index < size;

function cooPlaces(indices: Floats, sparse: readonly number[], count: number): Float64Array {
  const places = new Float64Array(count);
  const rows = rowMajor(sparse);
  for (let axis = 0; axis < sparse.length; axis++) {
    for (let i = 0; i < count; i++) {
      const index = indices[axis * count + i]!;
      if (!isIndex(index, sparse[axis]!)) outside(index, sparse[axis]!);
      places[i]! += index * rows[axis]!;
    }
  }
  return places;
}

function compressedPlaces(
  [pointers, inner]: readonly Floats[],
  [rows, columns]: readonly number[],
  layout: 'csr' | 'csc',
): Float64Array {
  const count = inner!.length;
  const places = new Float64Array(count);
  const byRow = layout === 'csr';
  const [major, minor] = byRow ? [rows!, columns!] : [columns!, rows!];
  if (pointers![0] !== 0 || pointers![major] !== count) throw new TensorError('its pointers do not cover its entries');
  for (let i = 0; i < major; i++) {
    const [from, to] = [pointers![i]!, pointers![i + 1]!];
    if (!(from <= to && to <= count)) throw new TensorError('its pointers do not ascend');
    for (let at = from; at < to; at++) {
      const index = inner![at]!;
      if (!isIndex(index, minor)) outside(index, minor);
      places[at] = byRow ? i * columns! + index : index * columns! + i;
    }
  }
  return places;
}

function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

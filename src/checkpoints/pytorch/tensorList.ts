/** Named records to what is listed and read: ties counted once, masks multiplied in, one bad tensor no harm to others. */
import type { TensorInfo } from '../../shared/inspection';
import { memorySource } from '../memorySource';
import { describeTensor, guessConvention } from '../roles';
import { KeptEntries, MaskedValues, QuantisedValues, SparseValues } from '../values/derivedValues';
import type { Named } from './naming';
import {
  NumpyArray,
  QuantisedRecord,
  SparseRecord,
  type Storage,
  StridedRecord,
  type TensorRecord,
  UnreadableRecord,
} from './records';
import { StridedValues } from './stridedValues';
import { elementCount, type Location, rowMajor, TensorError, type TensorValues } from '../values/tensorValues';

export interface Listed {
  readonly info: TensorInfo;
  /** null where `info.error` tells why. */
  readonly values: TensorValues | null;
}

/** @throws TensorError where the file does not hold it */
export type Locate = (storage: Storage) => Location;

interface Part extends Named {
  /** The mask of torch.nn.utils.prune that belongs to this original. */
  readonly mask: TensorRecord | null;
}

/** @param notes gets a sentence on masks and on memory that tensors share in part */
export function listTensors(named: readonly Named[], locate: Locate, notes: string[]): Listed[] {
  const open = new Opener(locate);
  const firsts = new Map<string, string>();
  const shared = new SharedMemory();
  const parts = resolveMasks(named, notes);
  const shapes = new Map(parts.map(({ name, record }) => [name, record.shape]));
  const convention = guessConvention(shapes.keys());
  const listed = parts.map(part => {
    const { name, record, role } = part;
    const { values, error } = open.open(part);
    const identity = part.mask ? null : identityOf(record);
    const tiedTo = identity === null || error !== null ? null : (firsts.get(identity) ?? null);
    if (identity !== null && error === null && tiedTo === null) {
      firsts.set(identity, name);
      if (record instanceof StridedRecord) shared.add(name, record);
    }
    const described = describeTensor({
      name,
      dtype: record.dtype,
      shape: record.shape,
      bytes: tiedTo === null ? (values?.bytes ?? 0) : 0,
      convention,
      shapeOf: other => shapes.get(other),
      ...(role && { role }),
      tiedTo,
      error,
    });
    return { info: described, values };
  });
  notes.push(...shared.notes());
  return listed;
}

/** What two records have in common that are the very same memory. */
function identityOf(record: TensorRecord): string | null {
  if (!(record instanceof StridedRecord) || record.shape.includes(0)) return null;
  const { storage, type, offset, shape, stride } = record;
  // the stride of an axis of one value says nothing
  const steps = stride.map((step, axis) => (shape[axis] === 1 ? 0 : step));
  return JSON.stringify([storage.key, storage.viewOffset, type.name, offset, shape, steps]);
}

/** `X_orig` and `X_mask` become X. Source: torch/nn/utils/prune.py, BasePruningMethod.apply. */
function resolveMasks(named: readonly Named[], notes: string[]): Part[] {
  const byName = new Map(named.map(entry => [entry.name, entry]));
  const resolved = new Map<string, Named>();
  for (const original of named) {
    const stem = /^(.*)_orig$/.exec(original.name)?.[1];
    const mask = stem === undefined ? undefined : byName.get(`${stem}_mask`);
    if (stem === undefined || !mask || !sameShape(original.record, mask.record)) continue;
    // a saved module keeps the product of its last step as an attribute; it is no parameter
    const product = byName.get(stem);
    if (!product || product.role === 'other') resolved.set(stem, mask);
  }
  if (resolved.size === 0) return named.map(entry => ({ ...entry, mask: null }));
  const [first] = resolved.keys();
  notes.push(
    `${resolved.size} pruned by torch.nn.utils.prune, e.g. "${first!}": shown as original × mask, the parts not listed.`,
  );
  return named.flatMap((entry): Part[] => {
    const [, stem = '', part] = /^(.*)_(orig|mask)$/.exec(entry.name) ?? [];
    if (resolved.has(entry.name)) return [];
    if (part === undefined || !resolved.has(stem)) return [{ ...entry, mask: null }];
    return part === 'orig' ? [{ ...entry, name: stem, mask: resolved.get(stem)!.record }] : [];
  });
}

const sameShape = (a: TensorRecord, b: TensorRecord): boolean =>
  a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);

class Opener {
  private readonly kept = new KeptEntries();

  constructor(private readonly locate: Locate) {}

  open({ record, mask }: Part): { readonly values: TensorValues | null; readonly error: string | null } {
    try {
      const values = this.values(record);
      return { values: mask ? new MaskedValues(values, this.values(mask)) : values, error: null };
    } catch (error) {
      if (error instanceof TensorError) return { values: null, error: error.message };
      throw error;
    }
  }

  private values(record: TensorRecord): TensorValues {
    if (record instanceof StridedRecord) return this.strided(record);
    if (record instanceof NumpyArray) return numpyValues(record);
    if (record instanceof UnreadableRecord) throw new TensorError(record.reason);
    if (record instanceof SparseRecord) {
      return new SparseValues(
        {
          layout: record.layout,
          shape: record.shape,
          indices: record.indices.map(part => ({ values: this.strided(part), count: elementCount(part.shape) })),
          stored: this.strided(record.stored),
          storedShape: record.stored.shape,
        },
        this.kept,
      );
    }
    if (record instanceof QuantisedRecord) {
      const { stored, scale, zeroPoint, axis, shape } = record;
      const [channels, inner] = axis === null ? [1, 1] : [shape[axis]!, elementCount(shape.slice(axis + 1))];
      const parameters = (source: number | StridedRecord): number | TensorValues =>
        typeof source === 'number' ? source : this.strided(source);
      return new QuantisedValues(this.strided(stored), parameters(scale), parameters(zeroPoint), channels, inner);
    }
    throw new TensorError('a kind of tensor that is not known');
  }

  private strided({ storage, type, offset, shape, stride }: StridedRecord): TensorValues {
    const location = this.locate(storage);
    const start = storage.viewOffset * storage.type.bytes;
    if (start > location.length)
      throw new TensorError(`its view begins at byte ${start} of a storage of ${location.length}`);
    const view = { ...location, offset: location.offset + start, length: location.length - start };
    return new StridedValues({ type, offset, shape, stride }, view);
  }
}

function numpyValues({ descriptor, shape, bytes, fortran, valid }: NumpyArray): TensorValues {
  const type = descriptor?.type;
  if (!descriptor || !type)
    throw new TensorError(`a NumPy array of ${descriptor?.code ?? 'unknown type'}: no plain numbers`);
  if (!valid) throw new TensorError('its shape is no list of sizes');
  const stride = fortran ? rowMajor([...shape].reverse()).reverse() : rowMajor(shape);
  const source = memorySource('array in the pickle', bytes);
  const location = { source, offset: 0, length: bytes.length, bigEndian: descriptor.bigEndian };
  return new StridedValues({ type, offset: 0, shape, stride }, location);
}

/** Tensors that overlap without being one: told, because their values then count twice. */
class SharedMemory {
  private readonly spans = new Map<string, { name: string; from: number; to: number }[]>();

  add(name: string, { storage, type, offset, shape, stride }: StridedRecord): void {
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis]!, offset);
    const start = storage.viewOffset * storage.type.bytes;
    const span = { name, from: start + offset * type.bytes, to: start + (last + 1) * type.bytes };
    const spans = this.spans.get(storage.key);
    if (spans) spans.push(span);
    else this.spans.set(storage.key, [span]);
  }

  notes(): string[] {
    let first = '';
    let count = 0;
    for (const spans of this.spans.values()) {
      spans.sort((a, b) => a.from - b.from);
      for (let i = 1; i < spans.length; i++) {
        if (spans[i]!.from >= spans[i - 1]!.to) continue;
        count++;
        first ||= `"${spans[i - 1]!.name}" and "${spans[i]!.name}"`;
      }
    }
    if (count === 0) return [];
    return [
      `${first}${count > 1 ? ` and ${count - 1} other pairs` : ''} are views of the same memory in part: each is counted as its own.`,
    ];
  }
}

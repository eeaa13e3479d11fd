/** sparse_initializer: the values that are there and where, spread out into the dense tensor. */
import type { ByteSource } from '../checkpoint';
import { type KeptEntries, SparseValues } from '../values/derivedValues';
import { elementCount, type Floats, rowMajor, TensorError, type TensorValues } from '../values/tensorValues';
import type { SparseRecord } from './records';
import { valuesOf } from './tensorValues';

/** @throws TensorError, CheckpointError: why it cannot be read */
export async function sparseValuesOf(
  { values, indices, dims, damage }: SparseRecord,
  source: ByteSource,
  external: (location: string) => Promise<ByteSource>,
  kept: KeptEntries,
): Promise<TensorValues> {
  if (damage !== null) throw new TensorError(damage);
  if (dims.some(size => size < 0)) throw new TensorError(`its shape is none: [${dims.join(', ')}]`);
  const [entries, ...rest] = values.dims;
  if (entries === undefined || rest.length > 0) throw new TensorError('its values are no list');
  const linear = indices.dims.length === 1 && indices.dims[0] === entries;
  const pairs = indices.dims.length === 2 && indices.dims[0] === entries && indices.dims[1] === dims.length;
  if (!linear && !pairs) throw new TensorError(`its indices [${indices.dims.join(', ')}] do not fit ${entries} values`);
  const stored = await valuesOf(values, source, external);
  const places = await valuesOf(indices, source, external);
  const count = elementCount(dims);
  return new SparseValues(
    {
      layout: 'coo',
      shape: [count],
      stored,
      storedShape: [entries],
      indices: [{ values: linear ? places : linearised(places, dims), count: entries }],
    },
    kept,
  );
}

/** A place for each row of indices. */
function linearised(indices: TensorValues, dims: readonly number[]): TensorValues {
  const strides = rowMajor(dims);
  const rank = dims.length;
  return {
    raw: null,
    places: null,
    bytes: indices.bytes,
    async read(begin, end, signal): Promise<Floats> {
      const all = await indices.read(begin * rank, end * rank, signal);
      return Float64Array.from({ length: end - begin }, (_, i) =>
        strides.reduce((place, stride, axis) => {
          const index = all[i * rank + axis]!;
          // -1 is outside every shape
          return place < 0 || !(index >= 0 && index < dims[axis]!) ? -1 : place + index * stride;
        }, 0),
      );
    },
  };
}

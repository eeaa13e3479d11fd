/** Records for PyTorch's rebuild functions. Source of their arguments: torch/_utils.py, torch/_tensor.py. */
import { Global, type Constructor, type PickleValue } from './pickleValue';
import {
  NumpyArray,
  QuantisedRecord,
  sizes,
  SparseRecord,
  Storage,
  StridedRecord,
  TensorRecord,
  UnreadableRecord,
} from './records';
import { namedType, type TorchType } from './torchTypes';

const unreadable = (reason: string, dtype = 'unknown', shape: readonly number[] = []): UnreadableRecord =>
  new UnreadableRecord(dtype, shape, reason);

function strided(
  storage: PickleValue | undefined,
  offset: PickleValue | undefined,
  size: PickleValue | undefined,
  stride: PickleValue | undefined,
  type: TorchType | null,
  metadata?: PickleValue,
): TensorRecord {
  const shape = sizes(size);
  if (!shape) return unreadable('its shape is no list of sizes', type?.name);
  if (!(storage instanceof Storage)) return unreadable('its storage is of an unknown kind', type?.name, shape);
  const strides = sizes(stride);
  const element = type ?? storage.type;
  const bad = (reason: string): TensorRecord => unreadable(reason, element.name, shape);
  if (!strides) return bad('its strides are no list of positive steps, which PyTorch always writes');
  if (strides.length !== shape.length) return bad('it has not as many strides as sizes');
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0)
    return bad('its offset is no position');
  if (metadata instanceof Map && metadata.get('neg') === true)
    return bad('it is a negated view; save a plain copy of it');
  return new StridedRecord(storage, element, offset, shape, strides);
}

const quantised: Constructor = ([storage, offset, size, stride, parameters]) => {
  const stored = strided(storage, offset, size, stride, null);
  if (!(stored instanceof StridedRecord)) return stored;
  const bad = (reason: string): TensorRecord => unreadable(reason, stored.dtype, stored.shape);
  if (!Array.isArray(parameters) || !(parameters[0] instanceof Global)) return bad('its quantisation is not given');
  const [scheme, scale, zeroPoint, axis] = parameters;
  if (scheme.name === 'per_tensor_affine') {
    return typeof scale === 'number' && typeof zeroPoint === 'number'
      ? new QuantisedRecord(stored, scale, zeroPoint, null)
      : bad('its scale is no number');
  }
  const perChannel = /^per_channel_affine/.test(scheme.name);
  if (!perChannel || !(scale instanceof StridedRecord) || !(zeroPoint instanceof StridedRecord)) {
    return bad(`quantisation ${scheme.name} is not known`);
  }
  const channels = typeof axis === 'number' ? stored.shape[axis] : undefined;
  if (typeof axis !== 'number' || channels === undefined) return bad('its quantised axis is outside its shape');
  if (scale.shape[0] !== channels || zeroPoint.shape[0] !== channels) return bad('its scales do not fit its channels');
  return new QuantisedRecord(stored, scale, zeroPoint, axis);
};

const sparse: Constructor = ([layout, data]) => {
  const name =
    layout instanceof Global ? layout.name : typeof layout === 'string' ? layout.replace(/^torch\./, '') : '';
  const parts = Array.isArray(data) ? data : [];
  const coo = name === 'sparse_coo';
  const shape = sizes(parts[coo ? 2 : 3]);
  const stored = parts[coo ? 1 : 2];
  if (!shape) return unreadable('its shape is no list of sizes');
  const dtype = stored instanceof TensorRecord ? stored.dtype : 'unknown';
  const indices = parts.slice(0, coo ? 1 : 2);
  const strides = indices.filter(part => part instanceof StridedRecord);
  if (!(stored instanceof StridedRecord) || strides.length !== indices.length) {
    return unreadable('its indices and values are no plain tensors', dtype, shape);
  }
  if (coo) return new SparseRecord('coo', strides, stored, shape);
  if (name === 'sparse_csr' || name === 'sparse_csc') {
    return shape.length === 2
      ? new SparseRecord(name === 'sparse_csr' ? 'csr' : 'csc', strides, stored, shape)
      : unreadable('batches of compressed sparse matrices are not read', dtype, shape);
  }
  return unreadable(`layout ${name} is not read; save it with .to_dense()`, dtype, shape);
};

const same: Constructor = ([data]) => data ?? null;

export const tensorConstructors: readonly (readonly [string, Constructor])[] = [
  ['torch._utils._rebuild_tensor', ([storage, offset, size, stride]) => strided(storage, offset, size, stride, null)],
  [
    'torch._utils._rebuild_tensor_v2',
    ([storage, offset, size, stride, , , metadata]) => strided(storage, offset, size, stride, null, metadata),
  ],
  [
    'torch._utils._rebuild_tensor_v3',
    ([storage, offset, size, stride, , , dtype, metadata]) => {
      const type = namedType(dtype);
      return type
        ? strided(storage, offset, size, stride, type, metadata)
        : unreadable('its number type is not known', 'unknown', sizes(size) ?? []);
    },
  ],
  ['torch._utils._rebuild_qtensor', quantised],
  ['torch._utils._rebuild_sparse_tensor', sparse],
  ['torch._utils._rebuild_sparse_csr_tensor', sparse],
  ['torch._utils._rebuild_parameter', same],
  ['torch._utils._rebuild_parameter_with_state', same],
  ['torch.nn.parameter.Parameter', same],
  ['torch.nn.parameter.Buffer', same],
  ['torch._utils._rebuild_device_tensor_from_cpu_tensor', same],
  ['torch._utils._rebuild_device_tensor_from_numpy', same],
  ['torch._utils._rebuild_xla_tensor', same],
  [
    'torch._utils._rebuild_meta_tensor_no_storage',
    ([dtype, size]) =>
      unreadable('it lies on the meta device: no values were saved', namedType(dtype)?.name, sizes(size) ?? []),
  ],
  [
    'torch._utils._rebuild_nested_tensor',
    ([buffer]) => (buffer instanceof TensorRecord ? buffer : unreadable('a nested tensor without its values')),
  ],
  [
    'torch._utils._rebuild_wrapper_subclass',
    ([, dtype, size]) =>
      unreadable('a subclass of Tensor that keeps its values elsewhere', namedType(dtype)?.name, sizes(size) ?? []),
  ],
];

/** A NumPy array stands for a tensor wherever it has a shape. */
export const isTensor = (value: PickleValue): value is TensorRecord =>
  value instanceof TensorRecord && !(value instanceof NumpyArray && value.descriptor === null);

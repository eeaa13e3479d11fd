/** What a tensor of a checkpoint is, told from its name, shape and dtype: weight or baggage, what layer, prunable or not. */
import type { LayerKind, TensorInfo, TensorRole } from '../shared/inspection';
import { axesOf, type Axes } from './axes';
import { limits } from './checkpoint';
import { kindOf, isBuffer, isOptimizerState } from './rolesNames';

/**
 * How a framework lays its kernels out. torch: outputs, inputs, then space (PyTorch, ONNX convolutions, GGUF).
 * keras: space, inputs, outputs (Keras, TensorFlow, TensorFlow.js, Flax).
 */
export type Convention = 'torch' | 'keras';

export interface TensorDescription {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes in the file; 0 where they share another's. */
  readonly bytes: number;
  readonly convention: Convention;
  /** What the format itself knows: the class of the layer or the operator that uses it, e.g. DepthwiseConv2D, Conv1D. */
  readonly layer?: string;
  /** Where the format knows better than the name, e.g. from the operator that uses it. */
  readonly axes?: Axes;
  readonly role?: TensorRole;
  readonly kind?: LayerKind;
  readonly tiedTo?: string | null;
  readonly error?: string | null;
  /** Shapes of other tensors of the file by name: a bias beside a kernel tells how many outputs it has. */
  readonly shapeOf?: (name: string) => readonly number[] | undefined;
}

const impossible = `its shape is none: more than 2⁵³ values or ${limits.rank} axes, or sizes that are no whole numbers`;

/** Never throws, whatever the name. A shape that no tensor can have becomes an error, so that every count can be added up. */
export function describeTensor(given: TensorDescription): TensorInfo {
  const tensor = isShape(given.shape) ? given : { ...given, shape: [], error: given.error ?? impossible };
  const { name, dtype, shape, bytes, tiedTo = null, error = null } = tensor;
  const role = tensor.role ?? roleOf(tensor);
  const kind = role === 'weight' ? (tensor.kind ?? kindOf(name, shape, tensor.layer)) : null;
  const kernel = kind !== null && kind !== 'bias' && kind !== 'normalization';
  const prunable = kernel && shape.length >= 2 && !isInteger(dtype) && !isComplex(dtype);
  const { output, input } = kernel ? (tensor.axes ?? axesOf(tensor, kind)) : { output: null, input: null };
  return {
    name,
    dtype,
    shape,
    count: shape.reduce((count, size) => count * size, 1),
    bytes,
    role,
    prunable,
    kind,
    outputAxis: output,
    inputAxis: input,
    tiedTo,
    error,
  };
}

/** A product of 0 counts only where the sizes beside the 0 can be multiplied too. */
function isShape(shape: readonly number[]): boolean {
  if (shape.length > limits.rank || !shape.every(size => Number.isSafeInteger(size) && size >= 0)) return false;
  return Number.isSafeInteger(shape.reduce((count, size) => count * size, 1));
}

/** keras where kernels are called so, as in Keras, TensorFlow and Flax; torch otherwise. */
export function guessConvention(names: Iterable<string>): Convention {
  let [kernels, weights] = [0, 0];
  for (const name of names) {
    if (/(^|[./])(\w+_)?kernel(:0)?$/.test(name)) kernels++;
    else if (/(^|[./])weight$/.test(name)) weights++;
  }
  return kernels > weights ? 'keras' : 'torch';
}

function roleOf({ name, dtype, shape }: TensorDescription): TensorRole {
  if (isOptimizerState(name)) return 'optimizer';
  if (isBuffer(name)) return 'buffer';
  // integers are counts, indices and masks, unless a quantised kernel says by its name that it is one
  const quantised = dtype !== 'BOOL' && shape.length >= 2 && /(weight|kernel)(:0)?$/.test(name);
  return isInteger(dtype) && !quantised ? 'buffer' : 'weight';
}

function isInteger(dtype: string): boolean {
  return /^([IU]\d+|BOOL)$/.test(dtype);
}

function isComplex(dtype: string): boolean {
  return /^C\d+$/.test(dtype);
}

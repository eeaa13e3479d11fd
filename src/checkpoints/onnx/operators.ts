/**
 * What the inputs of operators are: https://onnx.ai/onnx/operators/, and those of ONNX Runtime,
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
import type { LayerKind, TensorRole } from '../../shared/inspection';
import type { Axes } from '../axes';
import type { Use } from './usage';

export interface Meaning {
  readonly role: TensorRole;
  /** Null: told from the name, as it is a kernel. */
  readonly kind: LayerKind | null;
  readonly axes: Axes;
  /** What the tensor is called in its layer. */
  readonly parameter: string;
  readonly layer: string;
}

const none: Axes = { output: null, input: null };

/** Indices of the inputs of one meaning. */
interface Inputs {
  readonly kernels?: readonly number[];
  readonly biases?: readonly number[];
  readonly scales?: readonly number[];
  readonly buffers?: readonly number[];
  readonly embeddings?: readonly number[];
}

const convolution: Inputs = { kernels: [1], biases: [2] };
const matrix: Inputs = { kernels: [0, 1], biases: [2] };
const recurrent: Inputs = { kernels: [1, 2], biases: [3, 7], buffers: [4, 5, 6] };
const norm: Inputs = { scales: [1, 2] };

const operators: Readonly<Record<string, Inputs>> = {
  Conv: convolution,
  ConvTranspose: convolution,
  ConvInteger: { kernels: [1], buffers: [2, 3] },
  QLinearConv: { kernels: [3], biases: [8], buffers: [1, 2, 4, 5, 6, 7] },
  DeformConv: { kernels: [1], biases: [3] },
  Gemm: matrix,
  MatMul: { kernels: [0, 1] },
  MatMulInteger: { kernels: [0, 1], buffers: [2, 3] },
  QLinearMatMul: { kernels: [0, 3], buffers: [1, 2, 4, 5, 6, 7] },
  MatMulIntegerToFloat: { kernels: [0, 1], biases: [6], buffers: [2, 3, 4, 5] },
  DynamicQuantizeMatMul: { kernels: [1], biases: [4], buffers: [2, 3] },
  QGemm: { kernels: [0, 3], biases: [6], buffers: [1, 2, 4, 5, 7, 8] },
  Attention: { kernels: [1], biases: [2] },
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  BatchNormalization: { scales: [1, 2], buffers: [3, 4] },
  LayerNormalization: norm,
  GroupNormalization: norm,
  InstanceNormalization: norm,
  RMSNormalization: norm,
  SimplifiedLayerNormalization: norm,
  SkipLayerNormalization: { scales: [2, 3], biases: [4] },
  SkipSimplifiedLayerNormalization: { scales: [2], biases: [3] },
  EmbedLayerNormalization: { embeddings: [2, 3, 4], scales: [5, 6] },
  PRelu: { scales: [1] },
  BiasGelu: { biases: [1] },
  Gather: { embeddings: [0] },
  QuantizeLinear: { buffers: [1, 2] },
  DequantizeLinear: { buffers: [1, 2] },
};

/** @returns null where the operator tells nothing of this input */
export function meaningOf(use: Use, shape: readonly number[]): Meaning | null {
  const { node, input } = use;
  const op = node.op.replace(/^(Nhwc)?Fused(?=[A-Z])/, '');
  const inputs = Object.hasOwn(operators, op) ? operators[op]! : null;
  if (!inputs) return elementwise(op, shape);
  const meaning = (role: TensorRole, kind: LayerKind | null, parameter: string, axes = none): Meaning => {
    return { role, kind, axes, parameter, layer: op };
  };
  if (inputs.buffers?.includes(input)) return meaning('buffer', null, 'buffer');
  if (inputs.biases?.includes(input)) return meaning('weight', 'bias', op === 'LSTM' || op === 'GRU' ? 'B' : 'bias');
  if (inputs.scales?.includes(input)) {
    return meaning('weight', 'normalization', input === inputs.scales[0] ? 'weight' : 'bias');
  }
  if (inputs.embeddings?.includes(input)) return embedding(use, op, shape);
  if (!inputs.kernels?.includes(input)) return null;
  const axes = permuted(kernelAxes(op, use, shape.length), use.permutation);
  return kernel(op, use, shape, axes);
}

function kernel(op: string, { node, input }: Use, shape: readonly number[], axes: Axes): Meaning {
  const kind = op.includes('Conv') ? 'convolution' : null;
  const grouped = (node.integers?.get('group') ?? 1) > 1;
  const depthwise = grouped && shape[1] === 1 && !op.includes('Transpose');
  const layer = depthwise ? `Depthwise${op}` : grouped ? `Grouped${op}` : op;
  // a name like that of PyTorch only where the layout is that of PyTorch
  const like = axes.output === 0 || op === 'ConvTranspose' ? 'weight' : 'kernel';
  const parameter = op === 'LSTM' || op === 'GRU' || op === 'RNN' ? (input === 1 ? 'W' : 'R') : like;
  return { role: 'weight', kind, axes, parameter, layer };
}

function kernelAxes(op: string, { node, input }: Use, rank: number): Axes {
  if (rank < 2) return none;
  if (op === 'ConvTranspose') return { output: 1, input: 0 };
  if (op.includes('Conv')) return { output: 0, input: 1 };
  // directions, gates × hidden, inputs
  if (op === 'LSTM' || op === 'GRU' || op === 'RNN') return rank === 3 ? { output: 1, input: 2 } : none;
  const left = input === 0;
  const transposes = node.integers?.get(left ? 'transA' : 'transB') === 1;
  // inputs meet outputs in A · B: the last axis of A is the last but one of B
  const outputFirst = left !== transposes;
  return outputFirst ? { output: rank - 2, input: rank - 1 } : { output: rank - 1, input: rank - 2 };
}

function embedding({ node, permutation }: Use, layer: string, shape: readonly number[]): Meaning | null {
  if (shape.length !== 2 || (node.integers?.get('axis') ?? 0) !== 0) return null;
  const axes = permuted({ output: 1, input: 0 }, permutation);
  return { role: 'weight', kind: 'embedding', axes, parameter: 'weight', layer };
}

/** Added or multiplied along one axis. */
function elementwise(layer: string, shape: readonly number[]): Meaning | null {
  const added = layer === 'Add' || layer === 'Sub';
  if (!added && layer !== 'Mul' && layer !== 'Div') return null;
  if (shape.filter(size => size > 1).length !== 1) return null;
  return added
    ? { role: 'weight', kind: 'bias', axes: none, parameter: 'bias', layer }
    : { role: 'weight', kind: 'normalization', axes: none, parameter: 'weight', layer };
}

function permuted({ output, input }: Axes, permutation: readonly number[] | null): Axes {
  if (!permutation) return { output, input };
  const axis = (of: number | null): number | null => (of === null ? null : (permutation[of] ?? null));
  return { output: axis(output), input: axis(input) };
}

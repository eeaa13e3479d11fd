/**
 * Along which axes of a kernel its outputs and inputs run. Where one of the two runs along several axes (Keras' heads), or
 * along none, it is null. Conventions: torch.nn documentation of each layer's weight; keras.io layers' `build`.
 */
import type { LayerKind } from '../shared/inspection';
import type { TensorDescription } from './roles';

export interface Axes {
  readonly output: number | null;
  readonly input: number | null;
}

const none: Axes = { output: null, input: null };

export function axesOf(tensor: TensorDescription, kind: LayerKind): Axes {
  if (tensor.shape.length < 2) return none;
  // a table of vectors is a dense layer on one-hot inputs, in every framework
  if (kind === 'embedding') return tensor.shape.length === 2 ? { output: 1, input: 0 } : none;
  return tensor.convention === 'keras' ? kerasAxes(tensor) : torchAxes(tensor, kind);
}

function torchAxes(tensor: TensorDescription, kind: LayerKind): Axes {
  const { name, shape } = tensor;
  if (shape.length === 2) return isConv1D(tensor) ? { output: 1, input: 0 } : { output: 0, input: 1 };
  // experts stacked: one matrix each
  if (kind === 'feed-forward' && shape.length === 3) return none;
  if (tensor.layer?.includes('Transpose') || isTransposed(name) || biasTellsTransposed(tensor)) {
    return { output: 1, input: 0 };
  }
  return { output: 0, input: 1 };
}

/**
 * GPT-2's Conv1D keeps its weight as [inputs, outputs], unlike nn.Linear. Other models use the same names for nn.Linear, so
 * the shape decides; where it is square, the block's own projection to three times its width does.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/pytorch_utils.py
 */
function isConv1D({ name, shape, layer, shapeOf }: TensorDescription): boolean {
  if (layer === 'Conv1D') return true;
  const [rows, columns] = shape as [number, number];
  const part = /(^|\.)(c_attn|c_fc|q_attn|(attn|crossattention|mlp)\.c_proj)\.weight$/.exec(name)?.[2];
  if (part === undefined) return false;
  if (part === 'c_attn' || part === 'c_fc') return columns > rows;
  if (part === 'mlp.c_proj') return rows > columns;
  const widened = shapeOf?.(name.replace(/(c_proj|q_attn)\.weight$/, 'c_attn.weight'));
  return widened?.length === 2 ? widened[1]! > widened[0]! : true;
}

function isTransposed(name: string): boolean {
  return /(conv_?transpose|transposed?_?conv|deconv|conv_?trans|tconv)(\d*|\dd)([._/]|$)/i.test(name);
}

/** [inputs, outputs, …] where the bias counts as many as the second axis and not the first. */
function biasTellsTransposed({ name, shape, shapeOf }: TensorDescription): boolean {
  const bias = shapeOf?.(name.replace(/weight$/, 'bias'));
  return bias?.length === 1 && bias[0] !== shape[0] && bias[0] === shape[1];
}

function kerasAxes({ name, shape, layer = '' }: TensorDescription): Axes {
  const last = shape.length - 1;
  if (/depthwise/i.test(layer) || /depthwise/i.test(name)) {
    // [space…, channels, multiplier]: an output for each pair
    return shape.length >= 3 && shape[last] === 1 ? { output: last - 1, input: null } : none;
  }
  if (/transpose/i.test(layer) || /conv\dd_transpose/i.test(name)) return { output: last - 1, input: last };
  if (shape.length === 3) {
    // heads: [inputs, heads, width] and back, keras.layers.MultiHeadAttention
    if (/(^|[./_])(query|key|value)[./]kernel(:0)?$/.test(name)) return { output: null, input: 0 };
    if (/(^|[./_])(attention_output|out)[./]kernel(:0)?$/.test(name)) return { output: 2, input: null };
  }
  return { output: last, input: last - 1 };
}

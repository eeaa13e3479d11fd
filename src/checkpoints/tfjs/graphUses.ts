/**
 * What the operations of a graph do with the constants that its weights are: layers are dissolved in such a model, and its
 * names say little. Inputs by https://www.tensorflow.org/api_docs/python/tf/raw_ops
 */
import type { LayerKind, TensorRole } from '../../shared/inspection';
import type { Axes } from '../axes';
import { isRecord } from '../safetensorsHeader';

export interface Use {
  /** Class of layer or operation, as `describeTensor` takes it. */
  readonly layer?: string;
  readonly axes?: Axes;
  readonly kind?: LayerKind;
  readonly role?: TensorRole;
}

interface Node {
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

const rows: Axes = { output: 0, input: 1 };
const columns: Axes = { output: 1, input: 0 };
const scaleAndOffset: Use = { layer: 'BatchNormalization' };
const statistics: Use = { role: 'buffer' };

/** In the order of what says most of a constant. Null: this input is none that is known. */
const uses: Readonly<Record<string, (node: Node, input: number) => Use | null>> = {
  Conv1D: kernelOf('Conv1D'),
  Conv2D: kernelOf('Conv2D'),
  Conv3D: kernelOf('Conv3D'),
  _FusedConv2D: fusedKernelOf('Conv2D'),
  DepthwiseConv2dNative: kernelOf('DepthwiseConv2D'),
  FusedDepthwiseConv2dNative: fusedKernelOf('DepthwiseConv2D'),
  Conv2DBackpropInput: kernelOf('Conv2DTranspose'),
  Conv3DBackpropInputV2: kernelOf('Conv3DTranspose'),
  MatMul: (node, input) => matrix(input, node, 'transpose_a', 'transpose_b'),
  BatchMatMul: (node, input) => matrix(input, node, 'adj_x', 'adj_y'),
  BatchMatMulV2: (node, input) => matrix(input, node, 'adj_x', 'adj_y'),
  _FusedMatMul: (node, input) =>
    input < 2 ? matrix(input, node, 'transpose_a', 'transpose_b') : fused(node, input - 2),
  GatherV2: embedding,
  Gather: embedding,
  ResourceGather: embedding,
  FusedBatchNorm: normalization,
  FusedBatchNormV2: normalization,
  FusedBatchNormV3: normalization,
  BiasAdd: (_, input) => (input === 1 ? { kind: 'bias' } : null),
  // only where nothing above uses the constant: one that is added is a bias, one that is multiplied by a scale
  Add: () => ({ kind: 'bias' }),
  AddV2: () => ({ kind: 'bias' }),
  Sub: () => ({ kind: 'bias' }),
  Mul: () => ({ kind: 'normalization' }),
  RealDiv: () => ({ kind: 'normalization' }),
};
const priority = new Map(Object.keys(uses).map((op, i) => [op, i]));

/** @param topology `modelTopology` of a graph model */
export function graphUses(topology: unknown): (weight: string) => Use | undefined {
  const nodes = isRecord(topology) && Array.isArray(topology['node']) ? topology['node'].flatMap(readNode) : [];
  /** What an Identity passes on, by its name. */
  const passed = new Map<string, string>();
  for (const { name, op, input } of nodes) if (op === 'Identity' && input[0]) passed.set(name, constantOf(input[0]));
  const best = new Map<string, { readonly use: Use; readonly rank: number }>();
  for (const node of nodes) {
    const rank = priority.get(node.op);
    if (rank === undefined) continue;
    for (const [position, name] of node.input.entries()) {
      const use = uses[node.op]!(node, position);
      if (!use) continue;
      const direct = constantOf(name);
      const weight = passed.get(direct) ?? direct;
      const known = best.get(weight);
      if (!known || rank < known.rank) best.set(weight, { use, rank });
    }
  }
  return weight => best.get(weight)?.use;
}

function readNode(value: unknown): (Node & { readonly name: string })[] {
  if (!isRecord(value)) return [];
  const { name, op, input = [], attr = {} } = value;
  if (typeof name !== 'string' || typeof op !== 'string' || !Array.isArray(input) || !isRecord(attr)) return [];
  return [{ name, op, input: input.filter(one => typeof one === 'string'), attr }];
}

/** Without the number of the output, `name:0`, and the mark of a control input, `^name`. */
function constantOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}

function kernelOf(layer: string): (node: Node, input: number) => Use | null {
  return (_, input) => (input === 1 ? { layer, kind: 'convolution' } : null);
}

function fusedKernelOf(layer: string): (node: Node, input: number) => Use | null {
  return (node, input) => kernelOf(layer)(node, input) ?? fused(node, input - 2);
}

/** Inputs behind the kernel belong to what was fused: a bias, or scale, offset, mean and variance. */
function fused({ attr }: Node, input: number): Use | null {
  if (input < 0) return null;
  const list = isRecord(attr['fused_ops']) ? attr['fused_ops']['list'] : undefined;
  const ops = isRecord(list) && Array.isArray(list['s']) ? list['s'] : [];
  // bytes stand in JSON as base64
  const normalized = ops.some(op => op === 'FusedBatchNorm' || op === btoa('FusedBatchNorm'));
  return normalized ? normalizationAt(input) : { kind: 'bias' };
}

function normalization(_: Node, input: number): Use | null {
  return input === 0 ? null : normalizationAt(input - 1);
}

function normalizationAt(place: number): Use {
  return place < 2 ? scaleAndOffset : statistics;
}

/** A constant may stand on either side of the product; it has its inputs on the axis that is summed over. */
function matrix(input: number, { attr }: Node, first: string, second: string): Use | null {
  if (input > 1) return null;
  const flag = attr[input === 0 ? first : second];
  const transposed = isRecord(flag) && flag['b'] === true;
  const axes = (input === 0) === transposed ? columns : rows;
  return { layer: 'MatMul', axes };
}

function embedding(_: Node, input: number): Use | null {
  return input === 0 ? { layer: 'Embedding' } : null;
}

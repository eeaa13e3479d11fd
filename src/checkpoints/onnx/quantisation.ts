/** By which scales and zero points integers stand for real numbers, as the operators that take them say. */
import { type Floats, elementCount, TensorError, type TensorValues } from '../values/tensorValues';
import { QuantisedValues } from '../values/derivedValues';
import type { Scope } from './records';
import type { Use } from './usage';

export interface Quantisation {
  /** Names of tensors; empty: 1 and 0. */
  readonly scale: string;
  readonly zeroPoint: string;
  readonly scope: Scope;
  /** Along which scales run, where there is more than one. */
  readonly axis: number;
  /** Values of the axis that share a scale; 0: each has its own. */
  readonly block: number;
}

/** Input of the weight, its scale and its zero point; which axis has scales of its own. */
const operators: Readonly<Record<string, readonly (readonly [number, number, number, 'first' | 'last'])[]>> = {
  QLinearConv: [[3, 4, 5, 'first']],
  ConvInteger: [[1, -1, 3, 'first']],
  QLinearMatMul: [
    [0, 1, 2, 'first'],
    [3, 4, 5, 'last'],
  ],
  MatMulInteger: [
    [0, -1, 2, 'first'],
    [1, -1, 3, 'last'],
  ],
  MatMulIntegerToFloat: [
    [0, 2, 4, 'first'],
    [1, 3, 5, 'last'],
  ],
  DynamicQuantizeMatMul: [[1, 2, 3, 'last']],
  QGemm: [[3, 4, 5, 'last']],
};

export function quantisationOf({ node, input, scope, permutation }: Use, rank: number): Quantisation | null {
  const name = (index: number): string => node.inputs[index] ?? '';
  if (permutation) return null;
  if (node.op === 'DequantizeLinear' && input === 0) {
    const axis = node.integers?.get('axis') ?? 1;
    const block = node.integers?.get('block_size') ?? 0;
    return { scale: name(1), zeroPoint: name(2), scope, axis: axis < 0 ? axis + rank : axis, block };
  }
  const found = Object.hasOwn(operators, node.op) && operators[node.op]!.find(([weight]) => weight === input);
  if (!found) return null;
  const [, scale, zero, end] = found;
  const last = end === 'last' && node.integers?.get('transB') !== 1;
  return { scale: name(scale), zeroPoint: name(zero), scope, axis: last ? rank - 1 : 0, block: 0 };
}

/** Scale or zero point. */
export interface Parameter {
  readonly values: TensorValues;
  readonly shape: readonly number[];
}

/** @throws TensorError where scales or zero points do not fit the shape */
export function dequantised(
  stored: TensorValues,
  shape: readonly number[],
  { axis, block }: Quantisation,
  scale: Parameter | 1,
  zeroPoint: Parameter | 0,
): TensorValues {
  const size = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  if (block > 0 && scale !== 1) return new BlockedValues(stored, shape, axis, block, scale, zeroPoint);
  const channels = [scale, zeroPoint].some(of => typeof of === 'object' && elementCount(of.shape) > 1) ? size : 1;
  const fit = <Plain extends number>(of: Parameter | Plain, what: string): Plain | TensorValues => {
    if (typeof of !== 'object') return channels === 1 ? of : repeated(of);
    const count = elementCount(of.shape);
    if (count === channels && channels > 0) return of.values;
    if (count !== 1)
      throw new TensorError(`its ${count} ${what}s do not fit axis ${axis} of its shape [${shape.join(', ')}]`);
    return repeated(of.values);
  };
  return new QuantisedValues(stored, fit(scale, 'scale'), fit(zeroPoint, 'zero point'), channels, Math.max(1, inner));
}

/** One value, as often as is asked for. */
function repeated(of: TensorValues | number): TensorValues {
  return {
    raw: null,
    places: null,
    bytes: 0,
    async read(begin, end, signal) {
      const value = typeof of === 'number' ? of : (await of.read(0, 1, signal))[0]!;
      return new Float64Array(end - begin).fill(value);
    },
  };
}

/** Scales that are read for one range. */
const mostScales = 2 ** 22;

/** Every `block` values along an axis share a scale and a zero point; those have the shape of the tensor, but for that axis. */
class BlockedValues implements TensorValues {
  readonly raw = null;
  readonly places = null;
  private readonly size: number;
  private readonly inner: number;
  private readonly blocks: number;

  constructor(
    private readonly stored: TensorValues,
    shape: readonly number[],
    axis: number,
    private readonly block: number,
    private readonly scale: Parameter,
    private readonly zeroPoint: Parameter | 0,
  ) {
    this.size = shape[axis] ?? 0;
    this.inner = elementCount(shape.slice(axis + 1));
    this.blocks = Math.ceil(this.size / block);
    const expected = shape.map((size, i) => (i === axis ? this.blocks : size));
    for (const of of [scale, zeroPoint]) {
      if (typeof of !== 'object' || of.shape.join() === expected.join()) continue;
      throw new TensorError(
        `scales of shape [${of.shape.join(', ')}] instead of [${expected.join(', ')}] for blocks of ${block}`,
      );
    }
    if (elementCount(expected) > mostScales) throw new TensorError(`more than ${mostScales} scales are not read`);
  }

  get bytes(): number {
    return this.stored.bytes;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const stored = await this.stored.read(begin, end, signal);
    const scale = await this.all(this.scale, signal);
    const zero = typeof this.zeroPoint === 'object' ? await this.all(this.zeroPoint, signal) : null;
    const { size, inner, blocks, block } = this;
    return Float32Array.from(stored, (value, i) => {
      const row = Math.floor((begin + i) / inner);
      const outer = Math.floor(row / size);
      const place = (outer * blocks + Math.floor((row % size) / block)) * inner + ((begin + i) % inner);
      return (value - (zero?.[place] ?? 0)) * scale[place]!;
    });
  }

  private all({ values, shape }: Parameter, signal?: AbortSignal): Promise<Floats> {
    return values.read(0, elementCount(shape), signal);
  }
}

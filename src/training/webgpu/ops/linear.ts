/** The three products of a layer whose output is rows of its input times a kernel: dense, and a convolution of 1 × 1. */
import type { ParameterId } from '../../plan/plan';
import { type Dispatch, reads, writes } from '../dispatch';
import type { GraphNode } from '../graph';
import type { Range } from '../memory';
import { activate } from '../wgsl/activations';
import { product, type Product, splitsFor, sumOfParts } from '../wgsl/product';
import { fixed, perExample, u32 } from '../wgsl/text';
import { type Launches, settlingOf, type Site } from './operation';

interface Linear {
  readonly kernel: ParameterId;
  readonly bias: ParameterId | null;
  readonly layer: string;
  /** Rows of an example: 1, or the pixels of an image. */
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Fewer terms are not worth a sum in two launches. */
const leastTerms = 256;

export function linear({ kernel, bias, layer, rows, inputs, outputs }: Linear, node: GraphNode, site: Site): Launches {
  const extent = perExample(site.batch, rows);
  const forward = product({
    label: `${layer} forward`,
    rows: extent,
    columns: outputs,
    inner: fixed(inputs),
    a: { contiguous: 'inner', value: `x[row * ${u32(inputs)} + k]` },
    b: { contiguous: 'outer', value: `w[k * ${u32(outputs)} + column]` },
    store: `y[row * ${u32(outputs)} + column] = activate(sum${biasTerm(bias, inputs, outputs)});`,
    splits: 1,
    bindings: [
      reads('x', site.values(node.inputs[0]!)),
      reads('w', site.weights(kernel)),
      writes('y', site.values(node.output)),
    ],
    declarations: activate(node.activation),
  });
  if (!site.training) return { forward: [forward], backward: [] };

  const dy = reads('dy', site.gradients(node.output));
  const backward: Dispatch[] = [];
  if (node.gradients[0]) {
    const settling = settlingOf(site, node);
    backward.push(
      product({
        label: `${layer} input gradient`,
        rows: extent,
        columns: inputs,
        inner: fixed(outputs),
        a: { contiguous: 'inner', value: `dy[row * ${u32(outputs)} + k]` },
        b: { contiguous: 'inner', value: `w[column * ${u32(outputs)} + k]` },
        store: `settle(row * ${u32(inputs)} + column, sum);`,
        splits: 1,
        bindings: [dy, reads('w', site.weights(kernel)), ...settling.bindings],
        declarations: settling.declarations,
      }),
    );
  }
  backward.push(
    ...weightGradient(site, site.parameterGradient(kernel), {
      label: `${layer} weight gradient`,
      weights: inputs,
      hasBias: bias !== null,
      columns: outputs,
      inner: extent,
      a: { contiguous: 'outer', value: `x[k * ${u32(inputs)} + row]` },
      b: { contiguous: 'outer', value: `dy[k * ${u32(outputs)} + column]` },
      bindings: [reads('x', site.values(node.inputs[0]!)), dy],
      declarations: '',
    }),
  );
  return { forward: [forward], backward };
}

/** The bias is the row behind the kernel's. */
export function biasTerm(bias: ParameterId | null, rows: number, columns: number): string {
  return bias === null ? '' : ` + w[${u32(rows * columns)} + column]`;
}

interface WeightGradient extends Omit<Product, 'rows' | 'store' | 'splits'> {
  /** Rows of the kernel. */
  readonly weights: number;
  readonly hasBias: boolean;
}

/** Kernel and bias in one: the bias' inputs are ones. Long sums are shared between workgroups. */
export function weightGradient(site: Site, gradient: Range, job: WeightGradient): Dispatch[] {
  const { weights, hasBias, columns, inner, a, label } = job;
  const rows = weights + (hasBias ? 1 : 0);
  const splits = splitsFor(rows, columns, inner.most, leastTerms);
  const size = rows * columns;
  const target = splits === 1 ? gradient : site.scratch(splits * size * 4);
  const main = product({
    ...job,
    rows: fixed(rows),
    a: hasBias ? { ...a, value: `input(row, k)` } : a,
    declarations: hasBias
      ? `${job.declarations}
fn input(row: u32, k: u32) -> f32 {
  if (row == ${u32(weights)}) { return 1.0; }
  return ${a.value};
}`
      : job.declarations,
    store: `dw[${splits === 1 ? '' : `split * ${u32(size)} + `}row * ${u32(columns)} + column] = sum;`,
    splits,
    bindings: [...job.bindings, writes('dw', target)],
  });
  if (splits === 1) return [main];
  return [main, sumOfParts(`${label}, summed`, target, gradient, size, splits)];
}

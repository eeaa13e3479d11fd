/** The three products of a layer whose output is rows of its input times a kernel: dense, and a convolution of 1 × 1. */
import type { ParameterId } from '../../plan/plan';
import { type Dispatch, reads, writes } from '../dispatch';
import type { GraphNode } from '../graph';
import type { Range } from '../memory';
import { activate } from '../wgsl/activations';
import { product, type Product, type Store } from '../wgsl/product';
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

export function linear({ kernel, bias, layer, rows, inputs, outputs }: Linear, node: GraphNode, site: Site): Launches {
  const extent = perExample(site.batch, rows);
  const w = reads('w', site.weights(kernel));
  const x = reads('x', site.values(node.inputs[0]!));
  const forward = product(
    {
      label: `${layer} forward`,
      rows: extent,
      columns: outputs,
      inner: fixed(inputs),
      a: { contiguous: 'inner', value: `x[row * ${u32(inputs)} + k]` },
      b: { contiguous: 'outer', value: `w[k * ${u32(outputs)} + column]` },
      bindings: [x, w],
      declarations: '',
      store: output({ node, site, kernel, bias, rows: inputs, columns: outputs }),
    },
    site.scratch,
  );
  if (!site.training) return { forward, backward: [] };

  const dy = reads('dy', site.gradients(node.output));
  const backward: Dispatch[] = [];
  if (node.gradients[0]) {
    backward.push(
      ...product(
        {
          label: `${layer} input gradient`,
          rows: extent,
          columns: inputs,
          inner: fixed(outputs),
          a: { contiguous: 'inner', value: `dy[row * ${u32(outputs)} + k]` },
          b: { contiguous: 'inner', value: `w[column * ${u32(outputs)} + k]` },
          bindings: [dy, w],
          declarations: '',
          store: inputGradient(node, site, inputs),
        },
        site.scratch,
      ),
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
      bindings: [x, dy],
      declarations: '',
    }),
  );
  return { forward, backward };
}

interface Output {
  readonly node: GraphNode;
  readonly site: Site;
  readonly kernel: ParameterId;
  readonly bias: ParameterId | null;
  /** Of the kernel. */
  readonly rows: number;
  readonly columns: number;
}

/** Bias and activation, into the op's output; the kernel is bound as w. */
export function output({ node, site, kernel, bias, rows, columns }: Output): Store {
  return {
    code: `y[row * ${u32(columns)} + column] = activate(sum${biasTerm(bias, rows, columns)});`,
    bindings: [reads('w', site.weights(kernel)), writes('y', site.values(node.output))],
    declarations: activate(node.activation),
  };
}

/** Into the gradient of the op's input. */
export function inputGradient(node: GraphNode, site: Site, columns: number): Store {
  return { code: `settle(row * ${u32(columns)} + column, sum);`, ...settlingOf(site, node) };
}

/** The bias is the row behind the kernel's. */
export function biasTerm(bias: ParameterId | null, rows: number, columns: number): string {
  return bias === null ? '' : ` + w[${u32(rows * columns)} + column]`;
}

interface WeightGradient extends Omit<Product, 'rows' | 'store'> {
  /** Rows of the kernel. */
  readonly weights: number;
  readonly hasBias: boolean;
}

/** Kernel and bias in one: the bias' inputs are ones. */
export function weightGradient(site: Site, gradient: Range, job: WeightGradient): Dispatch[] {
  const { weights, hasBias, columns, a } = job;
  const input = `fn input(row: u32, k: u32) -> f32 {
  if (row == ${u32(weights)}) { return 1.0; }
  return ${a.value};
}`;
  return product(
    {
      ...job,
      rows: fixed(weights + (hasBias ? 1 : 0)),
      a: hasBias ? { ...a, value: 'input(row, k)' } : a,
      declarations: hasBias ? `${job.declarations}\n${input}` : job.declarations,
      store: {
        code: `dw[row * ${u32(columns)} + column] = sum;`,
        bindings: [writes('dw', gradient)],
        declarations: '',
      },
    },
    site.scratch,
  );
}

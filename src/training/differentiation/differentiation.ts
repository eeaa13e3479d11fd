/**
 * A training plan in double precision: outputs, gradients, and products of the Hessian with a direction, by dual numbers
 * through the forward and the backward pass (forward over reverse). Dropout is off.
 */
import type { Plan, PlanOp } from '../plan/plan';
import { activation } from './activations';
import type { Context, Dual, Node } from './dual';
import { add, concatenate, pool, sum, unchanged, zeroPadding } from './images';
import { linear } from './linear';
import { normalization } from './normalization';
import { evaluate, type Objective, type Targets } from './objective';
import type { Products } from './product';

/** Examples as the ops of the plan take them. */
export interface Examples extends Targets {
  /** [count × features], standardised. */
  readonly inputs: Float32Array | Float64Array;
}

/** Values for each parameter of the plan, in order. */
export type ParameterValues = readonly Float64Array[];

export interface Point {
  readonly weights: ParameterValues;
  /** By which statistics batch normalisation goes: the moving ones, as while evaluating, or the batch's own. */
  readonly statistics: 'moving' | 'batch';
}

export interface Question extends Point {
  readonly objective: Objective;
  /** Null: the gradient is asked for; else the Hessian's product with this. Moving statistics have no direction. */
  readonly direction: ParameterValues | null;
}

/** Nothing is differentiated: asked for is what weights are multiplied with, squared and summed. */
export interface InputQuestion extends Point {
  readonly objective: { readonly kind: 'input-squares' };
  readonly direction: null;
}

export class Differentiation {
  constructor(
    private readonly plan: Plan,
    private readonly products: Products,
  ) {}

  /** [count × outputs] */
  outputs(point: Point, inputs: Examples['inputs']): Float64Array {
    return this.forward({ ...point, direction: null }, inputs, null).values[this.plan.ops.at(-1)!.output]!.value;
  }

  /**
   * Adds the gradient of the objective, or its Hessian's product with the direction, to the sums.
   * @param examples a batch, or a part of one
   * @param divisor examples of the whole batch
   * @param into a sum for each parameter; null where it is not asked for
   * @returns the objective: of a part of a batch its share
   */
  add(question: Question, examples: Examples, divisor: number, into: readonly (Float64Array | null)[]): number {
    const { plan } = this;
    const { values, nodes } = this.forward(question, examples.inputs, into);
    const last = plan.ops.at(-1)!.output;
    const { size } = plan.activations[last]!;
    const { value, gradient } = evaluate(question.objective, plan.loss, values[last]!, size, examples, divisor);
    const directed = question.direction !== null;
    const gradients: (Dual | null)[] = plan.activations.map(() => null);
    gradients[last] = directed ? moving(gradient) : gradient;
    const needed = this.dependent(into);
    for (let at = plan.ops.length - 1; at >= 0; at--) {
      const op = plan.ops[at]!;
      const dy = gradients[op.output];
      gradients[op.output] = null;
      if (!dy) continue; // nothing that the objective sees comes from it
      const wanted = op.inputs.map(input => needed.has(input));
      nodes[at]!.backward(dy, wanted).forEach((dx, k) => {
        const input = op.inputs[k]!;
        if (!dx || !wanted[k]!) return;
        gradients[input] = gradients[input] ? sum([gradients[input], dx]) : dx;
      });
    }
    return value;
  }

  /**
   * Adds to each kernel's sums the squares of what its weights are multiplied with, over examples and places of an image.
   * @param into a sum for each parameter; null where it is not asked for
   */
  addInputSquares(point: Point, inputs: Examples['inputs'], into: readonly (Float64Array | null)[]): void {
    const { values } = this.forward({ ...point, direction: null }, inputs, null);
    const context = this.context({ ...point, direction: null }, inputs, into);
    for (const op of this.plan.ops) {
      if ((op.kind !== 'dense' && op.kind !== 'conv2d') || into[op.kernel] === null) continue;
      const squares = values[op.inputs[0]!]!.value.map(value => value * value);
      const node = linear({ ...op, bias: null }, { value: squares, tangent: null }, context);
      // the gradient of a sum of outputs with respect to a weight is the sum of what it is multiplied with
      node.backward({ value: new Float64Array(node.output.value.length).fill(1), tangent: null }, [false]);
    }
  }

  private context(
    { weights, statistics, direction }: Pick<Question, 'weights' | 'statistics' | 'direction'>,
    inputs: Examples['inputs'],
    into: readonly (Float64Array | null)[] | null,
  ): Context {
    const { plan, products } = this;
    return {
      plan,
      products,
      count: inputs.length / plan.activations[0]!.size,
      batchStatistics: statistics === 'batch',
      directed: direction !== null,
      parameter: id => ({
        value: weights[id]!,
        tangent: plan.parameters[id]!.trainable ? (direction?.[id] ?? null) : null,
      }),
      gradient: id => into?.[id] ?? null,
    };
  }

  /** Values and what goes back, of each op. */
  private forward(
    at: Pick<Question, 'weights' | 'statistics' | 'direction'>,
    inputs: Examples['inputs'],
    into: readonly (Float64Array | null)[] | null,
  ): { readonly values: readonly Dual[]; readonly nodes: readonly Node[] } {
    const { plan } = this;
    const context = this.context(at, inputs, into);
    const values: Dual[] = [{ value: Float64Array.from(inputs), tangent: null }];
    const nodes = plan.ops.map(op => {
      const node = run(
        op,
        op.inputs.map(input => values[input]!),
        context,
      );
      values[op.output] = node.output;
      return node;
    });
    return { values, nodes };
  }

  /** Activations that a parameter asked for has a part in: a gradient goes no further back than these. */
  private dependent(into: readonly (Float64Array | null)[]): ReadonlySet<number> {
    const dependent = new Set<number>();
    for (const op of this.plan.ops) {
      const own = parametersOf(op).some(id => into[id] !== null);
      if (own || op.inputs.some(input => dependent.has(input))) dependent.add(op.output);
    }
    return dependent;
  }
}

function moving({ value, tangent }: Dual): Dual {
  return { value, tangent: tangent ?? new Float64Array(value.length) };
}

function parametersOf(op: PlanOp): readonly number[] {
  switch (op.kind) {
    case 'dense':
    case 'conv2d':
      return [op.kernel, op.bias].filter(id => id !== null);
    case 'batch-normalization':
    case 'layer-normalization':
      return [op.gamma, op.beta].filter(id => id !== null);
    case 'max-pool':
    case 'average-pool':
    case 'zero-padding':
    case 'add':
    case 'concatenate':
    case 'reshape':
    case 'activation':
    case 'dropout':
      return [];
  }
}

function run(op: PlanOp, inputs: readonly Dual[], context: Context): Node {
  const x = inputs[0]!;
  switch (op.kind) {
    case 'dense':
    case 'conv2d':
      return linear(op, x, context);
    case 'batch-normalization':
    case 'layer-normalization':
      return normalization(op, x, context);
    case 'max-pool':
    case 'average-pool':
      return pool(op, x, context);
    case 'zero-padding':
      return zeroPadding(op, x, context);
    case 'add':
      return add(inputs);
    case 'concatenate':
      return concatenate(op, inputs, context);
    case 'activation':
      return activation(op, x, context);
    case 'reshape':
    case 'dropout':
      return unchanged(x);
  }
}

/** A plan while it grows, layer by layer. */
import {
  PlanError,
  type Activation,
  type ActivationId,
  type Initializer,
  type ParameterId,
  type Plan,
  type PlanOp,
  type PlanParameter,
} from './plan';

/** Weights of one model at most: 1 GiB of them. */
const mostWeights = 2 ** 28;

export class PlanBuilder {
  readonly ops: PlanOp[] = [];
  private readonly activations: { shape: readonly number[]; size: number }[];
  private readonly parameters: PlanParameter[] = [];
  private weights = 0;
  private current: ActivationId = 0;

  /**
   * @param inputShape of one example, as the data has it
   * @param shape how the next layer sees what flows: reshaping moves nothing, so it needs no op
   */
  constructor(
    readonly inputShape: readonly number[],
    private shape: readonly number[],
  ) {
    this.activations = [{ shape: inputShape, size: sizeOf(inputShape) }];
  }

  /** Of one example, as the next layer sees it. */
  get outputShape(): readonly number[] {
    return this.shape;
  }

  reshape(shape: readonly number[]): void {
    this.shape = shape;
  }

  dense(
    layer: string,
    units: number,
    kernelInitializer: Initializer,
    /** null: no bias */
    biasInitializer: Initializer | null,
  ): void {
    const inputs = sizeOf(this.shape);
    const kernel = this.parameter(layer, 'kernel', [inputs, units], kernelInitializer);
    const bias = biasInitializer === null ? null : this.parameter(layer, 'bias', [units], biasInitializer);
    const [input, output] = this.next([units]);
    this.ops.push({ kind: 'dense', layer, input, output, kernel, bias });
  }

  activation(layer: string, activation: Activation, alpha = 0): void {
    if (activation === 'linear') return;
    const [input, output] = this.next(this.shape);
    this.ops.push({ kind: 'activation', layer, input, output, activation, alpha });
  }

  dropout(layer: string, rate: number): void {
    if (rate === 0) return;
    const [input, output] = this.next(this.shape);
    this.ops.push({ kind: 'dropout', layer, input, output, rate });
  }

  /** Takes the last op back. */
  dropLast(): void {
    this.ops.pop();
    this.activations.pop();
    this.current = this.activations.length - 1;
  }

  finish(loss: Plan['loss']): Plan {
    const { inputShape, activations, ops, parameters } = this;
    return { inputShape, activations, ops, parameters, loss };
  }

  private next(shape: readonly number[]): [ActivationId, ActivationId] {
    const input = this.current;
    this.activations.push({ shape, size: sizeOf(shape) });
    this.current = this.activations.length - 1;
    this.shape = shape;
    return [input, this.current];
  }

  private parameter(
    layer: string,
    role: PlanParameter['role'],
    shape: readonly number[],
    initializer: Initializer,
  ): ParameterId {
    const size = sizeOf(shape);
    this.weights += size;
    if (this.weights > mostWeights) {
      throw new PlanError(
        layer,
        `layer "${layer}" brings the model to ${this.weights} weights; at most ${mostWeights} can be trained`,
      );
    }
    this.parameters.push({
      name: `${layer}/${role}`,
      layer,
      role,
      shape,
      size,
      prunable: role === 'kernel',
      initializer,
    });
    return this.parameters.length - 1;
  }
}

/** Values in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

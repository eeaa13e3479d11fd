/** A network that a case scores the weights of, with its scores compared in PyTorch's order. */
import { Mask } from '../../../src/lottery/mask';
import type { Subject } from '../../../src/training/differentiation/criteria';
import { LocalDerivatives } from '../../../src/training/differentiation/derivatives';
import type { Examples, ParameterValues } from '../../../src/training/differentiation/differentiation';
import { compileProducts, Products } from '../../../src/training/differentiation/product';
import type { GoldenCase } from '../goldenCase';
import { planOf, type TorchPlan } from '../pytorch/architecture';
import { fromTorch, torchName, torchOrder, toTorch } from '../pytorch/layouts';
import { inputsOf } from './inputs';

export class ScoredNetwork {
  /** In the plan's order. */
  readonly weights: ParameterValues;
  /** Of the prunable kernels, in forward order. */
  readonly names: readonly string[];
  private readonly orders: readonly Int32Array[];

  /** @throws NotCovered where the case asks for what no plan can do */
  static async read(golden: GoldenCase): Promise<ScoredNetwork> {
    const torch = planOf(golden.description.architecture);
    return new ScoredNetwork(golden, torch, new LocalDerivatives(torch.plan, new Products(await compileProducts())));
  }

  private constructor(
    private readonly golden: GoldenCase,
    private readonly torch: TorchPlan,
    private readonly derivatives: LocalDerivatives,
  ) {
    const { plan, inputOrders } = torch;
    const orders = plan.parameters.map(parameter => torchOrder(parameter, inputOrders.get(parameter.layer)));
    const prunable = (p: number): boolean => plan.parameters[p]!.prunable;
    this.weights = plan.parameters.map((parameter, p) =>
      Float64Array.from(fromTorch(golden.floats(`weight.${torchName(parameter)}`), orders[p]!)),
    );
    this.names = plan.parameters.filter((_, p) => prunable(p)).map(torchName);
    this.orders = orders.filter((_, p) => prunable(p));
  }

  subject(statistics: Subject['statistics'], weights = this.weights): Subject {
    return { plan: this.torch.plan, derivatives: this.derivatives, weights, statistics };
  }

  /** The examples of the case in consecutive batches of these sizes. */
  batches(sizes: readonly number[]): Examples[] {
    const inputs = inputsOf(this.golden, this.torch.plan.inputShape);
    const labels = this.golden.integers('input.y');
    const features = inputs.length / labels.length;
    return sizes.map((size, i) => {
      const begin = sizes.slice(0, i).reduce((sum, before) => sum + before, 0);
      return {
        inputs: inputs.slice(begin * features, (begin + size) * features),
        labels: labels.slice(begin, begin + size),
        regression: false,
      };
    });
  }

  /** The weights where the masks of the prunable kernels keep them, else 0. */
  masked(masks: readonly Uint8Array[]): ParameterValues {
    let next = 0;
    return this.torch.plan.parameters.map(({ prunable }, p) => {
      if (!prunable) return this.weights[p]!;
      const mask = masks[next++]!;
      return this.weights[p]!.map((value, i) => (mask[i] === 0 ? 0 : value));
    });
  }

  /** @throws Error where any score is further off than `tolerance` */
  expectScores(prefix: string, scores: readonly Float64Array[], tolerance: number): void {
    this.names.forEach((name, i) => {
      this.golden.expectValues(`${prefix}${name}`, toTorch(scores[i]!, this.orders[i]!), tolerance);
    });
  }

  /**
   * Where all scores share the error of a sum that cancels: the best common factor is taken out first.
   * @throws Error where the L2 norm of the rest, relative to that of all scores, is larger than `tolerance`
   */
  expectRescaledScores(prefix: string, scores: readonly Float64Array[], tolerance: number): void {
    const pairs = this.names.map((name, i) => {
      return { expected: this.golden.floats(`${prefix}${name}`), actual: toTorch(scores[i]!, this.orders[i]!) };
    });
    const dot = (of: (actual: number, expected: number) => number): number =>
      pairs.reduce((sum, { actual, expected }) => {
        if (actual.length !== expected.length) throw new Error(`${prefix}: scores of another layer`);
        return actual.reduce((total, value, i) => total + of(value, expected[i]!), sum);
      }, 0);
    const factor = dot((a, b) => a * b) / dot(a => a * a);
    const off = Math.sqrt(dot((a, b) => (factor * a - b) ** 2) / dot((_, b) => b * b));
    if (!(off <= tolerance)) throw new Error(`${prefix}: off by ${off}, ${tolerance} is allowed`);
  }

  /** @param masks in the plan's order */
  expectMasks(prefix: string, masks: readonly Uint8Array[], allowed = 0): void {
    this.names.forEach((name, i) => {
      const mask = Mask.fromBytes(toTorch(masks[i]!, this.orders[i]!));
      this.golden.expectMask(`${prefix}${name}`, mask, allowed);
    });
  }
}

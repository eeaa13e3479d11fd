/** Training in double precision: the optimisers and what regularises them, by their papers, on batches that are given. */
import type { OptimizerConfig, ScheduleInSteps } from '../../../src/shared/experiment';
import type { Plan } from '../../../src/training/plan/plan';
import { learningRate } from '../../../src/shared/learningRate';
import type { ByteMasks, Penalty } from '../../../src/training/trainer';
import type { Values } from './node';
import { gradients64, type ReferenceBatch, type ReferenceLoss } from './run';

export interface ReferenceRecipe extends ReferenceLoss {
  readonly plan: Plan;
  readonly weights: readonly Values[];
  readonly masks: ByteMasks;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleInSteps;
  readonly totalSteps: number;
  readonly clipNorm?: number | null;
  readonly averageDecay?: number | null;
  readonly penalty?: Penalty | null;
}

export class ReferenceTrainer {
  readonly weights: Float64Array[];
  /** Exponential moving average of the trainable parameters; the parameters themselves where there is none. */
  readonly averages: Float64Array[];
  private readonly first: Float64Array[];
  private readonly second: Float64Array[];
  private step = 0;

  constructor(private readonly recipe: ReferenceRecipe) {
    this.weights = recipe.weights.map((values, p) =>
      Float64Array.from(values, (value, i) => (recipe.masks[p]?.[i] === 0 ? 0 : value)),
    );
    this.averages = this.weights.map(values => values.slice());
    this.first = this.weights.map(values => new Float64Array(values.length));
    this.second = this.weights.map(values => new Float64Array(values.length));
  }

  /** One step. @returns the mean loss of the batch before it */
  train(batch: ReferenceBatch): number {
    const { plan, masks, optimizer, schedule, totalSteps, clipNorm, averageDecay, penalty } = this.recipe;
    const rate = learningRate(optimizer.learningRate, schedule, this.step, totalSteps);
    this.step++;
    const { loss, gradients, moved } = gradients64(plan, this.weights, batch, this.recipe);
    const decay = (p: number, i: number): number =>
      penalty?.masks[p]?.[i] === 0 ? penalty.strength * this.weights[p]![i]! : 0;
    const kept = gradients.map((values, p) =>
      values.map((value, i) => (masks[p]?.[i] === 0 ? 0 : value + decay(p, i))),
    );
    if (clipNorm) {
      const norm = Math.sqrt(kept.reduce((sum, values) => values.reduce((s, value) => s + value * value, sum), 0));
      // as PyTorch's clip_grad_norm_
      const factor = Math.min(1, clipNorm / (norm + 1e-6));
      for (const values of kept) values.forEach((value, i) => (values[i] = value * factor));
    }
    plan.parameters.forEach(({ trainable }, p) => {
      const weights = this.weights[p]!;
      if (!trainable) {
        weights.set(moved.get(p) ?? weights);
        this.averages[p]!.set(weights);
        return;
      }
      for (let i = 0; i < weights.length; i++) {
        if (masks[p]?.[i] === 0) continue;
        weights[i] = this.updated(p, i, kept[p]![i]!, rate);
        this.averages[p]![i] = averageDecay
          ? averageDecay * this.averages[p]![i]! + (1 - averageDecay) * weights[i]!
          : weights[i]!;
      }
    });
    return loss;
  }

  private updated(p: number, i: number, raw: number, rate: number): number {
    const { optimizer } = this.recipe;
    let weight = this.weights[p]![i]!;
    const first = this.first[p]!;
    const second = this.second[p]!;
    const gradient = optimizer.name === 'adamw' ? raw : raw + optimizer.weightDecay * weight;
    if (optimizer.name === 'sgd') {
      first[i] = optimizer.momentum * first[i]! + gradient;
      return weight - rate * (optimizer.nesterov ? gradient + optimizer.momentum * first[i] : first[i]);
    }
    if (optimizer.name === 'adamw') weight -= rate * optimizer.weightDecay * weight;
    const { beta1, beta2, epsilon } = optimizer;
    first[i] = beta1 * first[i]! + (1 - beta1) * gradient;
    second[i] = beta2 * second[i]! + (1 - beta2) * gradient * gradient;
    const mean = first[i] / (1 - beta1 ** this.step);
    const square = second[i] / (1 - beta2 ** this.step);
    return weight - (rate * mean) / (Math.sqrt(square) + epsilon);
  }
}

/**
 * The optimisers as PyTorch has them, over one vector of all weights: few operations a step, whatever the layers. Where a
 * mask is 0 the gradient is, and so the weight and the optimiser's state stay what they are at first: 0.
 */
import type { OptimizerConfig } from '../../shared/experiment';
import type { Regularization } from '../trainer';
import type { Tensor1D, Tf } from './namespace';

/** Normal numbers of float32 begin here. */
const smallest = 1.1754943508222875e-38;

export class FlatOptimizer {
  /** All trainable weights, masked. */
  weights: Tensor1D;
  /** Their moving average; null: none is wanted. */
  average: Tensor1D | null;
  /** Momentum, or Adam's moments without their factors; null before the first step and where the rule has none. */
  first: Tensor1D | null;
  second: Tensor1D | null;
  /** Since the state was fresh. */
  updates: number;

  /**
   * @param start masked, its own from now on; @param mask 0 and 1, its own from now on; null: nothing is masked
   * @param penalty strength of each weight's, its own from now on; null: none
   */
  constructor(
    private readonly tf: Tf,
    private readonly config: OptimizerConfig,
    private readonly regularization: Pick<Regularization, 'clipNorm' | 'averageDecay'>,
    start: OptimizerStart,
    private readonly mask: Tensor1D | null,
    private readonly penalty: Tensor1D | null,
  ) {
    this.weights = start.weights;
    this.average = start.average;
    this.first = start.first;
    this.second = start.second;
    this.updates = start.updates;
  }

  /** @param gradient of the mean loss, as the weights lie; @param rate the learning rate of this step */
  step(gradient: Tensor1D, rate: number): void {
    const { tf } = this;
    this.updates++;
    const old = this.state();
    tf.tidy(() => {
      this.move(this.clipped(gradient), rate);
      for (const tensor of this.state()) tf.keep(tensor);
    });
    tf.dispose(old);
  }

  close(): void {
    this.tf.dispose(this.state());
    this.tf.dispose([this.mask, this.penalty].filter(one => one !== null));
  }

  private state(): Tensor1D[] {
    return [this.weights, this.first, this.second, this.average].filter(one => one !== null);
  }

  private clipped(gradient: Tensor1D): Tensor1D {
    const { tf, mask, penalty, weights } = this;
    const whole = penalty === null ? gradient : tf.add<Tensor1D>(gradient, tf.mul(weights, penalty));
    const kept = mask === null ? whole : tf.mul<Tensor1D>(whole, mask);
    const { clipNorm } = this.regularization;
    if (clipNorm === null) return kept;
    const norm = tf.sqrt(tf.sum(tf.square(kept)));
    // as torch.nn.utils.clip_grad_norm_ does
    return tf.mul<Tensor1D>(kept, tf.minimum(tf.div(clipNorm, tf.add(norm, 1e-6)), 1));
  }

  private move(gradient: Tensor1D, rate: number): void {
    const { tf, average } = this;
    const { averageDecay } = this.regularization;
    const next = this.config.name === 'sgd' ? this.sgd(gradient, rate) : this.adam(gradient, rate);
    [this.weights, this.first, this.second] = [next.weights, next.first, next.second];
    if (average === null || averageDecay === null) return;
    this.average = tf.add(tf.mul(average, averageDecay), tf.mul(next.weights, 1 - averageDecay));
  }

  private sgd(gradient: Tensor1D, rate: number): State {
    const { tf, weights } = this;
    const { momentum, nesterov, weightDecay } = this.config as Extract<OptimizerConfig, { name: 'sgd' }>;
    const decayed = this.decayed(gradient, weightDecay);
    if (momentum === 0) return { weights: tf.sub(weights, tf.mul(decayed, rate)), first: null, second: null };
    const velocity = this.first === null ? tf.clone(decayed) : tf.add<Tensor1D>(tf.mul(this.first, momentum), decayed);
    const direction = nesterov ? tf.add(decayed, tf.mul(velocity, momentum)) : velocity;
    return { weights: tf.sub(weights, tf.mul(direction, rate)), first: velocity, second: null };
  }

  /**
   * Adam (Kingma & Ba 2015) and AdamW. The states are kept without their factors 1 − β, which one number for the whole
   * step takes in, and the correction of the second with ε divided by it: two operations less on all weights each.
   */
  private adam(gradient: Tensor1D, rate: number): State {
    const { tf, updates } = this;
    const { name, beta1, beta2, epsilon, weightDecay } = this.config as Exclude<OptimizerConfig, { name: 'sgd' }>;
    const decoupled = name === 'adamw';
    const decayed = decoupled ? gradient : this.decayed(gradient, weightDecay);
    const weights =
      decoupled && weightDecay > 0 ? tf.mul<Tensor1D>(this.weights, 1 - rate * weightDecay) : this.weights;
    const square: Tensor1D = tf.square(decayed);
    const first = this.first === null ? tf.clone(decayed) : tf.add<Tensor1D>(tf.mul(this.first, beta1), decayed);
    const second = this.second === null ? square : tf.add<Tensor1D>(tf.mul(this.second, beta2), square);
    // √(second · scale) + ε = √scale · (√second + ε / √scale)
    const scale = Math.sqrt((1 - beta2) / (1 - beta2 ** updates));
    const size = (rate * (1 - beta1)) / (1 - beta1 ** updates) / scale;
    // at least what float32 has: a masked weight's 0 is divided by it
    const offset = Math.max(epsilon / scale, smallest);
    const quotient = tf.div(first, tf.add(tf.sqrt(second), offset));
    return { weights: tf.sub(weights, tf.mul(quotient, size)), first, second };
  }

  /** With L2 weight decay. */
  private decayed(gradient: Tensor1D, weightDecay: number): Tensor1D {
    return weightDecay === 0 ? gradient : this.tf.add(gradient, this.tf.mul(this.weights, weightDecay));
  }
}

/** Where an optimiser begins; `average` where the recipe has one. */
export interface OptimizerStart extends State {
  readonly average: Tensor1D | null;
  readonly updates: number;
}

interface State {
  readonly weights: Tensor1D;
  readonly first: Tensor1D | null;
  readonly second: Tensor1D | null;
}

/** What an executor trains: a plan, which every executor can, or a LayersModel that no plan covers, on TensorFlow.js only. */
import type { KerasTopology } from '../models/topology';
import { PlanError, type Plan, type PlanParameter } from './plan/plan';

export type Network = Plan | LayersNetwork;

/** What is told of a parameter whatever the network is. */
export type NetworkParameter = Omit<PlanParameter, 'role'>;

/** A model with layers that no plan covers, as TensorFlow.js' LayersModel. */
export interface LayersNetwork {
  /** Shape of one example as the model takes it, channels last: as many values as the data's, in the same order. */
  readonly inputShape: readonly number[];
  /** In forward order, layouts as Keras has them. */
  readonly parameters: readonly NetworkParameter[];
  readonly loss: Plan['loss'];
  /** Values the loss sees of one example: logits with cross-entropy. */
  readonly outputs: number;
  /** Values of one example that all layers together make. */
  readonly values: number;
  /** Keras 2's JSON of layers that TensorFlow.js has; with cross-entropy without the softmax at its end. */
  readonly topology: KerasTopology;
  /** Which layers feed which, in an order in which each comes after those; the last gives the outputs. */
  readonly layers: readonly { readonly name: string; readonly inputs: readonly string[] }[];
  /** The first layer that no plan covers. */
  readonly uncovered: { readonly layer: string; readonly className: string };
}

export function isPlan(network: Network): network is Plan {
  return 'ops' in network;
}

/** @throws PlanError where the network is none: for executors that run plans only */
export function planOf(network: Network): Plan {
  if (isPlan(network)) return network;
  const { layer, className } = network.uncovered;
  throw new PlanError(
    layer,
    `layer ${layer} (${className}) trains on TensorFlow.js only: choose executor auto, tensorflow or cpu`,
  );
}

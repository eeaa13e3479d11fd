/** A model as the network that executors train: a plan wherever there is one. */
import type { Model } from '../models/model';
import type { Network } from './network';
import { lowerModel, type LoweringTarget } from './plan/lower';
import { PlanError } from './plan/plan';

/** @throws PlanError that names the layer that cannot be trained, or that does not fit the data */
export async function networkOf(model: Pick<Model, 'topology'>, target: LoweringTarget): Promise<Network> {
  try {
    return lowerModel(model, target);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const { readLayersNetwork } = await import('./tfjs/layers/network');
    const network = await readLayersNetwork(model, target);
    if (network === null) throw error;
    return network;
  }
}

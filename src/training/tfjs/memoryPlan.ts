/** What a session will take, told from the network: TensorFlow.js takes memory as it goes, so this is an estimate. */
import type { OptimizerConfig } from '../../shared/experiment';
import { sizeOf } from '../plan/geometry';
import type { MemoryPlan, TrainingSetup } from '../trainer';

const bytesPerValue = 4;

/**
 * @param data bytes of the data set in memory
 * @param values of one example in all activations together
 */
export function estimateMemory(setup: TrainingSetup, data: number, values: number): MemoryPlan {
  const { network, masks, optimizer, batchSize, regularization } = setup;
  const trainable = network.parameters.reduce((sum, one) => sum + (one.trainable ? one.size : 0), 0);
  const all = network.parameters.reduce((sum, { size }) => sum + size, 0);
  const masked = masks.some(mask => mask !== null) ? 1 : 0;
  const averaged = regularization.averageDecay === null ? 0 : 1;
  // weights and gradients are there twice, as one vector and as tensors; states and averages old and new
  const copies = 4 + 2 * (statesOf(optimizer) + averaged) + masked;
  const parameters = bytesPerValue * (trainable * copies + (all - trainable));
  const inputs = sizeOf(network.inputShape);
  // each value of the forward pass and its gradient
  const activations = bytesPerValue * batchSize * 2 * (values + inputs);
  return { data, parameters, activations, total: data + parameters + activations };
}

function statesOf(optimizer: OptimizerConfig): number {
  if (optimizer.name !== 'sgd') return 2;
  return optimizer.momentum > 0 ? 1 : 0;
}

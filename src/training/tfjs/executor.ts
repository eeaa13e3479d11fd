/** The executors on TensorFlow.js: one implementation over whatever backend there is. */
import type { DataSet } from '../../data/dataset';
import { isPlan, type Network } from '../network';
import type { Executor, TrainingSession, TrainingSetup } from '../trainer';
import { asDeviceError } from './deviceErrors';
import { bytesInMemory, Examples } from './examples';
import type { Forward } from './forward';
import { estimateMemory } from './memoryPlan';
import { LayersForward } from './layers/forward';
import { checkIndices } from './layers/indices';
import type { Tf, TfBackend, TfLayers } from './namespace';
import { PlanForward } from './planForward';
import { TfSession } from './session';

/** Raised whenever the same inputs give other bits. */
export const numericVariant = '1';

/** Values that an evaluation holds at a time: 64 MiB. */
const evaluationValues = 2 ** 24;
const mostExamples = 256;

export function createTfExecutor(data: DataSet, backend: TfBackend): Executor {
  const { name, device, variant } = backend;
  const examples = new Examples(data);
  return {
    name,
    device,
    variant,
    async open(setup) {
      try {
        return await open(setup, backend, examples);
      } catch (error) {
        throw asDeviceError(error);
      }
    },
    close() {
      examples.close();
      return Promise.resolve();
    },
  };
}

async function open(
  setup: TrainingSetup,
  { tf, layers, backend }: TfBackend,
  examples: Examples,
): Promise<TrainingSession> {
  await tf.setBackend(backend);
  const { network } = setup;
  if (!isPlan(network)) checkIndices(network, examples.data);
  const { forward, values, outputs } = await forwardOf(network, setup, tf, layers);
  return new TfSession({
    tf,
    forward,
    setup,
    examples,
    outputs,
    memory: estimateMemory(setup, bytesInMemory(examples.data), values),
    stretch: Math.max(1, Math.min(mostExamples, Math.floor(evaluationValues / values))),
  });
}

interface Built {
  readonly forward: Forward;
  /** Of one example in all activations. */
  readonly values: number;
  readonly outputs: number;
}

async function forwardOf(network: Network, { weights }: TrainingSetup, tf: Tf, layers: TfLayers): Promise<Built> {
  if (!isPlan(network)) {
    const { values, outputs } = network;
    return { forward: await LayersForward.create(tf, layers, network, weights), values, outputs };
  }
  const values = network.activations.reduce((sum, { size }) => sum + size, 0);
  return { forward: new PlanForward(tf, network, weights), values, outputs: network.activations.at(-1)!.size };
}

/** Which executors there are, and which of them this machine can use. */
import type { Experiment } from '../shared/experiment';
import { findModule } from './modules';
import type { Probed, Unusable, Usable } from '../training/trainer';

/** All that an experiment can name, "auto" left out. */
export type ExecutorName = Exclude<Experiment['executor'], 'auto'>;

export interface ExecutorSource {
  readonly name: ExecutorName;
  /** Trains layers too that no plan covers. */
  readonly anyLayers?: true;
  /** There to be compared with, not to be fast. */
  readonly reference?: true;
  /** Loads what the executor needs and looks for its device. Costs little, and nothing of it is there before it is called. */
  probe(): Promise<Probed>;
}

/** An executor that can be used here: enough for the keys of runs, and to start it. */
export interface ReadyExecutor extends Usable {
  readonly name: ExecutorName;
}

/**
 * In the order in which they are tried: the one that is there everywhere first, the reference last, and of TensorFlow's
 * packages, of which a process can load one only, the one for GPUs.
 */
export const executorSources: readonly ExecutorSource[] = [
  { name: 'wasm', probe: async () => (await import('../training/wasm/probe')).probeWasm() },
  {
    name: 'webgpu',
    probe: async () => (await import('../training/webgpu/executor')).probeWebGpu(findModule('webgpu')),
  },
  {
    name: 'tensorflow-gpu',
    anyLayers: true,

    probe: async () => (await tensorFlow()).probeTensorFlowGpu(findModule('@tensorflow/tfjs-node-gpu')),
  },
  {
    name: 'tensorflow',
    anyLayers: true,

    probe: async () => (await tensorFlow()).probeTensorFlow(findModule('@tensorflow/tfjs-node')),
  },
  { name: 'cpu', anyLayers: true, reference: true, probe: async () => (await tensorFlow()).probeCpu() },
];

const tensorFlow = () => import('../training/tfjs/probe');

/** What a probe found, and of which executor. */
export type Found = ReadyExecutor | (Unusable & { readonly name: ExecutorName });

/** What a probe finds; one that fails itself is a reason like any other. */
export async function probe(source: ExecutorSource): Promise<Found> {
  const { name } = source;
  try {
    return { ...(await source.probe()), name };
  } catch (error) {
    return { name, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The same executor, looked for at most once. */
export function once(source: ExecutorSource): ExecutorSource {
  let found: Promise<Probed> | undefined;
  return { ...source, probe: () => (found ??= source.probe()) };
}

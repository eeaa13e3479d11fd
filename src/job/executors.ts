/** Which executors there are, and which of them this machine can use. */
import { ExperimentError, type Experiment } from '../shared/experiment';
import type { Probed, Usable } from '../training/trainer';

/** All that an experiment can name, "auto" left out. */
export type ExecutorName = Exclude<Experiment['executor'], 'auto'>;

export interface ExecutorSource {
  readonly name: ExecutorName;
  /** Loads what the executor needs and looks for its device. Costs little, and nothing of it is there before it is called. */
  probe(): Promise<Probed>;
}

/** An executor that can be used here: enough for the keys of runs, and to start it. */
export interface ReadyExecutor extends Usable {
  readonly name: ExecutorName;
}

/** In the order of the names. */
export const executorSources: readonly ExecutorSource[] = [
  { name: 'wasm', probe: async () => (await import('../training/wasm/probe')).probeWasm() },
  ...(['webgpu', 'tensorflow', 'tensorflow-gpu', 'cpu'] as const).map(name => ({ name, probe: notThere })),
];

function notThere(): Promise<Probed> {
  return Promise.resolve({ usable: false, reason: 'is not part of this version: choose "auto" or "wasm"' });
}

/** What a probe finds; one that fails itself is a reason like any other. */
export async function probe(source: ExecutorSource): Promise<Probed & { readonly name: ExecutorName }> {
  const { name } = source;
  try {
    return { ...(await source.probe()), name };
  } catch (error) {
    return { name, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws ExperimentError (field `executor`) where it cannot be used */
export async function findExecutor(
  name: Experiment['executor'],
  sources: readonly ExecutorSource[] = executorSources,
): Promise<ReadyExecutor> {
  const source = name === 'auto' ? sources[0]! : sources.find(one => one.name === name)!;
  const found = await probe(source);
  if (!found.usable) throw new ExperimentError('executor', `"${name}" ${found.reason}`);
  return found;
}

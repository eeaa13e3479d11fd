/** Which executors there are, and starting one. */
import { ExperimentError, executors, type Experiment } from '../shared/experiment';
import type { ExecutorFactory } from '../training/trainer';

export type ExecutorName = Experiment['executor'];

/** What is known of an executor before it is started: enough for the keys of runs. */
export interface ExecutorSource {
  readonly name: ExecutorName;
  readonly variant: string;
  readonly create: ExecutorFactory;
}

const available = ['wasm'] as const;

/** Null where it can be used, else why not. */
export function whyUnavailable(name: ExecutorName): string | null {
  if (name === 'auto' || available.some(one => one === name)) return null;
  return `is not part of this version: choose "auto" or ${available.map(one => `"${one}"`).join(', ')}`;
}

/** All that an experiment can name, "auto" left out. */
export const executorNames = executors.filter(name => name !== 'auto');

/** @throws ExperimentError (field `executor`) where it cannot be used */
export async function findExecutor(name: ExecutorName): Promise<ExecutorSource> {
  const reason = whyUnavailable(name);
  if (reason !== null) throw new ExperimentError('executor', `"${name}" ${reason}`);
  const { createWasmExecutor, numericVariant } = await import('../training/wasm/executor');
  return { name: 'wasm', variant: numericVariant, create: data => createWasmExecutor(data) };
}

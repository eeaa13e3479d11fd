/** The wasm executor can be used wherever there is Node. */
import { availableParallelism } from 'node:os';
import type { Probed } from '../trainer';
import { createWasmExecutor, numericVariant } from './executor';
import { defaultThreads, describeDevice, sharedMemory } from './machine';

export function probeWasm(): Promise<Probed> {
  const shared = sharedMemory() !== null;
  return Promise.resolve({
    usable: true,
    device: describeDevice(shared ? defaultThreads() : 1),
    variant: numericVariant,
    create: (data, threads) => createWasmExecutor(data, { threads: Math.min(threads ?? Infinity, defaultThreads()) }),
    processors: availableParallelism(),
    notes: shared ? [] : ['shared memory is missing here, so it trains on one thread'],
  });
}

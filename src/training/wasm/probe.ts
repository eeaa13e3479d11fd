/** The wasm executor can be used wherever there is Node. */
import type { Probed } from '../trainer';
import { createWasmExecutor, numericVariant } from './executor';
import { defaultThreads, describeDevice, processors, sharedMemory } from './machine';

export function probeWasm(): Promise<Probed> {
  const shared = sharedMemory() !== null;
  return Promise.resolve({
    usable: true,
    device: describeDevice(shared ? defaultThreads() : 1),
    variant: numericVariant,
    create: (data, threads) => createWasmExecutor(data, { threads: Math.min(threads ?? Infinity, defaultThreads()) }),
    processors: processors(),
    notes: shared ? [] : ['shared memory is missing here, so it trains on one thread'],
  });
}

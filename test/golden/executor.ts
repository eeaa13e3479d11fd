/** The executor that golden trajectories run on: wasm, or the one that GOLDEN_EXECUTOR names. */
import type { DataSet } from '../../src/data/dataset';
import { executorSources, probe } from '../../src/job/executors';
import type { Executor } from '../../src/training/trainer';
import { createWasmExecutor } from '../../src/training/wasm/executor';

const wanted = process.env['GOLDEN_EXECUTOR'] ?? 'wasm';

/** @throws Error where it cannot be used here */
export async function createGoldenExecutor(data: DataSet): Promise<Executor> {
  // on two threads wherever it runs, so that sharing is tested too
  if (wanted === 'wasm') return createWasmExecutor(data, { threads: 2 });
  const source = executorSources.find(({ name }) => name === wanted);
  if (!source) {
    throw new Error(`GOLDEN_EXECUTOR is none of ${executorSources.map(({ name }) => name).join(', ')}`);
  }
  const found = await probe(source);
  if (!found.usable) throw new Error(`${wanted}: ${found.reason}`);
  return found.create(data);
}

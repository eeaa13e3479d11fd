/** What of this machine the wasm executor works on. */
import { availableParallelism, cpus } from 'node:os';
import { wasm, type WasmMemory } from './webassembly';

const maximumThreads = 16;

/** Growing later must not move threads' views: enough address space is reserved, pages are used as they are touched. */
export function sharedMemory(): WasmMemory | null {
  try {
    return new wasm.Memory({ initial: 1, maximum: 65_536, shared: true });
  } catch {
    return null;
  }
}

/** All processors this process may use, within reason. */
export function defaultThreads(): number {
  return Math.min(maximumThreads, processors());
}

/** Of a node, SLURM may have given it a part only, which not every site enforces: https://slurm.schedmd.com/sbatch.html */
export function processors(environment: NodeJS.ProcessEnv = process.env): number {
  const { SLURM_CPUS_PER_TASK: ofTask, SLURM_JOB_CPUS_PER_NODE: ofJob } = environment;
  // with several nodes "2(x3),4": the first stands for all
  const given = parseInt(ofTask ?? ofJob ?? '', 10);
  return given >= 1 ? Math.min(given, availableParallelism()) : availableParallelism();
}

/** E.g. "2 threads, AMD EPYC". */
export function describeDevice(threads: number): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${String(threads)} ${threads === 1 ? 'thread' : 'threads'}, ${processor}`;
}

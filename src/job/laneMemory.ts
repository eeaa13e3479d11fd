/** How many runs fit into memory side by side. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { MemoryPlan } from '../training/trainer';

/** Of all memory: left to others, and to what is not planned. */
const spare = 0.1;

/**
 * @param plan of the first run, which has taken its memory
 * @param available bytes beside it
 * @param wanted runs side by side
 */
export function runsThatFit(plan: MemoryPlan, available: number, wanted: number): number {
  // start, weights and results of a run pass through this process
  const each = plan.total + plan.parameters;
  return Math.max(1, Math.min(wanted, 1 + Math.floor(available / each)));
}

/** Bytes that this process may still take. */
export function availableMemory(): number {
  // what the system keeps of files counts as taken on a Mac, though it can be had
  const free = process.platform === 'darwin' ? totalmem() / 2 : process.availableMemory() + cachedFiles();
  return Math.max(0, free - spare * Math.min(totalmem(), process.constrainedMemory() || Infinity));
}

/** Of a container with a limit of its own: there too files that were read count as taken. */
function cachedFiles(): number {
  if (process.platform !== 'linux' || process.constrainedMemory() >= totalmem()) return 0;
  try {
    const statistics = readFileSync('/sys/fs/cgroup/memory.stat', 'utf8');
    return Number(/^inactive_file (\d+)$/m.exec(statistics)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { processors } from '../../../../src/training/wasm/machine';

describe('processors that a process may use', () => {
  it('are those of the machine, and in a task of SLURM those that it was given', () => {
    const all = availableParallelism();
    expect(processors({})).toBe(all);
    expect(processors({ SLURM_CPUS_PER_TASK: '1', SLURM_JOB_CPUS_PER_NODE: '64' })).toBe(1);
    expect(processors({ SLURM_JOB_CPUS_PER_NODE: '1(x3)' })).toBe(1);
    expect(processors({ SLURM_CPUS_PER_TASK: '100000' })).toBe(all);
    expect(processors({ SLURM_CPUS_PER_TASK: '0' })).toBe(all);
    expect(processors({ SLURM_CPUS_PER_TASK: 'many' })).toBe(all);
  });
});

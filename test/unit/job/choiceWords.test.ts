import { describe, expect, it } from 'vitest';
import { speedOver } from '../../../src/job/choose';
import { describeChoice } from '../../../src/shared/executorChoice';

describe('the mean speed over an experiment', () => {
  const workload = [1, 0.8, 0.4, 0.2, 0.1].map(density => ({ density, steps: 100 }));

  it('takes steps for dense down to density 0.4, and from there in proportion to the last', () => {
    const { mean } = speedOver(workload, { dense: 10, sparse: 40 });
    // 0.1 s three times, at 0.1 what was measured, 0.025 s, at 0.2 a third of the way from there
    expect(1 / mean).toBeCloseTo((3 * 0.1 + 0.025 + (0.025 + (0.1 - 0.025) / 3)) / 5);
  });

  it('is the speed itself where a mask changes nothing', () => {
    expect(speedOver(workload, { dense: 10, sparse: 10 }).mean).toBeCloseTo(10);
  });

  it('knows the last level where that is hardly sparse', () => {
    expect(
      speedOver(
        [1, 0.8].map(density => ({ density, steps: 1 })),
        { dense: 10, sparse: 20 },
      ).mean,
    ).toBeCloseTo(2 / 0.15);
  });
});

describe('the words of a choice', () => {
  it('are the executor with its reason, each candidate with its speeds or why it has none, and each loss', () => {
    const lost = { executor: 'webgpu', device: 'H100', message: 'gone', next: 'wasm' } as const;
    expect(
      describeChoice({
        executor: 'webgpu',
        reason: 'the fastest',
        candidates: [
          { executor: 'webgpu', device: 'H100', speed: { dense: 2000, sparse: 2100, mean: 2050.4 } },
          { executor: 'wasm', device: '2 threads', speed: { dense: 1.234, sparse: 9.87, mean: 4.321 } },
          { executor: 'tensorflow', reason: 'is not installed' },
        ],
        losses: [
          { ...lost, kind: 'lost', method: 'prefix', level: 0, replicate: 0 },
          { ...lost, executor: 'tensorflow', kind: 'missing', method: 'random-mask', level: 4, replicate: 1 },
        ],
      }),
    ).toEqual([
      'webgpu: the fastest',
      'webgpu (H100): 2,050 steps/s (2,000 steps/s dense, 2,100 steps/s at the last level)',
      'wasm (2 threads): 4.3 steps/s (1.2 steps/s dense, 9.9 steps/s at the last level)',
      'tensorflow: is not installed',
      'the GPU was lost in the run to the rewind step; went on with wasm',
      'tensorflow could not be used any more in random-mask, level 4, replicate 2; went on with wasm',
    ]);
  });
});

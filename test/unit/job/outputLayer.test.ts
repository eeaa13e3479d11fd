import { describe, expect, it } from 'vitest';
import { outputLayerOf } from '../../../src/job/outputLayer';
import type { Plan, PlanOp } from '../../../src/training/plan/plan';

/** Layers named `dense…` and `conv…` have a prunable kernel. */
function planOf(...ops: readonly [layer: string, inputs: readonly number[]][]): Plan {
  return {
    inputShape: [4],
    activations: Array.from({ length: ops.length + 1 }, () => ({ shape: [4], size: 4 })),
    ops: ops.map(([layer, inputs], i) => ({ kind: 'add', layer, inputs, output: i + 1 }) satisfies PlanOp),
    parameters: ops
      .filter(([layer]) => /^(dense|conv)/.test(layer))
      .map(([layer]) => ({
        name: `${layer}/kernel`,
        layer,
        role: 'kernel',
        shape: [4, 4],
        size: 16,
        prunable: true,
        trainable: true,
        initializer: { kind: 'constant', value: 0 },
      })),
    loss: 'cross-entropy',
  };
}

describe('the output layer', () => {
  it('is the last one with prunable weights, whatever follows it', () => {
    expect(outputLayerOf(planOf(['dense_1', [0]], ['relu', [1]], ['dense_2', [2]], ['dropout', [3]]))).toBe('dense_2');
    expect(outputLayerOf(planOf(['conv_1', [0]], ['conv_2', [1]], ['pool', [2]]))).toBe('conv_2');
  });

  it('of branches that meet is the later one', () => {
    expect(outputLayerOf(planOf(['conv_1', [0]], ['conv_2', [1]], ['conv_3', [1]], ['add', [2, 3]]))).toBe('conv_3');
  });

  it('is never on a branch that leads nowhere', () => {
    expect(outputLayerOf(planOf(['dense_1', [0]], ['dense_2', [0]], ['add', [1, 0]]))).toBe('dense_1');
  });

  it('is none where nothing can be pruned', () => {
    expect(outputLayerOf(planOf(['pool', [0]]))).toBe('');
    expect(outputLayerOf(planOf())).toBe('');
  });
});

import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/shared/inspection';
import {
  dtypeMix,
  groupByModule,
  tensorsIn,
  totalsByKind,
  totalsOf,
  type ModuleGroup,
} from '../../../src/shared/totals';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';
import { tensorInfo } from '../../support/tensorInfo';

/** Statistics of a tensor of which so many values are 0. */
function withZeros(tensor: TensorInfo, zeros: number) {
  const accumulator = new StatisticsAccumulator(tensor);
  accumulator.add(Float32Array.from({ length: tensor.count }, (_, i) => (i < zeros ? 0 : 1)));
  return accumulator.result();
}

describe('totals of a checkpoint', () => {
  const tensors = [
    tensorInfo({ name: 'embed', shape: [4, 5], kind: 'embedding' }),
    tensorInfo({ name: 'attn.q', shape: [5, 5], kind: 'attention' }),
    tensorInfo({ name: 'norm', shape: [5] }),
    tensorInfo({ name: 'mean', shape: [5], role: 'buffer' }),
    tensorInfo({ name: 'head', shape: [4, 5], kind: 'head', tiedTo: 'embed' }),
    tensorInfo({ name: 'exp_avg', shape: [4, 5], role: 'optimizer', prunable: false }),
    tensorInfo({ name: 'broken', shape: [9, 9], error: 'cut short' }),
  ];
  const zeros = [10, 5, 1, 0, 10, 20];
  const statistics = (index: number) => (zeros[index] === undefined ? null : withZeros(tensors[index]!, zeros[index]));

  it('count weights and buffers, tied memory once, no optimiser state; what is missing is told', () => {
    expect(totalsOf(tensors, statistics)).toEqual({
      all: { count: 55, zeros: 16, sparsity: 16 / 55, tensors: 4, missing: 1 },
      prunable: { count: 45, zeros: 15, sparsity: 15 / 45, tensors: 2, missing: 1 },
    });
  });

  it('of nothing have no sparsity', () => {
    expect(totalsOf([], statistics).all).toEqual({ count: 0, zeros: 0, sparsity: 0, tensors: 0, missing: 0 });
  });

  it('by part of a transformer stand beside the guideline; a network without attention has no such parts', () => {
    expect(totalsByKind(tensors, statistics)).toMatchObject([
      { kind: 'embedding', total: { count: 20, zeros: 10 }, guideline: { least: 0.2, most: 0.3 } },
      { kind: 'attention', total: { count: 25, zeros: 5 }, guideline: { least: 0.5, most: 0.6 } },
    ]);
    expect(totalsByKind([tensors[0]!], statistics)).toEqual([]);
  });

  it('tell the types by their bytes', () => {
    const half = tensorInfo({ name: 'h', shape: [100], dtype: 'F16', bytes: 200 });
    expect(dtypeMix([half, ...tensors.slice(0, 6)])).toEqual([
      { dtype: 'F32', count: 55, bytes: 220 },
      { dtype: 'F16', count: 100, bytes: 200 },
    ]);
  });
});

describe('modules', () => {
  const named = (...names: string[]) => groupByModule(names.map(name => tensorInfo({ name })));

  it('are the parts of the names, in the order of the file', () => {
    const root = named('layer1.0.conv.weight', 'fc.bias', 'layer1.0.conv.bias', 'dense/kernel:0', 'scale');
    const shown = (group: ModuleGroup): unknown[] => [group.path, group.tensors, ...group.modules.map(shown)];
    expect(shown(root)).toEqual([
      '',
      [4],
      ['layer1', [], ['layer1.0', [], ['layer1.0.conv', [0, 2]]]],
      ['fc', [1]],
      ['dense', [3]],
    ]);
    expect(tensorsIn(root.modules[0]!)).toEqual([0, 2]);
  });

  it('of names without end or sense do no harm', () => {
    const root = named('.'.repeat(100_000), 'a.'.repeat(50_000), '', '__proto__.constructor.x');
    expect(tensorsIn(root).sort()).toEqual([0, 1, 2, 3]);
  });
});

import { describe, expect, it } from 'vitest';
import { missingByDepth } from '../../../../src/job/cluster/plan';
import type { RunNode, RunRecord } from '../../../../src/shared/run';

const node = (key: string, ...needs: string[]): RunNode => ({ key, needs }) as unknown as RunNode;
const records = (all: Record<string, 'done' | 'failed'>): Map<string, RunRecord> =>
  new Map(Object.entries(all).map(([key, status]) => [key, { key, status } as RunRecord]));
const keys = (layers: RunNode[][]): string[][] => layers.map(layer => layer.map(({ key }) => key));

/** prefix and dense, two levels, and a comparison that needs two of them; named twice. */
const nodes = [
  node('prefix'),
  node('dense'),
  node('one', 'dense', 'prefix'),
  node('two', 'one', 'prefix'),
  node('compared', 'two', 'dense'),
  node('alone', 'prefix'),
  node('one', 'dense', 'prefix'),
];

describe('what is missing, by depth', () => {
  it('stands after all it needs, each run once', () => {
    expect(keys(missingByDepth(nodes, new Map()))).toEqual([
      ['prefix', 'dense'],
      ['one', 'alone'],
      ['two'],
      ['compared'],
    ]);
  });

  it('counts from the runs that are there', () => {
    const there = records({ prefix: 'done', dense: 'done', one: 'done' });
    expect(keys(missingByDepth(nodes, there))).toEqual([['two', 'alone'], ['compared']]);
  });

  it('leaves out what needs a run that has failed', () => {
    expect(keys(missingByDepth(nodes, records({ dense: 'failed', prefix: 'done' })))).toEqual([['alone']]);
    expect(missingByDepth(nodes, records(Object.fromEntries(nodes.map(({ key }) => [key, 'done']))))).toEqual([]);
  });
});

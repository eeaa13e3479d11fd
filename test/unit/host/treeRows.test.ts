import { describe, expect, test } from 'vitest';
import { TreeRows } from '../../../src/host/treeRows';
import { entry, report } from './reports';

const progress = (secondsLeft: number) => ({ runsDone: 1, runsTotal: 2, levels: 1, fraction: 0.5, secondsLeft });

describe('rows of the tree', () => {
  test('are drawn anew where they have changed, and no other; each stays the object it was', () => {
    const rows = new TreeRows();
    expect(rows.update([entry('a', { live: { progress: progress(9) } }), entry('b'), entry('c')])).toBeNull();
    const [first, second] = rows.nodes();
    const changed = rows.update([entry('a', { live: { progress: progress(8) } }), entry('b'), entry('c')]);
    expect(changed).toEqual([first]);
    expect(changed![0]).toBe(first);
    expect(first!.description).toContain('0:08 left');
    expect(rows.nodes()[1]).toBe(second);
  });

  test('are drawn anew for a report alone, and have what it says below them', () => {
    const rows = new TreeRows();
    const running = { ...report, status: 'running' } as const;
    rows.update([entry('a', { report: running, elsewhere: true })]);
    const [row] = rows.nodes();
    const fewer = { ...running, runs: running.runs.slice(0, 1) };
    expect(rows.update([entry('a', { report: fewer, elsewhere: true })])).toEqual([row]);
    expect(row!.children()).toHaveLength(1);
    expect(rows.update([entry('a', { report: fewer, elsewhere: true })])).toEqual([]);
  });

  test('lose the colour of a state that they have left', () => {
    const rows = new TreeRows();
    const running = { ...report, status: 'running' } as const;
    rows.update([entry('a', { report: running })]);
    expect(rows.nodes()[0]!.color).toMatch(/Warning/);
    rows.update([entry('a', { report: running, elsewhere: true })]);
    expect(rows.nodes()[0]!.color).toBeUndefined();
  });

  test.each([
    ['another comes', [entry('a'), entry('b'), entry('c')]],
    ['one goes', [entry('a')]],
    ['the order changes', [entry('a'), entry('b', { changed: 9 })]],
  ])('are all read again where %s', (_, entries) => {
    const rows = new TreeRows();
    rows.update([entry('a'), entry('b')]);
    expect(rows.update(entries)).toBeNull();
    expect(rows.nodes()).toHaveLength(entries.length);
  });
});

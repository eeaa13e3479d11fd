import { describe, expect, test } from 'vitest';
import { arranged, columnWidths, type TableColumn } from '../../../webview/inspector/column';
import { filterChoices, filterTensors, isFiltered, noFilter } from '../../../webview/inspector/filterModel';
import { compareValues, flatRows, groupedRows, nextSort, tree, type Row } from '../../../webview/inspector/rowsModel';
import { contentHeight, rowAfterKey, scrollTopFor, visibleRows } from '../../../webview/inspector/virtual';
import { readViewState } from '../../../webview/inspector/viewState';
import { tensor, transformer } from '../../support/sampleInspection';

const none = new Set<string>();
const all = (tensors: readonly unknown[]) => tensors.map((_, index) => index);
const shown = (rows: readonly Row[]) => rows.map(row => `${'  '.repeat(row.depth)}${row.label}`);

describe('rows by module', () => {
  const tensors = [
    tensor('fc.weight', [4, 4]),
    tensor('net.block.0.a.weight', [2, 2]),
    tensor('net.block.0.a.bias', [2]),
    tensor('net.block.10.weight', [3, 3]),
    tensor('net.block.10.bias', [3]),
    tensor('net.block.2.weight', [3, 3]),
    tensor('fc.bias', [4]),
  ];

  test('modules that hold nothing but one other are one row; a module of one tensor is none', () => {
    const rows = groupedRows(tree(tensors, all(tensors)), tensors, none, null);
    expect(shown(rows)).toEqual([
      'fc',
      '  weight',
      '  bias',
      'net.block',
      '  0.a',
      '    weight',
      '    bias',
      '  10',
      '    weight',
      '    bias',
      '  2.weight',
    ]);
  });

  test('what is toggled closes, and what was closed at first opens', () => {
    const root = tree(tensors, all(tensors));
    const rows = groupedRows(root, tensors, new Set(['net.block']), null);
    expect(shown(rows)).toEqual(['fc', '  weight', '  bias', 'net.block']);
    const large = Array.from({ length: 1_000 }, (_, index) => tensor(`layers.${index >> 1}.${'ab'[index & 1]!}`, [2]));
    const closed = groupedRows(tree(large, all(large)), large, none, null);
    expect(shown(closed)).toEqual(['layers']);
    expect(groupedRows(tree(large, all(large)), large, new Set(['layers']), null).length).toBe(501);
  });

  test('siblings are sorted, at every depth, and what has no value goes last', () => {
    const value = [4, 3, 2, null, 5, 6, 1];
    const sort = (descending: boolean) =>
      shown(groupedRows(tree(tensors, all(tensors)), tensors, none, { descending, of: index => value[index]! }));
    expect(sort(true)).toEqual([
      'net.block',
      '  2.weight',
      '  10',
      '    bias',
      '    weight',
      '  0.a',
      '    weight',
      '    bias',
      'fc',
      '  weight',
      '  bias',
    ]);
    expect(sort(false)[0]).toBe('fc');
  });

  test('a group knows the tensors in it and below', () => {
    const rows = groupedRows(tree(tensors, [0, 1, 3, 5]), tensors, none, null);
    const group = rows.find(row => row.kind === 'group' && row.path === 'net.block');
    expect(group).toMatchObject({ members: expect.arrayContaining([1, 3, 5]) });
  });

  test('100,000 tensors open as their modules, closed: few rows, none lost', () => {
    const many = Array.from({ length: 100_000 }, (_, index) =>
      tensor(`layers.${index % 1_000}.experts.${index >> 10}.w${index}`, [2]),
    );
    const root = tree(many, all(many));
    const rows = groupedRows(root, many, new Set(['layers']), { descending: true, of: index => index % 97 });
    expect(rows).toHaveLength(1_001);
    const members = rows.slice(1).flatMap(row => (row.kind === 'group' ? [...row.members] : []));
    expect(new Set(members).size).toBe(100_000);
  });
});

describe('flat rows', () => {
  const tensors = ['b.2', 'b.10', 'a'].map(name => tensor(name, [1]));

  test('keep the order of the file, or follow the column', () => {
    expect(shown(flatRows(tensors, [0, 1, 2], null))).toEqual(['b.2', 'b.10', 'a']);
    const byName = { descending: false, of: (index: number) => tensors[index]!.name };
    expect(shown(flatRows(tensors, [0, 1, 2], byName))).toEqual(['a', 'b.2', 'b.10']);
  });

  test('equal values stay in the order of the file, either way', () => {
    for (const descending of [true, false]) {
      expect(shown(flatRows(tensors, [0, 1, 2], { descending, of: () => 7 }))).toEqual(['b.2', 'b.10', 'a']);
    }
  });

  test('nothing is larger or smaller than what is missing: it is last', () => {
    expect(compareValues(null, 5, true)).toBeGreaterThan(0);
    expect(compareValues(null, 5, false)).toBeGreaterThan(0);
    expect(compareValues(null, null, false)).toBe(0);
  });
});

test('a click sorts numbers from the largest and words from a, the next turns it round, the third ends it', () => {
  const first = nextSort(null, 'sparsity', true);
  expect(first).toEqual({ column: 'sparsity', descending: true });
  expect(nextSort(first, 'sparsity', true)).toEqual({ column: 'sparsity', descending: false });
  expect(nextSort({ column: 'sparsity', descending: false }, 'sparsity', true)).toBeNull();
  expect(nextSort(first, 'tensor', false)).toEqual({ column: 'tensor', descending: false });
});

describe('the filter', () => {
  const tensors = transformer(1);
  const names = (changes: Partial<typeof noFilter>, error: (index: number) => string | null = () => null) =>
    filterTensors(tensors, { ...noFilter, ...changes }, error).map(index => tensors[index]!.name);

  test('takes words in any order, in name, shape and dtype, whatever their case', () => {
    expect(names({ text: 'PROJ self' })).toHaveLength(4);
    expect(names({ text: '2048x512' })).toEqual(['model.layers.0.mlp.up_proj.weight']);
    expect(names({ text: 'bf16 head' })).toEqual(['lm_head.weight']);
    expect(names({ text: 'nothing such' })).toEqual([]);
  });

  test('takes role, kind and dtype together', () => {
    expect(names({ kind: 'feed-forward' })).toHaveLength(2);
    expect(names({ role: 'optimizer' })).toEqual(['optimizer.state.0.exp_avg']);
    expect(names({ role: 'prunable', dtype: 'F32' })).toEqual([]);
    expect(names({ role: 'unreadable' }, index => (index === 2 ? 'cut off' : null))).toEqual([tensors[2]!.name]);
  });

  test('offers what the file has, and no choice where there is none', () => {
    expect(filterChoices(tensors)).toEqual({
      roles: ['prunable', 'optimizer', 'weight'],
      kinds: ['attention', 'embedding', 'feed-forward', 'head', 'none', 'normalization'],
      dtypes: ['BF16', 'F32'],
    });
    expect(filterChoices([tensor('a', [2, 2])])).toEqual({ roles: [], kinds: [], dtypes: [] });
  });

  test('white space is no filter', () => {
    expect(isFiltered({ ...noFilter, text: '  ' })).toBe(false);
    expect(isFiltered({ ...noFilter, dtype: 'F16' })).toBe(true);
  });
});

describe('rows in view', () => {
  const short = { rowHeight: 24, count: 1_000, viewport: 240 };

  test('those in the box and some beyond each edge', () => {
    expect(visibleRows(short, 0, 3)).toEqual({ first: 0, end: 13, top: 0 });
    expect(visibleRows(short, 2_400, 3)).toEqual({ first: 97, end: 113, top: 97 * 24 });
    expect(visibleRows(short, 24_000 - 240, 3)).toMatchObject({ end: 1_000 });
    expect(visibleRows({ ...short, count: 0 }, 0, 3)).toMatchObject({ first: 0, end: 0 });
  });

  test('a table longer than browsers can lay out still reaches its last row, and every row in between', () => {
    const long = { rowHeight: 24, count: 2_000_000, viewport: 600 };
    const content = contentHeight(long);
    expect(content).toBeLessThan(33_000_000);
    expect(visibleRows(long, content - 600, 2).end).toBe(2_000_000);
    expect(visibleRows(long, 0, 2).first).toBe(0);
    for (const row of [0, 1, 777_777, 1_999_999]) {
      const top = scrollTopFor(long, content / 3, row);
      const { first, end } = visibleRows(long, top, 0);
      expect(row).toBeGreaterThanOrEqual(first);
      expect(row).toBeLessThan(end);
    }
  });

  test('the first row drawn stands where scrolling has come to', () => {
    const long = { rowHeight: 24, count: 2_000_000, viewport: 600 };
    const scrollTop = 7_000_000.5;
    const { first, top } = visibleRows(long, scrollTop, 0);
    // no more than a row above the edge of the box
    expect(scrollTop - top).toBeGreaterThanOrEqual(0);
    expect(scrollTop - top).toBeLessThan(24);
    expect(first).toBeGreaterThan(900_000);
  });

  test('a row that is in view scrolls nothing; another comes in by the nearest edge', () => {
    expect(scrollTopFor(short, 100, 5)).toBe(100);
    expect(scrollTopFor(short, 100, 0)).toBe(0);
    expect(scrollTopFor(short, 0, 10)).toBe(24);
  });

  test('keys move by rows and pages and stay within the table', () => {
    expect(rowAfterKey('ArrowDown', 999, short)).toBe(999);
    expect(rowAfterKey('PageDown', 0, short)).toBe(9);
    expect(rowAfterKey('PageUp', 3, short)).toBe(0);
    expect(rowAfterKey('End', 0, short)).toBe(999);
    expect(rowAfterKey('Home', 500, short)).toBe(0);
    expect(rowAfterKey('a', 5, short)).toBeNull();
    expect(rowAfterKey('toString', 5, short)).toBeNull();
    expect(rowAfterKey('End', 0, { ...short, count: 0 })).toBeNull();
  });
});

describe('columns', () => {
  const column = (id: string, width: number, rank: number): TableColumn => ({
    id,
    label: id,
    title: id,
    width,
    rank,
    align: 'left',
    numeric: false,
    fill: () => undefined,
  });
  const columns = [column('name', 0, 0), column('shape', 100, 3), column('sparsity', 140, 1)];

  test('what says most comes first where there is little room', () => {
    expect(arranged(columns, [], true).map(({ id }) => id)).toEqual(['name', 'sparsity', 'shape']);
    expect(arranged(columns, [], false).map(({ id }) => id)).toEqual(['name', 'shape', 'sparsity']);
  });

  test('the first cannot be put away, and takes what is left', () => {
    expect(arranged(columns, ['name', 'shape'], false).map(({ id }) => id)).toEqual(['name', 'sparsity']);
    expect(columnWidths(columns, 1_000, false)).toEqual([760, 100, 140]);
    expect(columnWidths(columns, 280, true)).toEqual([180, 100, 140]);
    expect(columnWidths(columns, 240, true)).toEqual([150, 100, 140]);
  });

  test('a bar grows once names have room', () => {
    const grown = columns.map(one => (one.id === 'sparsity' ? { ...one, grows: true } : one));
    expect(columnWidths(grown, 600, false)).toEqual([360, 100, 140]);
    expect(columnWidths(grown, 760, false)).toEqual([420, 100, 240]);
    expect(columnWidths(grown, 1_100, false)).toEqual([600, 100, 400]);
  });
});

test('view state that does not fit falls back to the default', () => {
  const fresh = readViewState({});
  expect(fresh).toMatchObject({ grouping: 'module', sort: null, hidden: [], open: null, filter: noFilter });
  const strange = readViewState({
    filter: 7,
    grouping: 'sideways',
    sort: { column: 3 },
    hidden: [1, 'std'],
    toggled: 'x',
  });
  expect(strange).toEqual({ ...fresh, hidden: ['std'] });
  const kept = {
    filter: { ...noFilter, text: 'conv' },
    grouping: 'flat',
    sort: { column: 'std', descending: true },
    hidden: [],
    toggled: ['a'],
    open: 'b',
  };
  expect(readViewState(kept)).toEqual(kept);
});

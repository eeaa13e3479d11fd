import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSafetensors, type NamedTensor } from '../../../src/checkpoints/safetensors';
import { Inspector } from '../../../src/inspection/inspector';
import { StatisticsEngine } from '../../../src/inspection/statisticsEngine';
import { InspectorClient, only } from '../../support/inspectorClient';

let folder: string;
let inspector: Inspector;
let client: InspectorClient;
let counted: number;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wt-inspector-'));
  counted = 0;
  start();
});
afterEach(async () => {
  await inspector.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Counts what it counts: what comes from a cache is not. */
class CountingEngine extends StatisticsEngine {
  override statistics(...of: Parameters<StatisticsEngine['statistics']>): ReturnType<StatisticsEngine['statistics']> {
    counted++;
    return super.statistics(...of);
  }
}

function start(): void {
  inspector = new Inspector(new CountingEngine({ threads: 1 }), message => {
    client.hear(message);
  });
  client = new InspectorClient(message => {
    inspector.receive(message);
  });
}

function weight(name: string, shape: readonly number[], of: (i: number) => number): NamedTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, dtype: 'F32', shape, data: Float32Array.from({ length: count }, (_, i) => of(i)) };
}

function write(name: string, tensors: readonly NamedTensor[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, encodeSafetensors(tensors));
  return file;
}

const two = [weight('a.weight', [4, 8], i => (i % 2 === 0 ? 0 : i)), weight('b.weight', [2, 4], i => i)];

async function open(id: number, file: string): Promise<void> {
  expect((await client.ask({ type: 'open', id, source: { path: file } })).last.type).toBe('done');
}

describe('an inspector', () => {
  it('opens a file: structure at once, no value read', async () => {
    const file = write('two.safetensors', two);
    const { answers, last } = await client.ask({ type: 'open', id: 1, source: { path: file } });
    expect(answers).toMatchObject([
      {
        type: 'opened',
        id: 1,
        tensorCount: 2,
        identity: expect.stringContaining(file),
        summary: { file, format: 'safetensors', tensors: [{ name: 'a.weight', shape: [4, 8] }, { name: 'b.weight' }] },
      },
    ]);
    expect(last.type).toBe('done');
    expect(counted).toBe(0);
  });

  it('lists very many tensors in pages', async () => {
    const many = Array.from({ length: 4_100 }, (_, i) => weight(`w${i}`, [1], () => 1));
    const { answers } = await client.ask({ type: 'open', id: 1, source: { path: write('many.safetensors', many) } });
    const [opened] = only('opened', answers);
    expect(opened).toMatchObject({ tensorCount: 4_100 });
    const pages = only('tensors', answers);
    expect([opened!.summary.tensors.length, ...pages.map(({ first, tensors }) => [first, tensors.length])]).toEqual([
      2_000,
      [2_000, 2_000],
      [4_000, 100],
    ]);
    expect(pages[1]!.tensors[99]!.name).toBe('w4099');
  });

  it('opens bytes that the host has read', async () => {
    const bytes = encodeSafetensors(two);
    const source = { name: 'two.safetensors (HEAD)', identity: 'git:abc', bytes };
    const { answers } = await client.ask({ type: 'open', id: 1, source });
    expect(answers).toMatchObject([{ type: 'opened', identity: 'git:abc', summary: { file: source.name } }]);
  });

  it('says why a file cannot be opened', async () => {
    const file = path.join(folder, 'missing.safetensors');
    const { last } = await client.ask({ type: 'open', id: 1, source: { path: file } });
    expect(last).toEqual({ type: 'failed', id: 1, message: `${file}: there is no such file` });
    expect(await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [0] })).toMatchObject({
      last: { type: 'failed', message: 'this file is not open any more' },
    });
  });

  it('streams statistics in the order of the wishes; each tensor once, unknown ones left out', async () => {
    await open(1, write('two.safetensors', two));
    const { answers } = await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [1, 0, 0, 99, 1] });
    const results = only('statistics', answers);
    expect(results.map(({ tensor }) => tensor).sort()).toEqual([0, 1]);
    expect(results.find(({ tensor }) => tensor === 0)).toMatchObject({
      result: { ok: true, statistics: { count: 32, zeros: 16, deadInputs: { dead: 4, total: 8 } } },
    });
  });

  it('turns to what has come into view', async () => {
    const many = Array.from({ length: 60 }, (_, i) => weight(`w${i}.weight`, [2, 2], () => 1));
    await open(1, write('many.safetensors', many));
    let told = false;
    const { answers } = await client.ask(
      { type: 'statistics', id: 2, file: 1, tensors: many.map((_, i) => i) },
      answer => {
        if (!told && answer.type === 'statistics') client.tell({ type: 'prefer', id: 2, wanted: [50, 51, 0] });
        told = true;
      },
    );
    const order = only('statistics', answers).map(({ tensor }) => tensor);
    expect(order.toSorted((a, b) => a - b)).toEqual(many.map((_, i) => i));
    expect(order.indexOf(50)).toBeLessThan(10);
    expect(order.indexOf(51)).toBeLessThan(10);
  });

  it('ends what is cancelled, and answers the next', async () => {
    const many = Array.from({ length: 60 }, (_, i) => weight(`w${i}.weight`, [2, 2], () => 1));
    await open(1, write('many.safetensors', many));
    let told = false;
    const { answers, last } = await client.ask(
      { type: 'statistics', id: 2, file: 1, tensors: many.map((_, i) => i) },
      () => {
        if (!told) client.tell({ type: 'cancel', id: 2 });
        told = true;
      },
    );
    expect(last).toEqual({ type: 'cancelled', id: 2 });
    expect(answers.length).toBeLessThan(10);
    expect((await client.ask({ type: 'statistics', id: 3, file: 1, tensors: [5] })).last.type).toBe('done');
  });

  it('counts nothing twice, in this process', async () => {
    const file = write('two.safetensors', two);
    await open(1, file);
    await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [0, 1] });
    await open(3, file);
    const { answers } = await client.ask({ type: 'statistics', id: 4, file: 3, tensors: [0, 1] });
    expect(answers).toHaveLength(2);
    expect(counted).toBe(2);
  });

  it('nor in the next one, as long as the file is the same and what was kept is whole', async () => {
    const file = write('two.safetensors', two);
    const cacheDirectory = path.join(folder, 'cache');
    const again = async (): Promise<unknown> => {
      await inspector.close();
      start();
      client.tell({ type: 'settings', cacheDirectory });
      await open(1, file);
      const { answers } = await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [0, 1] });
      return only('statistics', answers).toSorted((a, b) => a.tensor - b.tensor);
    };
    const first = await again();
    expect(counted).toBe(2);
    expect(await again()).toEqual(first);
    expect(counted).toBe(2);
    const [kept] = readdirSync(cacheDirectory);
    const keptFile = path.join(cacheDirectory, kept!);
    writeFileSync(keptFile, readFileSync(keptFile, 'utf8').replace('"zeros":16', '"zeros":-1'));
    expect(await again()).toEqual(first);
    expect(counted).toBe(4);
    utimesSync(file, 1, 1);
    expect(await again()).toEqual(first);
    expect(counted).toBe(6);
  });

  it('keeps on where nothing can be kept on disk', async () => {
    const cacheDirectory = path.join(folder, 'occupied');
    writeFileSync(cacheDirectory, 'a file');
    client.tell({ type: 'settings', cacheDirectory });
    await open(1, write('two.safetensors', two));
    const { answers, last } = await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [0] });
    expect([answers.length, last.type]).toEqual([1, 'done']);
  });

  it('says once that a file was changed, or removed', async () => {
    const [changing, vanishing] = [write('changing.safetensors', two), write('vanishing.safetensors', two)];
    await open(1, changing);
    await open(2, vanishing);
    utimesSync(changing, 1, 1);
    rmSync(vanishing);
    await new Promise(resolve => setTimeout(resolve, 4_500));
    const changes = client.heard.filter(({ type }) => type === 'changed');
    expect(changes).toHaveLength(2);
    expect(changes).toContainEqual({ type: 'changed', file: 1, reason: 'changed' });
    expect(changes).toContainEqual({ type: 'changed', file: 2, reason: 'removed' });
  }, 10_000);

  it('gives a region of a tensor as cells, or its single weights', async () => {
    await open(1, write('two.safetensors', two));
    const region = { row: 1, column: 2, rows: 100, columns: 4 };
    const single = await client.ask({
      type: 'tile',
      id: 2,
      file: 1,
      tensor: 0,
      region,
      cells: { rows: 512, columns: 512 },
    });
    expect(single.answers).toMatchObject([
      {
        type: 'tile',
        tile: {
          matrix: { rows: 4, columns: 8, kernelPositions: 1 },
          region: { row: 1, column: 2, rows: 3, columns: 4 },
          cells: { kind: 'weights', values: Float32Array.of(0, 11, 0, 13, 0, 19, 0, 21, 0, 27, 0, 29) },
        },
      },
    ]);
    const coarse = await client.ask({
      type: 'tile',
      id: 3,
      file: 1,
      tensor: 0,
      region,
      cells: { rows: 2, columns: 1 },
    });
    expect(coarse.answers).toMatchObject([
      {
        tile: {
          rows: 2,
          columns: 1,
          cellRows: 2,
          cells: {
            kind: 'summary',
            maximum: Float32Array.of(21, 29),
            mean: Float32Array.of(8, 14),
            zeroFraction: Float32Array.of(0.5, 0.5),
          },
        },
      },
    ]);
    const outside = await client.ask({
      type: 'tile',
      id: 4,
      file: 1,
      tensor: 0,
      region: { ...region, row: 4 },
      cells: { rows: 2, columns: 2 },
    });
    expect(outside.last).toMatchObject({ type: 'failed', message: expect.stringContaining('outside') });
  });

  it('gives the distribution of a tensor and the norms of its rows', async () => {
    await open(1, write('two.safetensors', [weight('w.weight', [2, 2], i => [3, 4, 0, -1][i]!)]));
    const { answers } = await client.ask({ type: 'details', id: 2, file: 1, tensor: 0 });
    const [{ details }] = only('details', answers) as [ReturnType<typeof only<'details'>>[0]];
    expect(details).toMatchObject({
      statistics: { count: 4, zeros: 1 },
      rowNorms: Float32Array.of(5, 1),
      rowZeros: Uint32Array.of(0, 1),
      histogram: { first: -1, width: 5 / 64 },
    });
    const bins = details.histogram!.counts.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []));
    expect(bins).toEqual([
      [0, 1],
      [51, 1],
      [63, 1],
    ]);
  });

  it('compares two files', async () => {
    await open(1, write('left.safetensors', two));
    const right = [weight('module.a.weight', [4, 8], i => (i % 4 < 2 ? 0 : -i)), weight('b.weight', [4, 2], i => i)];
    await open(2, write('right.safetensors', right));
    const { answers, last } = await client.ask({ type: 'compare', id: 3, left: 1, right: 2 });
    expect(last.type).toBe('done');
    expect(answers).toMatchObject([
      { type: 'pairs', pairs: [{ name: 'a.weight' }], unpaired: [{ name: 'b.weight', left: [2, 4], right: [4, 2] }] },
      {
        type: 'comparison',
        pair: 0,
        result: {
          ok: true,
          comparison: { count: 32, keptInBoth: 8, onlyLeft: 8, onlyRight: 8, neither: 8, signFlips: 8, maskIou: 1 / 3 },
        },
      },
    ]);
    const sides = { left: { file: 1, tensor: 0 }, right: { file: 2, tensor: 1 } };
    const names = only('pairs', answers)[0]!.pairs[0]!;
    expect(sides.left.tensor).toBe(names.left);
    const pair = { left: { file: 1, tensor: names.left }, right: { file: 2, tensor: names.right } };
    const tile = await client.ask({
      type: 'maskTile',
      id: 4,
      ...pair,
      region: { row: 0, column: 0, rows: 4, columns: 8 },
      cells: { rows: 1, columns: 8 },
    });
    expect(tile.answers).toMatchObject([
      { tile: { onlyLeft: Uint32Array.of(0, 4, 0, 0, 0, 4, 0, 0), onlyRight: Uint32Array.of(0, 0, 4, 0, 0, 0, 4, 0) } },
    ]);
    const next = async (id: number, from: number) => {
      const answered = await client.ask({ type: 'nextDifference', id, ...pair, from });
      return only('difference', answered.answers)[0]!.found;
    };
    expect(await next(5, 0)).toEqual({ position: 1, row: 0, column: 1 });
    expect(await next(6, 7)).toEqual({ position: 9, row: 1, column: 1 });
    expect(await next(7, 31)).toBeNull();
  });

  it('gives up a file only after what reads it has ended', async () => {
    await open(1, write('two.safetensors', two));
    const counting = client.ask({ type: 'details', id: 2, file: 1, tensor: 0 });
    client.tell({ type: 'close', file: 1 });
    expect((await counting).last).toMatchObject({ type: 'failed', message: expect.stringContaining('closed') });
    expect((await client.ask({ type: 'details', id: 3, file: 1, tensor: 0 })).last.type).toBe('failed');
    expect(client.heard.filter(({ type }) => type === 'log')).toEqual([]);
  });

  it.each([
    ['nothing', null],
    ['no type', { id: 1 }],
    ['another type', { type: 'run', id: 1 }],
    ['a number of 0', { type: 'details', id: 0, file: 1, tensor: 0 }],
    ['a field too many', { type: 'cancel', id: 1, force: true }],
    [
      'a tile of many cells',
      {
        type: 'tile',
        id: 1,
        file: 1,
        tensor: 0,
        region: { row: 0, column: 0, rows: 1, columns: 1 },
        cells: { rows: 513, columns: 1 },
      },
    ],
    [
      'an endless region',
      {
        type: 'tile',
        id: 1,
        file: 1,
        tensor: 0,
        region: { row: 0, column: 0, rows: Infinity, columns: 1 },
        cells: { rows: 1, columns: 1 },
      },
    ],
    ['a tensor between two', { type: 'statistics', id: 1, file: 1, tensors: [0.5] }],
    ['bytes that are none', { type: 'open', id: 1, source: { name: 'a', identity: 'b', bytes: 'c' } }],
  ])('leaves out a message with %s', (_, message) => {
    client.tell(message);
    expect(client.heard).toMatchObject([{ type: 'log', level: 'warn', message: expect.stringContaining('left out') }]);
  });

  it('takes a folder for what it is', async () => {
    mkdirSync(path.join(folder, 'sub'));
    const { last } = await client.ask({ type: 'open', id: 1, source: { path: path.join(folder, 'sub') } });
    expect(last).toMatchObject({ type: 'failed', message: expect.stringContaining('a folder') });
  });
});

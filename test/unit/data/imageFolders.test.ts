import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { folder } from './idxFiles';
import { type Colour, flat, jpeg, png, tree } from './imageFiles';

const load = (files: Readonly<Record<string, Uint8Array>>, more: object = {}) =>
  loadData({ format: 'images', directory: tree(files), size: 2, colour: 'rgb', validation: 0, ...more }, '/');

const red: Colour = [200, 0, 0];
const blue: Colour = [0, 0, 100];
const good = {
  'train/cat/b.png': flat(red),
  'train/cat/a.jpg': jpeg(red),
  'train/ant/1.png': flat(blue),
  'train/ant/notes.txt': Buffer.from('left alone'),
  'train/ant/.hidden.png': Buffer.from('left alone'),
  'test/cat/1.PNG': flat(red),
};

describe('folders of images', () => {
  it('are classes in the order of their names, their images brought to one size', async () => {
    const data = await load(good);
    expect(data).toMatchObject({ inputShape: [2, 2, 3], classes: 2, labelNames: ['ant', 'cat'] });
    expect(Array.from(data.training.labels)).toEqual([0, 1, 1]);
    expect(Array.from(data.test.labels)).toEqual([1]);
    expect(Array.from(data.test.inputs)).toEqual([...red, ...red, ...red, ...red]);
    const [ant, decoded] = [data.training.inputs.subarray(0, 12), data.training.inputs.subarray(12, 24)];
    expect(Array.from(ant)).toEqual([...blue, ...blue, ...blue, ...blue]);
    for (let i = 0; i < 12; i++) expect(Math.abs(decoded[i]! - red[i % 3]!)).toBeLessThan(4);
  });

  it('become grey by luma', async () => {
    const data = await load(good, { colour: 'grey', size: [1, 2] });
    expect(data.inputShape).toEqual([1, 2, 1]);
    expect(Array.from(data.test.inputs)).toEqual([60, 60]);
  });

  it('shrink over all pixels under the filter, and grow bilinearly', async () => {
    const stripes = png(8, 1, x => (x % 2 === 0 ? [0, 0, 0] : [200, 200, 200]));
    const ramp = png(2, 1, x => (x === 0 ? [0, 0, 0] : [100, 100, 100]));
    const files = { 'a/1.png': stripes, 'b/1.png': ramp };
    const read = async (width: number) => {
      const data = await load(files, { size: [1, width], colour: 'grey', testShare: 0.5 });
      const parts = [data.training, data.test].sort((one, other) => one.labels[0]! - other.labels[0]!);
      return parts.map(({ inputs }) => Array.from(inputs));
    };
    for (const value of (await read(2))[0]!) expect(Math.abs(value - 100)).toBeLessThan(15);
    expect((await read(4))[1]).toEqual([0, 25, 75, 100]);
  });

  it('without train and test are one set, of which a share is held out', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${i % 2 ? 'x' : 'y'}/${i}.png`, flat(red)]),
    );
    const data = await load(files, { testShare: 0.3 });
    expect([data.training.count, data.test.count]).toEqual([7, 3]);
  });
});

const huge = Buffer.from(flat(red));
huge.writeUInt32BE(2 ** 30, 16);
const interlaced = Buffer.from(flat(red));
interlaced[28] = 1;

describe('refusing', () => {
  it.each([
    ['a text called PNG', 'train/cat/b.png', Buffer.from('no image'), /is neither PNG nor JPEG/],
    ['a truncated PNG', 'train/cat/b.png', flat(red).subarray(0, 60), /cannot be decoded|truncated/],
    ['a PNG that ends in its header', 'train/cat/b.png', flat(red).subarray(0, 20), /truncated/],
    ['a damaged PNG', 'train/cat/b.png', Buffer.from(flat(red)).fill(0xff, 45, 60), /cannot be decoded/],
    ['a PNG of too many pixels', 'train/cat/b.png', huge, /claims 1073741824×4 pixels; images of 1 to/],
    ['an interlaced PNG', 'train/cat/b.png', interlaced, /is interlaced; save it without/],
    ['a truncated JPEG', 'train/cat/a.jpg', jpeg(red).subarray(0, 100), /cannot be decoded/],
    ['a class without images', 'train/dog/read.me', Buffer.from(''), /dog: holds no PNG or JPEG file/],
    ['a test class that is not trained', 'test/dog/1.png', flat(red), /dog: is a class that train\/ lacks/],
  ])('%s', async (_, name, bytes, words) => {
    const files = { ...good, 'test/ant/1.png': flat(blue), [name]: bytes };
    const error: unknown = await load(files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(words);
  });

  it('a folder without classes, or that is not there', async () => {
    await expect(load({ 'one/1.png': flat(red) })).rejects.toThrow(
      /holds one folder; it must hold one for each class, 2 or more/,
    );
    await expect(load({ '1.png': flat(red) })).rejects.toThrow(/holds no folders/);
    const gone = { format: 'images' as const, directory: 'gone', size: 2, colour: 'rgb' as const };
    await expect(loadData(gone, folder({}))).rejects.toThrow(/there is no such folder; "data.directory"/);
  });
});

import { describe, expect, it } from 'vitest';
import { savedBytes } from '../../../src/host/savedFile';
import { checkPanelMessage } from '../../../src/host/validate';

const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]).toString('base64');
const save = (file: unknown) => checkPanelMessage({ type: 'save', file }).ok;

describe('a file that a page has made', () => {
  it('is taken where name, kind and content fit', () => {
    expect(save({ name: 'lenet-mnist test accuracy', kind: 'svg', content: svg })).toBe(true);
    expect(save({ name: 'chart', kind: 'png', content: png })).toBe(true);
    expect(save({ name: 'chart', kind: 'csv', content: 'a,b\r\n' })).toBe(true);
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'x.', 'x ', 'a\u0000b', 'C:x', 'x'.repeat(101)])(
    'is refused with the name %j',
    name => {
      expect(save({ name, kind: 'csv', content: '' })).toBe(false);
    },
  );

  it('is refused where its content is not of its kind', () => {
    expect(save({ name: 'x', kind: 'svg', content: '<html>' })).toBe(false);
    expect(save({ name: 'x', kind: 'png', content: 'not base64!' })).toBe(false);
    expect(save({ name: 'x', kind: 'png', content: Buffer.from('<html>').toString('base64') })).toBe(false);
    expect(save({ name: 'x', kind: 'exe', content: '' })).toBe(false);
    expect(save({ name: 'x', kind: 'csv', content: 7 })).toBe(false);
  });

  it('is refused where it is larger than any chart', () => {
    expect(save({ name: 'x', kind: 'csv', content: 'x'.repeat(64 * 1024 * 1024 + 1) })).toBe(false);
  });

  it('is written as the bytes that it stands for', () => {
    expect(savedBytes({ name: 'x', kind: 'png', content: png })[0]).toBe(0x89);
    expect(Buffer.from(savedBytes({ name: 'x', kind: 'csv', content: 'µ' })).toString('utf8')).toBe('µ');
  });
});

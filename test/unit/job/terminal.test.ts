import { describe, expect, it } from 'vitest';
import { layOut, type Column } from '../../../src/job/cli/columns';
import { sparsityBar } from '../../../src/job/cli/inspectTable';
import { reordered } from '../../../src/job/cli/reordered';
import { printable, shortened, StatusLine, terminalOf } from '../../../src/job/cli/terminal';

const columns: readonly Column[] = [
  { title: 'tensor', align: 'left', dropped: 0, minimum: 8 },
  { title: 'shape', align: 'left', dropped: 1 },
  { title: 'zeros', align: 'right', dropped: 0 },
  { title: 'mean', align: 'right', dropped: 2 },
];
const rows = [['encoder.layer.0.weight', '16×16', '12', '0.5'].map(text => ({ text }))];
const drawn = (width: number | null) => layOut(columns, rows, { columns: width, colours: false });

describe('a table', () => {
  it('without a bound is whole', () => {
    expect(drawn(null).lines).toEqual([
      'tensor                  shape  zeros  mean',
      'encoder.layer.0.weight  16×16     12   0.5',
    ]);
  });

  it('in a narrow terminal loses what matters least, then the middle of names, and never wraps', () => {
    for (let width = 60; width >= 18; width--) {
      for (const line of drawn(width).lines) expect(line.length).toBeLessThanOrEqual(width);
    }
    expect(drawn(40).left).toEqual([]);
    expect(drawn(26).left).toEqual(['mean']);
    expect(drawn(18).left).toEqual(['shape', 'mean']);
    expect(drawn(18).lines[1]).toBe('enco…weight     12');
  });

  it('has colours where the terminal has', () => {
    const cells = [[{ text: 'x', style: 'red' as const }]];
    const line = (colours: boolean) => layOut([columns[0]!], cells, { columns: 80, colours }).lines[1];
    expect(line(true)).toBe('\u001b[31mx\u001b[39m');
    expect(line(false)).toBe('x');
  });
});

describe('a terminal', () => {
  it('has colours and a width where it is one, unless that is not wanted', () => {
    expect(terminalOf({ isTTY: true, columns: 100 }, {})).toEqual({ columns: 100, colours: true });
    expect(terminalOf({ isTTY: true, columns: 0 }, { NO_COLOR: '1' })).toEqual({ columns: 80, colours: false });
    expect(terminalOf({ isTTY: true, columns: 100 }, { TERM: 'dumb' }).colours).toBe(false);
    expect(terminalOf({ columns: 100 }, {})).toEqual({ columns: null, colours: false });
  });

  it('is not steered by what a file holds', () => {
    expect(printable('a\u001b[2Jb\r\n\u0085\u202ec\u200bd')).toBe('a\\u001b[2Jb\\u000d\\u000a\\u0085\\u202ec\\u200bd');
    expect(printable('größe/核.weight')).toBe('größe/核.weight');
  });

  it('gets a status line only where it is one, cut to its width, and at most ten a second', () => {
    const written: string[] = [];
    let now = 0;
    const line = new StatusLine({ isTTY: true, columns: 21, write: text => written.push(text) }, () => now);
    line.show('a'.repeat(50));
    line.show('too soon');
    now = 200;
    line.show('b');
    line.clear();
    line.clear();
    expect(written).toEqual([`\r\u001b[K${shortened('a'.repeat(50), 20)}`, '\r\u001b[Kb', '\r\u001b[K']);
    expect(written[0]).toHaveLength(4 + 20);
    new StatusLine({ write: () => expect.fail('it is no terminal') }).show('x');
  });
});

describe('a bar', () => {
  it('is neither empty nor full before it is', () => {
    expect(sparsityBar(0)).toBe('▕          ▏');
    expect(sparsityBar(1e-9)).toBe('▕▏         ▏');
    expect(sparsityBar(0.5)).toBe('▕█████     ▏');
    expect(sparsityBar(0.99999)).toBe('▕█████████▉▏');
    expect(sparsityBar(1)).toBe('▕██████████▏');
  });
});

describe('reordered axes', () => {
  it('give every value its place', () => {
    const shape = [2, 3, 4];
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    const out = reordered([values.subarray(0, 5), values.subarray(5)], shape, [2, 0, 1]);
    for (let a = 0; a < 2; a++) {
      for (let b = 0; b < 3; b++) {
        for (let c = 0; c < 4; c++) expect(out[c * 6 + a * 3 + b]).toBe(a * 12 + b * 4 + c);
      }
    }
  });
});

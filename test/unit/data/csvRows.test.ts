/** The fast way through a table gives what csv-parse gives. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../src/data/csvRows';
import { eachRecord } from '../../../src/data/csvTable';

function rows(text: string, delimiter: string): { fields: string[]; numbers: number[]; line: number }[] {
  const found: { fields: string[]; numbers: number[]; line: number }[] = [];
  eachRow('a.csv', Buffer.from(text), delimiter, (row, { line }) => {
    const columns = Array.from({ length: row.length }, (_, column) => column);
    found.push({
      fields: columns.map(column => row.text(column)),
      numbers: columns.map(column => row.plainNumber(column)),
      line,
    });
  });
  return found;
}

function records(text: string, delimiter: string): { fields: string[]; line: number }[] {
  const found: { fields: string[]; line: number }[] = [];
  eachRecord('a.csv', Buffer.from(text), delimiter, (fields, { line }) => found.push({ fields: [...fields], line }));
  return found;
}

const field = fc.oneof(
  fc.constantFrom('', ' ', '0', '-1.50', ' 12 ', 'x y', 'ü', '+.5', '7.', '1e5', '.', '-', '--1', '0x10', '1.2.3'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
);

describe('rows without quotes', () => {
  it.each([',', ';', '\t'])('are those of csv-parse, delimited by %j', delimiter => {
    const table = fc
      .tuple(
        fc.boolean(),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      )
      .map(([mark, end, lines]) => (mark ? '\uFEFF' : '') + lines.map(line => line.join(delimiter)).join(end));
    fc.assert(
      fc.property(table, text => {
        const plain = rows(text, delimiter);
        expect(plain.map(({ fields, line }) => ({ fields, line }))).toEqual(records(text, delimiter));
        for (const { fields, numbers } of plain) {
          for (const [i, value] of numbers.entries()) if (!Number.isNaN(value)) expect(value).toBe(Number(fields[i]));
        }
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it('read plain decimals as Number does, and leave the rest to it', () => {
    const decimals = ['0', '-0', '255', '0.1', '-12.75', '123456789.012345', '.5', '5.', '+3'];
    expect(rows(decimals.join(','), ',')[0]!.numbers).toEqual(decimals.map(Number));
    const others = ['', '1e3', '1234567890123456', 'x', '.', '1,', '1 2', '0x1f', '∞'];
    for (const text of others) expect(rows(`${text};1`, ';')[0]!.numbers[0]).toBeNaN();
  });
});

it('tables with quotes come from csv-parse', () => {
  expect(rows('"a,\nb",1\n2,"3"\n', ',').map(({ fields }) => fields)).toEqual([
    ['a,\nb', '1'],
    ['2', '3'],
  ]);
});

it('refuses a line that is no record', () => {
  expect(() => rows(`${'1'.repeat(17 * 2 ** 20)},2\n`, ',')).toThrow(
    /a.csv: is no table of separated values: line 1 has/,
  );
});

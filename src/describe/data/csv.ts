/** Looks at a table: its first lines, of which columns can be used and how many lines there may be. */
import path from 'node:path';
import { columnName, findColumns, isNumeral, type Columns } from '../../data/csvColumns';
import { eachRecord, guessDelimiter, shown } from '../../data/csvTable';
import { DataError } from '../../data/dataset';
import { ExperimentError } from '../../shared/experiment';
import type { DataConfig } from '../../shared/dataConfig';
import { formatCount } from '../../shared/format';
import type { Look } from './looked';
import { readPrefix } from './prefix';

type CsvConfig = Extract<DataConfig, { format: 'csv' }>;

const mostBytes = 4 * 2 ** 20;
const mostRecords = 20_000;
const newline = 10;
/** Labels of a category are few, numbers to predict are many. */
const mostShownNames = 1_000;
const missing = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?', '-']);

interface Head {
  readonly columns: Columns;
  /** The config with the columns left out that cannot be used. */
  readonly config: CsvConfig;
  readonly leftOut: readonly string[];
  readonly records: readonly (readonly string[])[];
  /** Of the file, or an estimate. */
  readonly count: number;
  readonly exact: boolean;
}

export async function lookAtCsv(config: CsvConfig, at: (file: string) => string): Promise<Look> {
  const head = await readHead(at(config.file), config);
  const { columns, records } = head;
  const labels = records.map(fields => fields[columns.label]!);
  const notes: string[] = [];
  if (head.leftOut.length > 0) {
    notes.push(`Left out, since they hold text or gaps: ${head.leftOut.join(', ')}.`);
  }
  const test = await testOf(head, at, notes);
  const { testFile, ...rest } = head.config;
  const withTest = testFile !== undefined && test !== null ? { ...rest, testFile } : rest;
  const names = namesOfClasses(at(config.file), columns, labels);
  if (names === null) notes.push('The labels are numbers: they are predicted by mean squared error.');
  const task = names === null ? 'regression' : 'classification';
  const targets = columns.targets.map(column => nameOf(columns, column));
  const numbers = new Map(names?.map((name, i) => [name, i]));
  const shape = shapeOfPixels(config, columns);
  if (shape !== null) notes.push(`The columns are pixels: each line is an image of ${shape.slice(0, 2).join('×')}.`);
  return {
    config: {
      ...withTest,
      ...(shape !== null && { shape: [...shape] }),
      ...(names === null && { task }),
    },
    inputShape: shape ?? config.shape ?? [columns.features.length],
    classes: names?.length ?? targets.length,
    classNames: names ?? targets,
    task,
    training: head.count,
    validation: null,
    test: test?.count ?? null,
    exact: head.exact && (test?.exact ?? true),
    labels: names === null ? [] : labels.map(label => numbers.get(label)!),
    examples: {
      count: records.length,
      columns: columns.features.map(column => nameOf(columns, column)),
      labelAt: i => numbers.get(labels[i]!) ?? columns.targets.map(column => records[i]![column]!).join(', '),
      valuesAt: i => Promise.resolve(Float32Array.from(columns.features, column => Number(records[i]![column]))),
    },
    notes,
  };
}

const nameOf = ({ names }: Columns, column: number): string => names?.[column] ?? `column ${column}`;

async function readHead(file: string, config: CsvConfig): Promise<Head> {
  const { bytes, size } = await readPrefix(file, mostBytes);
  const lines = firstLines(bytes, bytes.length >= size);
  const whole = lines.length >= size;
  const delimiter = config.delimiter ?? guessDelimiter(lines);
  const records: string[][] = [];
  eachRecord(file, lines, delimiter, fields => records.push([...fields]));
  const all = findColumns(file, records.slice(0, 2), config);
  if (all.names) records.shift();
  if (records.length === 0) throw new DataError(file, 'holds no examples below its header');
  const uneven = records.findIndex(({ length }) => length !== all.count);
  if (uneven >= 0) {
    const line = uneven + (all.names ? 2 : 1);
    throw new DataError(file, `line ${line} has ${records[uneven]!.length} fields, but the first has ${all.count}`);
  }
  const unusable = all.features.filter(column => !records.every(fields => isNumeral(fields[column]!)));
  if (unusable.length === all.features.length) {
    const [first] = all.features;
    const field = records.map(fields => fields[first!]!).find(value => !isNumeral(value))!;
    throw new DataError(
      file,
      `has no column of numbers beside the labels: column ${columnName(first!, all.names)} holds ${shown(field)}; ` +
        'turn text into numbers (a column for each value)',
    );
  }
  const left = new Set(unusable);
  const columns = { ...all, features: all.features.filter(column => !left.has(column)) };
  return {
    columns,
    config: { ...config, ignore: [...config.ignore, ...unusable.map(column => all.names?.[column] ?? column)] },
    leftOut: unusable.map(column => columnName(column, all.names)),
    records,
    count: whole ? records.length : Math.round((records.length * size) / lines.length),
    exact: whole,
  };
}

/** As many whole lines as are looked at. @param ended whether the last one is whole */
function firstLines(bytes: Uint8Array, ended: boolean): Uint8Array {
  let end = 0;
  for (let line = 0; line <= mostRecords; line++) {
    const next = bytes.indexOf(newline, end);
    if (next < 0) return ended ? bytes : bytes.subarray(0, end);
    end = next + 1;
  }
  return bytes.subarray(0, end);
}

/** Null where there is no file to test on, or one that has no labels, as those of competitions. */
async function testOf(
  { config, columns }: Head,
  at: (file: string) => string,
  notes: string[],
): Promise<{ readonly count: number; readonly exact: boolean } | null> {
  if (config.testFile === undefined) return null;
  try {
    const test = await readHead(at(config.testFile), { ...config, testFile: undefined });
    const sameNames = test.columns.names?.join('\n') === columns.names?.join('\n');
    if (test.columns.count === columns.count && test.columns.label === columns.label && sameNames) return test;
  } catch (error) {
    if (!(error instanceof DataError || error instanceof ExperimentError)) throw error;
  }
  notes.push(
    `${path.basename(config.testFile)} has other columns, so it is not tested on; a share of the lines is held out.`,
  );
  return null;
}

/**
 * The different labels, in the order in which they are numbered; null: they are numbers to predict, since they have
 * fractions or are about as many as the lines.
 * @throws DataError where they are neither
 */
function namesOfClasses(file: string, columns: Columns, labels: readonly string[]): readonly string[] | null {
  const gap = labels.findIndex(label => missing.has(label.toLowerCase()));
  const where = `column ${columnName(columns.label, columns.names)}`;
  if (gap >= 0) {
    const line = gap + (columns.names ? 2 : 1);
    throw new DataError(file, `line ${line}, ${where}: the value is missing; fill it in, or remove the line`);
  }
  const different = [...new Set(labels)];
  const numeric = different.every(isNumeral);
  const many = different.length > mostShownNames || (labels.length >= 20 && different.length > labels.length / 2);
  if (numeric && (many || columns.targets.length > 1 || different.some(label => !Number.isInteger(Number(label))))) {
    return null;
  }
  if (many) {
    throw new DataError(
      file,
      `${where}, taken for the labels, holds ${formatCount(different.length)} different texts in ` +
        `${formatCount(labels.length)} lines: these are no classes; name the right column in "data.label" of an experiment file`,
    );
  }
  if (different.length < 2) {
    throw new DataError(
      file,
      `${where}, taken for the labels, holds ${shown(different[0]!)} only; two classes are needed`,
    );
  }
  return numeric
    ? different.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
    : different.sort((a, b) => (a < b ? -1 : 1));
}

/** [side, side, 1] where every column of inputs is called a pixel, and they are as many as an image has. */
function shapeOfPixels(config: CsvConfig, { names, features }: Columns): readonly number[] | null {
  if (config.shape || names === null || features.length < 16) return null;
  const side = Math.sqrt(features.length);
  const pixels = features.every(column => /^(pixel|px)?[ _.]?\d+([x_]\d+)?$/i.test(names[column]!));
  return pixels && Number.isInteger(side) ? [side, side, 1] : null;
}

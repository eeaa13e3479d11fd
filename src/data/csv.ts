/** Data sets in tables: one example a line, numbers in columns, one column with the class, or columns of numbers to predict. */
import path from 'node:path';
import { ExperimentError, type DataConfig, type Loss } from '../shared/experiment';
import { columnName, findColumns, isNumeral, type Columns } from './csvColumns';
import { eachRow } from './csvRows';
import { eachRecord, guessDelimiter, readTable, shown } from './csvTable';
import { DataError, type DataSource, type Split } from './dataset';
import { mostClasses, packLabels } from './labels';
import { largestInputs, mostFeatures } from './numpyArrays';
import { numbersRemedy, readingOf } from './task';

type CsvConfig = Extract<DataConfig, { format: 'csv' }>;

/** What stands for no value, in small letters. */
const missing = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?', '-']);
const fewestExamples = 20;
/** Line feed, and the carriage return that some put in its place. */
const lineEnds = [0x0a, 0x0d];

/**
 * Reads a table, and one to test on where the experiment names it. Labels become classes in sorted order: by value where
 * all are whole numbers, else as text. Numbers to predict stay as they are.
 * @param at path of a file that the experiment names
 * @throws DataError that names file, line and column; ExperimentError where the experiment names what is not there
 */
export async function readCsv(config: CsvConfig, at: (file: string) => string, loss: Loss): Promise<DataSource> {
  const reading = readingOf(config, loss);
  const training = await readExamples(at(config.file), config, null);
  const test = config.testFile === undefined ? null : await readExamples(at(config.testFile), config, training.columns);
  const inputShape = shapeOf(config.shape, training.columns.features.length);
  const split = (table: Table, labels: Split['labels']): Split => ({
    count: table.lines.length,
    inputs: table.inputs,
    labels,
  });
  if (reading === 'numbers' || (reading === 'either' && fractionIn(training.labels) !== undefined)) {
    return {
      inputShape,
      task: 'regression',
      classes: training.columns.targets.length,
      ...namesOfTargets(training.columns),
      training: split(training, targetsOf(training)),
      test: test && split(test, targetsOf(test)),
    };
  }
  const classes = classesOf(training);
  const labelled = (table: Table): Split => split(table, packLabels(classNumbers(table, classes), classes.size));
  return {
    inputShape,
    classes: Math.max(2, classes.size),
    labelNames: [...classes.keys()],
    training: labelled(training),
    test: test && labelled(test),
  };
}

interface Table {
  readonly file: string;
  readonly columns: Columns;
  /** [examples × features] */
  readonly inputs: Float32Array;
  /** [examples × targets] as they stand in the file; equal ones share their text, since those of classes are few. */
  readonly labels: readonly string[];
  /** The line of an example. */
  readonly lines: readonly number[];
}

/** @param expected the columns of the training file, which those of a test file must be */
async function readExamples(file: string, config: CsvConfig, expected: Columns | null): Promise<Table> {
  const bytes = await readTable(file);
  const delimiter = config.delimiter ?? guessDelimiter(bytes);
  const head: string[][] = [];
  eachRecord(file, bytes, delimiter, fields => head.push([...fields]), 2);
  const columns = findColumns(file, head, config);
  if (expected) checkSame(file, columns, expected);
  if (columns.features.length > mostFeatures) {
    throw new DataError(file, `has ${columns.features.length} columns; up to ${mostFeatures} can be used`);
  }
  const inputs = new Floats(file, mostRows(bytes, columns) * columns.features.length);
  const labels: string[] = [];
  const lines: number[] = [];
  const texts = new Map<string, string>();
  let isHeader = columns.names !== null;
  eachRow(file, bytes, delimiter, (row, { line }) => {
    if (isHeader) {
      isHeader = false;
      return;
    }
    if (row.length !== columns.count) {
      throw new DataError(file, `line ${line} has ${row.length} fields, but the first has ${columns.count}`);
    }
    for (const column of columns.features) {
      const plain = row.plainNumber(column);
      inputs.push(Number.isNaN(plain) ? numberIn(file, line, column, row.text(column), columns) : plain);
    }
    for (const column of columns.targets) {
      const label = row.text(column);
      if (missing.has(label.toLowerCase())) throw noValue(file, line, column, columns);
      // one text for each class, however many lines
      let text = texts.get(label);
      if (text === undefined) texts.set(label, (text = label));
      labels.push(text);
    }
    lines.push(line);
  });
  if (lines.length === 0) throw new DataError(file, 'holds no examples below its header');
  return { file, columns, inputs: inputs.values(), labels, lines };
}

function numberIn(file: string, line: number, column: number, field: string, { names }: Columns): number {
  if (missing.has(field.toLowerCase())) throw noValue(file, line, column, { names });
  const value = isNumeral(field) ? Math.fround(Number(field)) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new DataError(
    file,
    `line ${line}, column ${columnName(column, names)}: ${shown(field)} is no finite number; ` +
      'turn text into numbers (a column for each value), or leave the column out by "data.ignore"',
  );
}

function noValue(file: string, line: number, column: number, { names }: Pick<Columns, 'names'>): DataError {
  return new DataError(
    file,
    `line ${line}, column ${columnName(column, names)}: the value is missing; fill it in, or remove the line or the column`,
  );
}

function checkSame(file: string, columns: Columns, training: Columns): void {
  if (columns.count !== training.count) {
    throw new DataError(file, `has ${columns.count} columns, but the training file ${training.count}`);
  }
  const other = columns.names?.findIndex((name, i) => training.names !== null && name !== training.names[i]) ?? -1;
  if (other >= 0) {
    const names = [columns, training].map(({ names: all }) => shown(all![other]!));
    throw new DataError(
      file,
      `its column ${other} (from 0) is ${names[0]!}, but that of the training file ${names[1]!}`,
    );
  }
  if (columns.targets.join() !== training.targets.join())
    throw new DataError(file, 'has its labels in another column than the training file');
}

/** The first number that is not whole, where all labels are numbers: then they are no classes. */
function fractionIn(labels: readonly string[]): string | undefined {
  return labels.every(isNumeral) ? labels.find(label => !Number.isInteger(Number(label))) : undefined;
}

/** [examples × targets] */
function targetsOf({ file, columns, labels, lines }: Table): Float32Array {
  const { targets } = columns;
  return Float32Array.from(labels, (label, i) => {
    const line = lines[Math.floor(i / targets.length)]!;
    return numberIn(file, line, targets[i % targets.length]!, label, columns);
  });
}

function namesOfTargets({ names, targets }: Columns): Pick<DataSource, 'labelNames'> {
  return names ? { labelNames: targets.map(target => names[target]!) } : {};
}

/** @returns the number of each label. @throws DataError where they are numbers to predict rather than classes */
function classesOf({ file, columns, labels }: Table): ReadonlyMap<string, number> {
  const different = [...new Set(labels)];
  const where = `the column of the labels, ${columnName(columns.label, columns.names)},`;
  const remedy = `these are no classes; ${numbersRemedy}, or name another column in "data.label"`;
  const fraction = fractionIn(different);
  if (fraction !== undefined)
    throw new DataError(file, `${where} holds ${shown(fraction)}, no whole number: ${remedy}`);
  if (different.length > mostClasses || (labels.length >= fewestExamples && different.length > labels.length / 2)) {
    throw new DataError(
      file,
      `${where} holds ${different.length} different values in ${labels.length} lines: ${remedy}`,
    );
  }
  if (different.length < 2) {
    throw new DataError(file, `${where} holds ${shown(different[0]!)} only; at least two classes are needed`);
  }
  const sorted = different.every(isNumeral)
    ? different.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
    : different.sort((a, b) => (a < b ? -1 : 1));
  return new Map(sorted.map((label, number) => [label, number]));
}

function classNumbers({ file, labels, lines }: Table, classes: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from(labels, (label, i) => {
    const number = classes.get(label);
    if (number !== undefined) return number;
    throw new DataError(file, `line ${lines[i]!}: no training example has the label ${shown(label)}; remove the line`);
  });
}

function shapeOf(shape: readonly number[] | undefined, features: number): readonly number[] {
  if (!shape) return [features];
  const values = shape.reduce((product, size) => product * size, 1);
  if (values !== features) {
    throw new ExperimentError(
      'data.shape',
      `${shape.join('×')} are ${values} values, but there are ${features} columns of inputs`,
    );
  }
  return shape.length === 2 ? [...shape, 1] : shape;
}

/** Rows at most: each ends a line, has a character at least in each feature and a label, and delimiters. */
function mostRows(bytes: Uint8Array, { count, features }: Columns): number {
  let lines = 1;
  for (const end of lineEnds) {
    for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, at + 1)) lines++;
  }
  return Math.min(lines, Math.ceil(bytes.length / (features.length + count)));
}

/** Numbers whose count is not known before, but that there are not more than so many. */
class Floats {
  private readonly floats: Float32Array;
  private length = 0;

  constructor(file: string, most: number) {
    if (4 * most > largestInputs) {
      throw new DataError(path.resolve(file), `holds ${most} values; up to ${largestInputs} bytes can be used`);
    }
    this.floats = new Float32Array(most);
  }

  push(value: number): void {
    this.floats[this.length++] = value;
  }

  values(): Float32Array {
    return this.floats.subarray(0, this.length);
  }
}

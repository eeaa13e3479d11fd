/** Which column of a table is what. */
import { ExperimentError, type DataConfig } from '../shared/experiment';
import { DataError } from './dataset';
import { shown } from './csvTable';

type CsvConfig = Extract<DataConfig, { format: 'csv' }>;
type Column = string | number;

export interface Columns {
  /** Of all columns of the file; null where it has no header. */
  readonly names: readonly string[] | null;
  /** Fields of a record. */
  readonly count: number;
  /** Of the classes, or of the first number to predict. */
  readonly label: number;
  /** Of the numbers to predict, where there are several; else of `label` alone. */
  readonly targets: readonly number[];
  /** The others that are not ignored, in order. */
  readonly features: readonly number[];
}

const usualLabels = ['label', 'class', 'target', 'y'];

/** A finite number, also with an exponent; hexadecimal and other notations are text. */
const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function isNumeral(field: string): boolean {
  return numeral.test(field);
}

/**
 * @param head the first two records, or all there are
 * @throws ExperimentError where the experiment names a column that is not there, DataError where none is left
 */
export function findColumns(file: string, head: readonly (readonly string[])[], config: CsvConfig): Columns {
  const first = head[0];
  if (!first) throw new DataError(file, 'holds no examples: it is empty');
  const names = (config.header ?? looksLikeHeader(head)) ? first : null;
  const count = first.length;
  const find = (column: Column, field: string): number => findColumn(column, names, count, field);
  const targets = findTargets(config, names, count);
  const ignored = new Set(config.ignore.map(column => find(column, 'data.ignore')));
  const left = targets.find(column => ignored.has(column));
  if (left !== undefined) {
    throw new ExperimentError('data.ignore', `leaves out the column of the labels, ${columnName(left, names)}`);
  }
  const features = first.map((_, column) => column).filter(column => !targets.includes(column) && !ignored.has(column));
  if (features.length === 0) {
    throw new DataError(file, 'has a single column, so no inputs beside the labels; is "data.delimiter" another one?');
  }
  return { names, count, label: targets[0]!, targets, features };
}

/** Columns of what is to be learnt. */
function findTargets({ label, targets }: CsvConfig, names: readonly string[] | null, count: number): readonly number[] {
  if (targets === undefined) {
    return [label === undefined ? usualLabel(names, count) : findColumn(label, names, count, 'data.label')];
  }
  if (label !== undefined) {
    throw new ExperimentError('data.targets', 'stand beside "data.label", which says the same: remove one of the two');
  }
  const found = targets.map(column => findColumn(column, names, count, 'data.targets'));
  const twice = found.find((column, i) => found.indexOf(column) !== i);
  if (twice === undefined) return found;
  throw new ExperimentError('data.targets', `name the column ${columnName(twice, names)} twice`);
}

/** Text above a number in some column. */
function looksLikeHeader([first, second]: readonly (readonly string[])[]): boolean {
  return second?.some((field, column) => isNumeral(field) && !isNumeral(first?.[column] ?? '0')) ?? false;
}

function usualLabel(names: readonly string[] | null, count: number): number {
  const lower = names?.map(name => name.toLowerCase()) ?? [];
  for (const name of usualLabels) {
    const found = lower.indexOf(name);
    if (found >= 0) return found;
  }
  return count - 1;
}

function findColumn(column: Column, names: readonly string[] | null, count: number, field: string): number {
  if (typeof column === 'number') {
    if (column < count) return column;
    throw new ExperimentError(field, `is column ${column}, but there are ${count}, counted from 0`);
  }
  const found = names?.indexOf(column) ?? -1;
  if (found >= 0) return found;
  const there = names
    ? `only ${names.slice(0, 12).map(shown).join(', ')}`
    : 'since the file has no header: give a number';
  throw new ExperimentError(field, `there is no column ${shown(column)}, ${there}`);
}

/** For messages: its name, else its number. */
export function columnName(column: number, names: readonly string[] | null): string {
  return names ? shown(names[column] ?? '') : `${column} (from 0)`;
}

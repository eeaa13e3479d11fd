/** Labels of a column as classes. */
import { DataError } from '../dataset';
import { mostClasses } from '../labels';
import type { ParquetFile } from './metadata';
import { readPages } from './pages';
import type { Column } from './schema';

/** Values of a split as they stand in its files: numbers, or text. */
export interface LabelValues {
  /** For messages. */
  readonly file: string;
  readonly column: string;
  /** Each once, in the order in which they come. */
  readonly different: readonly (number | string)[];
  /** [rows]: places in `different`. */
  readonly places: Int32Array;
}

const longestLabel = 4096;
const fewestExamples = 20;

/** Collects the labels of one split from its files. */
export class LabelCollector {
  private readonly seen = new Map<number | string, number>();
  private readonly places: Int32Array;
  private count = 0;

  constructor(
    private readonly file: string,
    private readonly column: string,
    rows: number,
  ) {
    this.places = new Int32Array(rows);
  }

  /** @throws DataError, CheckpointError */
  async add(parquet: ParquetFile, column: Column): Promise<void> {
    const first = this.count;
    const missing = (): DataError =>
      new DataError(
        parquet.file,
        `row ${this.count - first}, column ${JSON.stringify(this.column)}: the label is missing; fill it in, or remove the row`,
      );
    for (let group = 0; group < parquet.groups.length; group++) {
      for await (const { rows, present, values } of readPages(parquet, column, group)) {
        for (let row = 0, at = 0; row < rows; row++) {
          if (present?.[row] === 0) throw missing();
          const value = values instanceof Float64Array ? values[at]! : this.text(parquet.file, values.at(at));
          at++;
          this.places[this.count++] = this.place(parquet.file, value);
        }
      }
    }
  }

  values(): LabelValues {
    const { file, column, seen, places } = this;
    return { file, column, different: [...seen.keys()], places };
  }

  private text(file: string, bytes: Uint8Array): string {
    if (bytes.length <= longestLabel) return new TextDecoder().decode(bytes);
    throw new DataError(
      file,
      `column ${JSON.stringify(this.column)} holds long texts, no classes; is another meant ("data.label")?`,
    );
  }

  private place(file: string, value: number | string): number {
    const known = this.seen.get(value);
    if (known !== undefined) return known;
    if (this.seen.size >= mostClasses) {
      throw new DataError(
        file,
        `column ${JSON.stringify(this.column)} holds over ${mostClasses} different values, no classes; is another meant ("data.label")?`,
      );
    }
    this.seen.set(value, this.seen.size);
    return this.seen.size - 1;
  }
}

/**
 * The class of each value. With names there are as many as these, numbered as the values are; else the values of the
 * training labels in sorted order.
 * @throws DataError where they are numbers to predict rather than classes
 */
export function numberClasses(
  { file, column, different, places }: LabelValues,
  names: readonly string[] | null,
): ReadonlyMap<number | string, number> {
  const fail = (reason: string): never => {
    throw new DataError(file, `column ${JSON.stringify(column)} ${reason}`);
  };
  if (names) return new Map(names.map((_, number) => [number, number]));
  const remedy = 'only classes can be learnt; is another column meant ("data.label")?';
  const fraction = different.find(value => typeof value === 'number' && !Number.isInteger(value));
  if (fraction !== undefined) fail(`holds ${fraction}, no whole number: ${remedy}`);
  if (places.length >= fewestExamples && different.length > places.length / 2) {
    fail(`holds ${different.length} different values in ${places.length} rows: ${remedy}`);
  }
  if (different.length < 2) fail(`holds ${JSON.stringify(different[0])} only; at least two classes are needed`);
  const sorted = [...different].sort((a, b) => (a < b ? -1 : 1));
  return new Map(sorted.map((value, number) => [value, number]));
}

/** @throws DataError where a value is of no class */
export function toClasses(
  { file, column, different, places }: LabelValues,
  classes: ReadonlyMap<number | string, number>,
): Int32Array {
  const numbers = different.map(value => {
    const number = classes.get(value);
    if (number !== undefined) return number;
    // the Hugging Face library writes −1 where labels are held back
    const reason =
      value === -1
        ? 'rows without a label (-1)'
        : `the label ${JSON.stringify(value)}, which no class of the training data has`;
    throw new DataError(file, `column ${JSON.stringify(column)} holds ${reason}; remove such rows, or the file`);
  });
  return places.map(place => numbers[place]!);
}

/** Columns of numbers as rows of features. */
import { DataError } from '../dataset';
import type { ParquetFile } from './metadata';
import { readPages } from './pages';
import { findAgain, type Roles } from './roles';
import type { Column } from './schema';
import { withParquet } from './shards';

/** Bytes of the features of a row group at most: they are turned into rows at once. */
const largestGroup = 2 ** 31;

/** Hands over [rows × features] as float32, a row group at a time. @throws DataError, CheckpointError */
export async function featureRows(
  files: readonly string[],
  roles: Roles,
  append: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const file of files) {
    await withParquet(file, async parquet => {
      const { features } = findAgain(parquet, roles);
      let first = 0;
      for (const [group, { rows }] of parquet.groups.entries()) {
        if (rows * features.length * 4 > largestGroup) {
          throw new DataError(
            file,
            `row group ${group} has ${rows} rows of ${features.length} numbers; write the file with smaller row groups`,
          );
        }
        const values = new Float32Array(rows * features.length);
        for (const [feature, column] of features.entries()) {
          await scatter(parquet, column, group, first, values, feature, features.length);
        }
        first += rows;
        await append(new Uint8Array(values.buffer));
      }
    });
  }
}

/** @param first number of the first row of the group, for messages */
async function scatter(
  parquet: ParquetFile,
  column: Column,
  group: number,
  first: number,
  out: Float32Array,
  offset: number,
  stride: number,
): Promise<void> {
  const fail = (row: number, reason: string): never => {
    throw new DataError(
      parquet.file,
      `row ${first + row}, column ${JSON.stringify(column.path.join('.'))}: ${reason}, or leave the column out by "data.ignore"`,
    );
  };
  let row = 0;
  for await (const { rows, present, values } of readPages(parquet, column, group)) {
    if (!(values instanceof Float64Array)) return fail(row, 'it holds bytes; write numbers');
    for (let i = 0, at = 0; i < rows; i++, row++) {
      if (present?.[i] === 0) fail(row, 'the value is missing; fill it in');
      const value = Math.fround(values[at]!);
      if (!Number.isFinite(value)) fail(row, `${values[at]!} is no finite float32; replace it`);
      out[row * stride + offset] = value;
      at++;
    }
  }
}

/** The encoded images of a column. */
import { DataError } from '../dataset';
import type { EncodedImage } from '../imageBatch';
import { readPages } from './pages';
import { findAgain, type Roles } from './roles';
import { openParquet } from './shards';

const mostImages = 100_000_000;

/** @throws DataError where there are too many */
export function imageCount(place: string, rows: number): number {
  if (rows > mostImages) throw new DataError(place, `holds ${rows} images; up to ${mostImages} can be used`);
  return rows;
}

/** In order, a page of them in memory at a time. @throws DataError, CheckpointError */
export async function* encodedImages(files: readonly string[], roles: Roles): AsyncGenerator<EncodedImage> {
  for (const file of files) {
    const parquet = await openParquet(file);
    try {
      const column = findAgain(parquet, roles).image!;
      let row = 0;
      for (let group = 0; group < parquet.groups.length; group++) {
        for await (const { rows, present, values } of readPages(parquet, column, group)) {
          for (let i = 0, at = 0; i < rows; i++, row++) {
            if (present?.[i] === 0 || values instanceof Float64Array) {
              throw new DataError(
                file,
                `row ${row} holds no bytes of an image; where it names a file, store the images themselves in the set`,
              );
            }
            yield { file: `${file}, row ${row}`, bytes: values.at(at++) };
          }
        }
      }
    } finally {
      await parquet.source.close();
    }
  }
}

/** `runs/<key>/path-<points>.json`: errors along the line from another run to the run of the folder. */
import * as z from 'zod';
import { positionsOnLine } from '../../lottery/studies/barrier';
import { safeParse } from '../../shared/check';
import { keyPattern } from '../runRecord';
import type { MeasurementFile, RunStore } from '../store';

/** A line between the final weights of two runs, as it was measured. */
export interface PathRecord {
  readonly version: 1;
  /** At 0 and at 1; the second one is that of the folder. */
  readonly runs: readonly [string, string];
  /** Batches of training data over which normalisation took its statistics at each point; 0: the network has none. */
  readonly normalisationSteps: number;
  readonly points: readonly { readonly alpha: number; readonly testError: number }[];
  readonly executor: string;
  readonly device: string;
  readonly seconds: number;
}

const key = z.string().regex(keyPattern);
const record = z.strictObject({
  version: z.literal(1),
  runs: z.tuple([key, key]),
  normalisationSteps: z.int().min(0),
  points: z.array(z.strictObject({ alpha: z.number(), testError: z.number() })).max(1000),
  executor: z.string(),
  device: z.string(),
  seconds: z.number().min(0),
});

function fileOf(points: number): MeasurementFile {
  return `path-${points}.json`;
}

/** @returns null where it was not measured, or where the file is not of this very line */
export async function readPath(
  store: Pick<RunStore, 'readMeasurement'>,
  runs: readonly [string, string],
  points: number,
): Promise<PathRecord | null> {
  const text = await store.readMeasurement(runs[1], fileOf(points));
  return text === null ? null : parsePath(text, runs, points);
}

/** @throws StoreError */
export async function writePath(store: Pick<RunStore, 'writeMeasurement'>, path: PathRecord): Promise<void> {
  await store.writeMeasurement(path.runs[1], fileOf(path.points.length), path);
}

/** Anyone may have written it: it is believed only where it is whole and of the line that is asked for. */
export function parsePath(text: string, runs: readonly [string, string], points: number): PathRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = safeParse(record, value);
  if (!result.success || result.data.runs.join() !== runs.join()) return null;
  const expected = positionsOnLine(points);
  const isWhole =
    result.data.points.length === points && result.data.points.every(({ alpha }, i) => alpha === expected[i]);
  return isWhole ? result.data : null;
}

/** What a `curve.jsonl` must hold to be shown: anyone may have written it. */
import * as z from 'zod';
import { safeParse } from './check';
import type { CurvePoint } from './report';

/** JSON has no NaN or Infinity and writes null: nothing was measured, or it was no finite number. */
export const measured = z.preprocess(
  value => (value === null ? NaN : value),
  z.custom<number>(value => typeof value === 'number', 'must be a number'),
);

/** One line of it; also what a job sends while it trains. */
export const curvePoint = z.looseObject({
  step: z.int().min(0),
  trainLoss: measured.nullable(),
  validationLoss: measured.nullable(),
  validationAccuracy: measured.nullable(),
  testLoss: measured,
  testAccuracy: measured.nullable(),
});

/** The text of a `curve.jsonl`: its points in order. Lines that are not complete points are left out. */
export function parseCurve(jsonl: string): CurvePoint[] {
  const points: CurvePoint[] = [];
  for (const line of jsonl.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const result = safeParse(curvePoint, JSON.parse(line));
      if (result.success) points.push(result.data);
    } catch {
      // the line that is being written, or one that was damaged
    }
  }
  return points;
}

/** A point in training as an experiment file names it. */
import * as z from 'zod';

const rule = 'must be a step (a whole number ≥ 0), a share of training such as "1%", or epochs such as "80 epochs"';

/** A step, or `"1%"` of all steps, or `"80 epochs"`. */
export const pointSchema = z
  .union([z.int().min(0), z.string().regex(/^\d+(\.\d+)?%$|^\d+(\.\d+)? epochs?$/, rule)], { error: rule })
  .meta({ description: 'A step, a share of training ("1%") or epochs ("80 epochs").' });
export type TrainingPoint = z.infer<typeof pointSchema>;

/** What an experiment file may ask for beyond its series: each a study with runs of its own. */
import * as z from 'zod';
import { dataSchema } from './dataConfig';
import { pointSchema } from './trainingPoint';

export const sweepSchema = z
  .array(pointSchema)
  .min(1)
  .max(50)
  .optional()
  .describe('Points in training: the whole iterative series again, rewound to each of them.');

export const stabilitySchema = z
  .strictObject({
    at: z
      .array(pointSchema)
      .min(1)
      .max(50)
      .describe('Points in training from which two runs go on with data in different orders.'),
    levels: z
      .array(z.int().min(0).max(200))
      .min(1)
      .max(200)
      .default([0])
      .describe("0 is the dense network; others train under the mask of that level's ticket."),
    points: z
      .int()
      .min(11)
      .max(101)
      .default(11)
      .describe('Places on the line between the two ends at which the error is measured.'),
  })
  .optional()
  .describe(
    'Linear mode connectivity (Frankle et al. 2020): from which step on do two runs end in one basin, whatever the order of the data?',
  );

/** @param training schema of the `training` of an experiment */
export function transferSchema<Training extends z.ZodType>(training: Training) {
  return z
    .strictObject({
      data: dataSchema,
      levels: z
        .array(z.int().min(1).max(200))
        .min(1)
        .max(200)
        .describe('Levels of the iterative series whose tickets are tried.'),
      training: training.optional().describe('How networks train on the second data set; left out: as on the first.'),
    })
    .optional()
    .describe(
      'Tickets trained on a second data set, against its dense network and controls (Morcos et al. 2019); with other classes the output layer is new.',
    );
}
